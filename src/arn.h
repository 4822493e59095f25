#ifndef AWSB_ARN_H
#define AWSB_ARN_H

#include <stdbool.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * Whether the text is an Amazon Resource Name, arn:partition:service:region:account:resource. Region
 * and account may be empty; only the resource may hold colons and, but at its beginning, blanks.
 *
 * service  what it must be; empty: anything
 * kind     what the resource must begin with, before its name; empty: nothing
 */
bool awsb_is_arn(struct awsb_view text, struct awsb_view service, struct awsb_view kind);

#pragma GCC visibility pop

#endif
