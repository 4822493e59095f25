#include "http_lines.h"

#include <string.h>

#include "text.h"

void awsb_lines_add(struct awsb_buf *lines, struct awsb_view name, struct awsb_view value)
{
    const char *between = value.size > 0 ? ": " : ";";
    size_t gap = strlen(between);
    char *line = awsb_buf_extend(lines, name.size + gap + value.size + 1);

    if (line == NULL)
        return;
    memcpy(line, name.data, name.size);
    memcpy(line + name.size, between, gap);
    memcpy(line + name.size + gap, value.data, value.size);
    line[name.size + gap + value.size] = '\0';
}

static const struct own_line {
    struct awsb_view name;
    struct awsb_view line; /* with the NUL */
} own_lines[] = {
    {{"expect", 6}, {"Expect:", sizeof "Expect:"}},
    {{"accept", 6}, {"Accept:", sizeof "Accept:"}},
    {{"content-type", 12}, {"Content-Type:", sizeof "Content-Type:"}},
};

#define OWN_LINES (sizeof own_lines / sizeof own_lines[0])

static void note_given(struct awsb_view line, bool given[OWN_LINES])
{
    size_t i;

    for (i = 0; i < OWN_LINES; i++) {
        struct awsb_view name = own_lines[i].name;

        if (line.size > name.size && (line.data[name.size] == ':' || line.data[name.size] == ';') &&
            awsb_same_ignoring_case(awsb_view(line.data, name.size), name))
            given[i] = true;
    }
}

bool awsb_lines_complete(struct awsb_buf *lines)
{
    bool given[OWN_LINES] = {false};
    size_t position = 0, i;
    const char *line;

    while ((line = awsb_lines_next(lines, &position)) != NULL)
        note_given(awsb_view_of(line), given);
    for (i = 0; i < OWN_LINES; i++)
        if (!given[i])
            awsb_buf_add(lines, own_lines[i].line);
    return lines->err == AWSB_OK;
}

char *awsb_lines_next(const struct awsb_buf *lines, size_t *position)
{
    char *line;

    if (*position == lines->size)
        return NULL;
    line = lines->data + *position;
    *position += strlen(line) + 1;
    return line;
}
