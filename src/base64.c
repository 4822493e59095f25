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
