#include "decimal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_of_number(char c)
{
    return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == 'e';
}

/* The locale's decimal point, of however many bytes, becomes a dot. */
static size_t put_dot(char *text)
{
    size_t size = 0, i;

    for (i = 0; text[i] != '\0'; i++)
        if (is_of_number(text[i]))
            text[size++] = text[i];
        else if (size == 0 || text[size - 1] != '.')
            text[size++] = '.';
    return size;
}

size_t awsb_decimal_write(double number, char text[AWSB_DECIMAL_SIZE])
{
    int precision;

    for (precision = 15; precision <= 17; precision++) {
        snprintf(text, AWSB_DECIMAL_SIZE, "%.*g", precision, number);
        if (strtod(text, NULL) == number) /* by the same locale */
            break;
    }
    return put_dot(text);
}
