#include "utf8.h"

#include <stdint.h>
#include <string.h>

#define HIGH_BITS UINT64_C(0x8080808080808080) /* one of each byte, clear in ASCII */

/* How many bytes from `start` on are ASCII: eight at a time, then the rest. */
static size_t ascii_run(struct awsb_view text, size_t start)
{
    size_t end = start;
    uint64_t eight;

    while (text.size - end >= sizeof eight) {
        memcpy(&eight, text.data + end, sizeof eight);
        if (eight & HIGH_BITS)
            break;
        end += sizeof eight;
    }
    while (end < text.size && (unsigned char)text.data[end] < 0x80)
        end++;
    return end - start;
}

/* RFC 3629, 4: what may follow a first byte beyond ASCII. */
static const struct sequence {
    unsigned char first, last; /* first bytes of this kind */
    unsigned char low, high;   /* bounds of the second byte; those of later ones are 80 and BF */
    unsigned char size;
} sequences[] = {
    {0xC2, 0xDF, 0x80, 0xBF, 2},
    {0xE0, 0xE0, 0xA0, 0xBF, 3}, /* below A0: overlong */
    {0xE1, 0xEC, 0x80, 0xBF, 3},
    {0xED, 0xED, 0x80, 0x9F, 3}, /* above 9F: surrogates */
    {0xEE, 0xEF, 0x80, 0xBF, 3},
    {0xF0, 0xF0, 0x90, 0xBF, 4}, /* below 90: overlong */
    {0xF1, 0xF3, 0x80, 0xBF, 4},
    {0xF4, 0xF4, 0x80, 0x8F, 4}, /* above 8F: beyond U+10FFFF */
};

static const struct sequence *find_sequence(unsigned char first)
{
    size_t i;

    for (i = 0; i < sizeof sequences / sizeof sequences[0]; i++)
        if (first >= sequences[i].first && first <= sequences[i].last)
            return &sequences[i];
    return NULL;
}

/* The size of the character that the bytes begin with, which is not ASCII; 0 if it is wrong. */
static size_t character_size(struct awsb_view bytes)
{
    const unsigned char *byte = (const unsigned char *)bytes.data;
    const struct sequence *sequence = find_sequence(byte[0]);
    size_t i;

    if (sequence == NULL || bytes.size < sequence->size)
        return 0;
    if (byte[1] < sequence->low || byte[1] > sequence->high)
        return 0;
    for (i = 2; i < sequence->size; i++)
        if (byte[i] < 0x80 || byte[i] > 0xBF)
            return 0;
    return sequence->size;
}

bool awsb_utf8_length(struct awsb_view text, size_t *count, size_t *position)
{
    size_t at = ascii_run(text, 0);

    *count = at;
    while (at < text.size) {
        size_t size = character_size(awsb_view(text.data + at, text.size - at));
        size_t run;

        if (size == 0) {
            *position = at;
            return false;
        }
        run = ascii_run(text, at + size);
        *count += 1 + run;
        at += size + run;
    }
    return true;
}
