#include "digits.h"

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool awsb_has_digit_run(struct awsb_view text, size_t size)
{
    size_t probe = size - 1;

    while (probe < text.size) {
        size_t start = probe, end = probe + 1;

        if (!is_digit(text.data[probe])) {
            probe += size;
            continue;
        }
        while (start > 0 && is_digit(text.data[start - 1]))
            start--;
        while (end < text.size && end - start < size && is_digit(text.data[end]))
            end++;
        if (end - start >= size)
            return true;
        probe = end + size; /* the byte at `end` is no digit */
    }
    return false;
}
