/* Loaded before a program, makes it run on a kernel that can't empty memory in a child. */
#include <errno.h>
#include <stddef.h>

int madvise(void *address, size_t size, int advice);

int madvise(void *address, size_t size, int advice)
{
    (void)address;
    (void)size;
    (void)advice;
    errno = EINVAL;
    return -1;
}
