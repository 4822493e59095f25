#include "head.h"

#include <string.h>

#include "text.h"

#define USUAL_BYTES 512

void awsb_head_init(struct awsb_head *head, size_t max_bytes)
{
    memset(head, 0, sizeof *head);
    awsb_buf_init(&head->text, max_bytes);
}

void awsb_head_reset(struct awsb_head *head)
{
    awsb_buf_reset(&head->text);
    head->count = 0;
}

void awsb_head_clear(struct awsb_head *head)
{
    awsb_buf_clear(&head->text);
    head->count = 0;
}

struct awsb_view awsb_head_line(struct awsb_view line)
{
    if (line.size > 0 && line.data[line.size - 1] == '\n')
        line.size--;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

/* RFC 9112, 5.2: a line that begins with a blank continues the value before it. */
static enum awsb_err add_continuation(struct awsb_head *head, struct awsb_view line)
{
    if (head->count == 0 || !awsb_is_one_line(line))
        return AWSB_REFUSED;
    awsb_buf_truncate(&head->text, head->text.size - 1);
    awsb_buf_add_byte(&head->text, ' ');
    awsb_buf_add(&head->text, awsb_trim(line));
    awsb_buf_add_byte(&head->text, '\n');
    return head->text.err;
}

bool awsb_head_split(struct awsb_view line, struct awsb_view *name, struct awsb_view *value)
{
    const char *colon = line.size > 0 ? memchr(line.data, ':', line.size) : NULL;

    if (colon == NULL)
        return false;
    *name = awsb_view(line.data, (size_t)(colon - line.data));
    *value = awsb_trim(awsb_view(colon + 1, line.size - name->size - 1));
    return awsb_is_token(*name) && awsb_is_one_line(*value);
}

static enum awsb_err add_header(struct awsb_head *head, struct awsb_view line)
{
    struct awsb_view name, value;

    if (!awsb_head_split(line, &name, &value))
        return AWSB_REFUSED;
    if (head->text.size == 0)
        awsb_buf_reserve(&head->text,
                         head->text.max_size < USUAL_BYTES ? head->text.max_size : USUAL_BYTES);
    awsb_buf_add_lower(&head->text, name);
    awsb_buf_add_byte(&head->text, ':');
    awsb_buf_add(&head->text, value);
    awsb_buf_add_byte(&head->text, '\n');
    head->count++;
    return head->text.err;
}

enum awsb_err awsb_head_add_line(struct awsb_head *head, struct awsb_view line)
{
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
