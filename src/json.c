#include "json.h"

#include "text.h"

static bool is_plain(char c)
{
    return !awsb_is_control(c) && c != '"' && c != '\\';
}

size_t awsb_json_plain_size(struct awsb_view text)
{
    size_t size = 0;

    while (size < text.size && is_plain(text.data[size]))
        size++;
    return size;
}

/* What follows the backslash where one letter does, else NUL. */
static char short_escape(char byte)
{
    switch (byte) {
    case '"':
    case '\\':
        return byte;
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\t':
        return 't';
    default:
        return '\0';
    }
}

size_t awsb_json_escape(char byte, char escape[AWSB_JSON_ESCAPE_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char letter = short_escape(byte);

    escape[0] = '\\';
    if (letter != '\0') {
        escape[1] = letter;
        return 2;
    }
    escape[1] = 'u';
    escape[2] = '0';
    escape[3] = '0';
    escape[4] = digits[(unsigned char)byte >> 4];
    escape[5] = digits[(unsigned char)byte & 15];
    return AWSB_JSON_ESCAPE_SIZE;
}

void awsb_json_quote(struct awsb_buf *out, struct awsb_view text)
{
    awsb_buf_reserve(out, text.size + 2); /* most need no escape */
    awsb_buf_add_byte(out, '"');
    for (;;) {
        size_t plain = awsb_json_plain_size(text);
        char escape[AWSB_JSON_ESCAPE_SIZE];

        awsb_buf_add(out, awsb_view(text.data, plain));
        if (plain == text.size)
            break;
        awsb_buf_add(out, awsb_view(escape, awsb_json_escape(text.data[plain], escape)));
        text = awsb_view(text.data + plain + 1, text.size - plain - 1);
    }
    awsb_buf_add_byte(out, '"');
}
