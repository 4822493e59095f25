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

/* ---- reading ---- */

#define KEPT_DIGITS 40 /* far more than a double tells apart */
#define MAX_EXPONENT 100000

/* A number taken apart: its digits without leading zeros, as an integer, times a power of ten. */
struct parts {
    char digits[KEPT_DIGITS];
    int count;     /* of digits kept */
    bool cut;      /* there were more, and not all of them zero */
    bool negative;
    long exponent; /* of the last digit kept */
};

static bool at_digit(struct awsb_view text)
{
    return text.size > 0 && text.data[0] >= '0' && text.data[0] <= '9';
}

static bool take(struct awsb_view *text, char byte)
{
    if (text->size == 0 || text->data[0] != byte)
        return false;
    *text = awsb_view(text->data + 1, text->size - 1);
    return true;
}

/* `step` is what one more digit does to the exponent. */
static void add_digit(struct parts *parts, char digit, int step)
{
    if (parts->count == 0 && digit == '0') {
        parts->exponent += step;
    } else if (parts->count < KEPT_DIGITS) {
        parts->digits[parts->count++] = digit;
        parts->exponent += step;
    } else {
        parts->cut = parts->cut || digit != '0';
        parts->exponent += step + 1;
    }
}

static bool take_digits(struct awsb_view *text, struct parts *parts, int step)
{
    if (!at_digit(*text))
        return false;
    for (; at_digit(*text); *text = awsb_view(text->data + 1, text->size - 1))
        add_digit(parts, text->data[0], step);
    return true;
}

static bool take_exponent(struct awsb_view *text, long *exponent)
{
    bool negative = false;
    long value = 0;

    if (!take(text, 'e') && !take(text, 'E'))
        return true;
    if (!take(text, '+'))
        negative = take(text, '-');
    if (!at_digit(*text))
        return false;
    for (; at_digit(*text); *text = awsb_view(text->data + 1, text->size - 1))
        if (value < MAX_EXPONENT)
            value = value * 10 + (text->data[0] - '0');
    *exponent += negative ? -value : value;
    return true;
}

static bool take_apart(struct awsb_view text, struct parts *parts)
{
    parts->count = 0;
    parts->cut = false;
    parts->exponent = 0;
    parts->negative = take(&text, '-');
    if (!take_digits(&text, parts, 0))
        return false;
    if (take(&text, '.') && at_digit(text))
        take_digits(&text, parts, -1);
    if (!take_exponent(&text, &parts->exponent) || text.size > 0)
        return false;
    for (; parts->count > 0 && parts->digits[parts->count - 1] == '0'; parts->count--)
        parts->exponent++;
    return true;
}

/* Digits and power of ten that doubles hold both exactly: then one operation rounds once. */
static bool read_short(const struct parts *parts, double *number)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    int64_t digits = 0;
    int i;

    if (parts->count > 15 || parts->exponent < -22 || parts->exponent > 22)
        return false;
    for (i = 0; i < parts->count; i++)
        digits = digits * 10 + (parts->digits[i] - '0');
    *number = parts->exponent < 0 ? (double)digits / powers[-parts->exponent]
                                  : (double)digits * powers[parts->exponent];
    if (parts->negative)
        *number = -*number;
    return true;
}

bool awsb_decimal_read(struct awsb_view text, double *number)
{
    char plain[KEPT_DIGITS + 40];
    struct parts parts;

    if (!take_apart(text, &parts))
        return false;
    if (read_short(&parts, number))
        return true;
    /* Without a point no locale has a say in it. */
    snprintf(plain, sizeof plain, "%s%.*se%ld", parts.negative ? "-" : "", parts.count,
             parts.digits, parts.exponent);
    *number = parts.count > 0 ? strtod(plain, NULL) : 0.0;
    return true;
}

enum awsb_integer awsb_integer_read(struct awsb_view text, int64_t *number)
{
    const uint64_t limit = (uint64_t)INT64_MAX;
    struct parts parts;
    uint64_t value = 0;
    int i;

    if (!take_apart(text, &parts))
        return AWSB_INTEGER_SYNTAX;
    *number = 0;
    if (parts.count == 0)
        return AWSB_INTEGER_READ;
    if (parts.exponent < 0 || parts.cut)
        return parts.exponent < 0 ? AWSB_INTEGER_FRACTION : AWSB_INTEGER_RANGE;
    if (parts.count + parts.exponent > 19)
        return AWSB_INTEGER_RANGE;
    for (i = 0; i < parts.count + (int)parts.exponent; i++)
        value = value * 10 + (i < parts.count ? (uint64_t)(parts.digits[i] - '0') : 0);
    if (value > limit + parts.negative)
        return AWSB_INTEGER_RANGE;
    *number = value > limit ? INT64_MIN : parts.negative ? -(int64_t)value : (int64_t)value;
    return AWSB_INTEGER_READ;
}
