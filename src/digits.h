#ifndef AWSB_DIGITS_H
#define AWSB_DIGITS_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * Whether at least `size` decimal digits follow each other anywhere in the text; `size` is at least 1.
 * Looks at every size-th byte only, as long as those are no digits: a run cannot hide between them.
 */
bool awsb_has_digit_run(struct awsb_view text, size_t size);

#pragma GCC visibility pop

#endif
