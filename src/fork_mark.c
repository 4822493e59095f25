#define _DEFAULT_SOURCE /* madvise; POSIX has another one */

#include "fork_mark.h"

#include <stddef.h>

#include <sys/mman.h>

#include "process.h"

#define PAGE_BYTES 1 /* the kernel rounds up */

#if defined(MADV_WIPEONFORK) && defined(MAP_ANONYMOUS)

/* NULL if the kernel is too old, or has none to spare. */
static unsigned char *new_page(void)
{
    void *page = mmap(NULL, PAGE_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (page == MAP_FAILED)
        return NULL;
    if (madvise(page, PAGE_BYTES, MADV_WIPEONFORK) == 0)
        return page;
    (void)munmap(page, PAGE_BYTES);
    return NULL;
}

#else

static unsigned char *new_page(void)
{
    return NULL;
}

#endif

void awsb_fork_mark_set(struct awsb_fork_mark *mark)
{
    mark->process_id = awsb_process_id();
    mark->page = new_page();
    if (mark->page != NULL)
        *mark->page = 1;
}

bool awsb_fork_mark_is_mine(const struct awsb_fork_mark *mark)
{
    return mark->page != NULL ? *mark->page == 1 : mark->process_id == awsb_process_id();
}

void awsb_fork_mark_clear(struct awsb_fork_mark *mark)
{
    if (mark->page != NULL)
        (void)munmap(mark->page, PAGE_BYTES);
    mark->page = NULL;
}
