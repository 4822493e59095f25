#ifndef AWSB_PATTERN_H
#define AWSB_PATTERN_H

#include <stdbool.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * The regular expressions of the model that are checked, each by a matcher of its own. One that is
 * not anchored matches anywhere in the text, as in AWS's own SDKs. An expression that is not known
 * here is not checked at all, so that a newer model never refuses what the service would take.
 */

/* The number of the matcher; 0: the expression is not known. */
int awsb_pattern_find(struct awsb_view expression);

bool awsb_pattern_matches(int matcher, struct awsb_view text);

#pragma GCC visibility pop

#endif
