#include "model_text.h"

#include <stdlib.h>
#include <string.h>

#include "mem.h"

struct awsb_view awsb_next_word(struct awsb_view *line)
{
    const char *blank = line->size > 0 ? memchr(line->data, ' ', line->size) : NULL;
    size_t size = blank != NULL ? (size_t)(blank - line->data) : line->size;
    struct awsb_view word = awsb_view(line->data, size);

    if (blank != NULL)
        size++;
    line->data += size;
    line->size -= size;
    return word;
}

static struct awsb_view first_word(struct awsb_view line)
{
    return awsb_next_word(&line);
}

struct awsb_view awsb_cut(struct awsb_view *text, char byte)
{
    const char *place = text->size > 0 ? memchr(text->data, byte, text->size) : NULL;
    struct awsb_view rest = awsb_view(text->data + text->size, 0);

    if (place == NULL)
        return rest;
    rest = awsb_view(place + 1, (size_t)(text->data + text->size - place) - 1);
    text->size = (size_t)(place - text->data);
    return rest;
}

bool awsb_take_prefix(struct awsb_view *text, const char *prefix)
{
    size_t size = strlen(prefix);

    if (text->size < size || memcmp(text->data, prefix, size) != 0)
        return false;
    text->data += size;
    text->size -= size;
    return true;
}

bool awsb_is_word(struct awsb_view text, const char *word)
{
    return awsb_view_same(text, awsb_view_of(word));
}

static struct awsb_view next_line(struct awsb_view *text)
{
    struct awsb_view line = *text;

    *text = awsb_cut(&line, '\n');
    return line;
}

static int compare_lines(const void *a, const void *b)
{
    const struct awsb_view *first = a, *second = b;

    return awsb_view_compare(first_word(*first), first_word(*second));
}

static bool is_sorted(const struct awsb_lines *lines)
{
    size_t i;

    for (i = 1; i < lines->count; i++)
        if (compare_lines(&lines->items[i - 1], &lines->items[i]) >= 0)
            return false;
    return true;
}

bool awsb_lines_split(struct awsb_lines *lines, struct awsb_view text)
{
    struct awsb_view rest = text;
    size_t count = 0;

    while (rest.size > 0)
        count += next_line(&rest).size > 0;
    lines->items = awsb_realloc(NULL, (count + 1) * sizeof *lines->items);
    lines->made = awsb_realloc(NULL, (count + 1) * sizeof *lines->made);
    if (lines->items == NULL || lines->made == NULL)
        return false;
    memset(lines->made, 0, (count + 1) * sizeof *lines->made);
    while (text.size > 0) {
        struct awsb_view line = next_line(&text);

        if (line.size > 0)
            lines->items[lines->count++] = line;
    }
    if (!is_sorted(lines))
        qsort(lines->items, lines->count, sizeof *lines->items, compare_lines);
    return is_sorted(lines);
}

size_t awsb_lines_place(const struct awsb_lines *lines, struct awsb_view name)
{
    size_t low = 0, high = lines->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = awsb_view_compare(first_word(lines->items[middle]), name);

        if (order == 0)
            return middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return lines->count;
}

bool awsb_lines_at(const struct awsb_lines *lines, size_t index, struct awsb_view *line)
{
    if (index >= lines->count)
        return false;
    *line = lines->items[index];
    return true;
}

bool awsb_take_mark(struct awsb_view *word, char mark)
{
    if (word->size == 0 || word->data[word->size - 1] != mark)
        return false;
    word->size--;
    return true;
}

int64_t awsb_number_of(struct awsb_view digits)
{
    char text[24] = {0};

    if (digits.size >= sizeof text)
        return 0;
    memcpy(text, digits.data, digits.size);
    return strtoll(text, NULL, 10);
}

void awsb_lines_free(struct awsb_lines *lines)
{
    awsb_free(lines->items);
    awsb_free(lines->made);
}

int awsb_shown(struct awsb_view text)
{
    return (int)(text.size < 80 ? text.size : 80);
}
