#ifndef AWSB_DECIMAL_H
#define AWSB_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "view.h"

#pragma GCC visibility push(hidden)

#define AWSB_DECIMAL_SIZE 40

/* Writes a finite number with the fewest digits, 15 to 17, that read back as the same one, with a dot
 * whatever the locale says; returns the size. */
size_t awsb_decimal_write(double number, char text[AWSB_DECIMAL_SIZE]);

/* Reads a decimal number, with a dot whatever the locale says: -1.5e+3. What is too large is infinite. */
bool awsb_decimal_read(struct awsb_view text, double *number);

enum awsb_integer {
    AWSB_INTEGER_READ,
    AWSB_INTEGER_SYNTAX,   /* no decimal number at all */
    AWSB_INTEGER_FRACTION, /* a number, but no integer */
    AWSB_INTEGER_RANGE     /* 64 bits do not hold it */
};

/* Reads such a number as an integer, exactly: 12, 12.0 and 1.2e1 are one. */
enum awsb_integer awsb_integer_read(struct awsb_view text, int64_t *number);

#pragma GCC visibility pop

#endif
