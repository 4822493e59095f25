#include "base64.h"

#include <stddef.h>

static void encode_group(const unsigned char *bytes, size_t count, char out[4])
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = (unsigned)bytes[0] << 16;

    bits |= count > 1 ? (unsigned)bytes[1] << 8 : 0;
    bits |= count > 2 ? (unsigned)bytes[2] : 0;
    out[0] = letters[bits >> 18];
    out[1] = letters[bits >> 12 & 63];
    out[2] = letters[bits >> 6 & 63];
    out[3] = letters[bits & 63];
    if (count < 3)
        out[3] = '=';
    if (count < 2)
        out[2] = '=';
}

void awsb_base64_encode(struct awsb_buf *out, struct awsb_view bytes)
{
    size_t i;

    for (i = 0; i < bytes.size; i += 3) {
        char group[4];

        encode_group((const unsigned char *)bytes.data + i, bytes.size - i, group);
        awsb_buf_add(out, awsb_view(group, sizeof group));
    }
}

/* The six bits that a letter stands for; -1 if it is none. */
static int bits_of(char letter)
{
    if (letter >= 'A' && letter <= 'Z')
        return letter - 'A';
    if (letter >= 'a' && letter <= 'z')
        return letter - 'a' + 26;
    if (letter >= '0' && letter <= '9')
        return letter - '0' + 52;
    return letter == '+' ? 62 : letter == '/' ? 63 : -1;
}

bool awsb_base64_decode(struct awsb_buf *out, struct awsb_view text)
{
    size_t before = out->size, size = text.size, i;
    unsigned bits = 0;

    if (size % 4 != 0)
        return false;
    while (size > 0 && text.size - size < 2 && text.data[size - 1] == '=')
        size--;
    for (i = 0; i < size; i++) {
        int six = bits_of(text.data[i]);

        if (six < 0) {
            awsb_buf_truncate(out, before);
            return false;
        }
        bits = (bits << 6 | (unsigned)six) & 0xFFFFFF;
        if (i % 4 > 0)
            awsb_buf_add_byte(out, (char)(bits >> (6 - i % 4 * 2) & 0xFF));
    }
    return true;
}
