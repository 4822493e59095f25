#ifndef AWSB_MOMENT_H
#define AWSB_MOMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "view.h"

#pragma GCC visibility push(hidden)

/*
 * Points in time and their texts, by arithmetic alone: no locale, no time zone, no C library. A time
 * is seconds since 1970-01-01T00:00:00Z, kept to the millisecond.
 */

/* The first and the last that ISO 8601 can write with four digits of year. */
#define AWSB_MOMENT_MIN (-62135596800.0)
#define AWSB_MOMENT_MAX 253402300799.999

#define AWSB_MOMENT_SIZE 40 /* of a text */

/* Reads an ISO 8601 date or date and time. Without a zone it is UTC; a date alone is its first second. */
bool awsb_moment_parse(struct awsb_view text, double *seconds);

/* Reads a date of RFC 1123, RFC 822 (two digits of year) or RFC 850, or of C's asctime. */
bool awsb_moment_parse_http(struct awsb_view text, double *seconds);

/* To the nearest millisecond, for times of the range above. */
double awsb_moment_round(double seconds);

/* Write a time of the range above; return the size. ISO 8601 in UTC, with milliseconds if there are any;
 * as HTTP headers have it, in whole seconds; as a number with up to three decimals. */
size_t awsb_moment_iso8601(double seconds, char text[AWSB_MOMENT_SIZE]);
size_t awsb_moment_http(double seconds, char text[AWSB_MOMENT_SIZE]);
size_t awsb_moment_number(double seconds, char text[AWSB_MOMENT_SIZE]);

#pragma GCC visibility pop

#endif
