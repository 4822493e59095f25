#ifndef AWSB_UTF8_H
#define AWSB_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing beyond U+10FFFF.
 *
 * Counts the characters of the text. False if it is no UTF-8: then `position` is how many bytes
 * come before the first sequence that is wrong.
 */
bool awsb_utf8_length(struct awsb_view text, size_t *count, size_t *position);

#pragma GCC visibility pop

#endif
