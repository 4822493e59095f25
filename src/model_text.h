#ifndef AWSB_MODEL_TEXT_H
#define AWSB_MODEL_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/* The texts of a model: lines of words with one blank between them. */

struct awsb_lines {
    struct awsb_view *items;
    void **made;  /* what was made of each line; NULL: nothing yet */
    size_t count;
};

/* Sorts them by their first words. False without memory, or if two begin alike. */
bool awsb_lines_split(struct awsb_lines *lines, struct awsb_view text);
void awsb_lines_free(struct awsb_lines *lines);

/* The place of the line with that first word, or the count of all lines. */
size_t awsb_lines_place(const struct awsb_lines *lines, struct awsb_view name);
bool awsb_lines_at(const struct awsb_lines *lines, size_t index, struct awsb_view *line);

/* Takes the next word off a line; empty at its end. */
struct awsb_view awsb_next_word(struct awsb_view *line);

/* Cuts a text at the first such byte, and returns what follows it: empty if there is none. */
struct awsb_view awsb_cut(struct awsb_view *text, char byte);

/* Whether the text begins or ends so; then that is taken off. */
bool awsb_take_prefix(struct awsb_view *text, const char *prefix);
bool awsb_take_mark(struct awsb_view *word, char mark);

bool awsb_is_word(struct awsb_view text, const char *word);
int64_t awsb_number_of(struct awsb_view digits);

/* How much of a name a message shows, for "%.*s". */
int awsb_shown(struct awsb_view text);

#pragma GCC visibility pop

#endif
