#ifndef AWSB_DECIMAL_H
#define AWSB_DECIMAL_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

#define AWSB_DECIMAL_SIZE 40

/* Writes a finite number with the fewest digits, 15 to 17, that read back as the same one, with a dot
 * whatever the locale says; returns the size. */
size_t awsb_decimal_write(double number, char text[AWSB_DECIMAL_SIZE]);

#pragma GCC visibility pop

#endif
