#include "head.h"

#include <string.h>

#include "text.h"

#define USUAL_BYTES 512

void awsb_head_init(struct awsb_head *head, size_t max_bytes)
{
    memset(head, 0, sizeof *head);
    awsb_buf_init(&head->text, max_bytes);
    head->max_bytes = max_bytes;
}

void awsb_head_clear(struct awsb_head *head)
{
    awsb_buf_clear(&head->text);
}

struct awsb_view awsb_head_line(struct awsb_view line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

static bool is_status_line(struct awsb_view line)
{
    return line.size >= 5 && memcmp(line.data, "HTTP/", 5) == 0;
}

/* RFC 9112, 5.2: a line that begins with a blank continues the value before it. */
static enum awsb_err add_continuation(struct awsb_head *head, struct awsb_view line)
{
    if (head->text.size == 0)
        return AWSB_REFUSED;
    awsb_buf_truncate(&head->text, head->text.size - 1);
    awsb_buf_add_byte(&head->text, ' ');
    awsb_buf_add(&head->text, awsb_trim(line));
    awsb_buf_add_byte(&head->text, '\n');
    return head->text.err;
}

bool awsb_head_split(struct awsb_view line, struct awsb_view *name, struct awsb_view *value)
{
    const char *colon = memchr(line.data, ':', line.size);

    if (colon == NULL)
        return false;
    *name = awsb_view(line.data, (size_t)(colon - line.data));
    *value = awsb_trim(awsb_view(colon + 1, line.size - name->size - 1));
    return awsb_is_token(*name) && !awsb_view_has(*value, '\0');
}

static enum awsb_err add_header(struct awsb_head *head, struct awsb_view line)
{
    struct awsb_view name, value;

    if (!awsb_head_split(line, &name, &value))
        return AWSB_REFUSED;
    awsb_buf_add_lower(&head->text, name);
    awsb_buf_add_byte(&head->text, ':');
    awsb_buf_add(&head->text, value);
    awsb_buf_add_byte(&head->text, '\n');
    head->count++;
    return head->text.err;
}

/* A new head replaces what was there. */
static enum awsb_err begin(struct awsb_head *head)
{
    head->open = true;
    head->count = 0;
    awsb_buf_reset(&head->text);
    awsb_buf_reserve(&head->text, head->max_bytes < USUAL_BYTES ? head->max_bytes : USUAL_BYTES);
    return head->text.err;
}

enum awsb_err awsb_head_add_line(struct awsb_head *head, struct awsb_view line)
{
    if (line.size > head->max_bytes - head->received)
        return AWSB_TOO_LARGE;
    head->received += line.size;
    line = awsb_head_line(line);
    if (!head->open)
        return is_status_line(line) ? begin(head) : AWSB_OK; /* otherwise a trailer */
    if (line.size == 0) {
        head->open = false;
        return AWSB_OK;
    }
    return awsb_is_blank(line.data[0]) ? add_continuation(head, line) : add_header(head, line);
}

bool awsb_head_next(const struct awsb_head *head, size_t *position, struct awsb_view *name,
                    struct awsb_view *value)
{
    size_t left = head->text.size - *position;
    const char *start, *colon, *end;

    if (left == 0)
        return false;
    start = head->text.data + *position;
    colon = memchr(start, ':', left);
    end = memchr(start, '\n', left);
    if (colon == NULL || end == NULL)
        return false;
    *name = awsb_view(start, (size_t)(colon - start));
    *value = awsb_view(colon + 1, (size_t)(end - colon) - 1);
    *position += (size_t)(end - start) + 1;
    return true;
}
