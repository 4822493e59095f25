#include "pattern.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "text.h"

#define ACCOUNT_DIGITS 12

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_lower_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || is_digit(c);
}

/* Letters, digits and the bytes of `more`, so many of them and nothing else. */
static bool is_run(struct awsb_view text, const char *more, size_t min, size_t max)
{
    size_t i;

    if (text.size < min || text.size > max)
        return false;
    for (i = 0; i < text.size; i++)
        if (!awsb_is_alnum(text.data[i]) &&
            (text.data[i] == '\0' || strchr(more, text.data[i]) == NULL))
            return false;
    return true;
}

static bool is_account(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (!is_digit(text.data[i]))
            return false;
    return text.size == ACCOUNT_DIGITS;
}

static bool is_option(struct awsb_view text)
{
    return is_run(text, "-_.", 1, 50);
}

static bool is_vault_name(struct awsb_view text)
{
    return is_run(text, "-_", 2, 50);
}

static bool is_vault_or_all(struct awsb_view text)
{
    return awsb_view_same(text, awsb_view("*", 1)) || is_vault_name(text);
}

static bool is_word_of_200(struct awsb_view text)
{
    return is_run(text, "_", 1, 200);
}

/* What \s stands for. */
static bool has_ink(struct awsb_view text)
{
    size_t i;

    for (i = 0; i < text.size; i++)
        if (text.data[i] != ' ' && !(text.data[i] >= '\t' && text.data[i] <= '\r'))
            return true;
    return false;
}

/* Not anchored in the client's model, but in the service's own. */
static bool is_identifier(struct awsb_view text)
{
    return is_run(text, "_", 1, SIZE_MAX) && !is_digit(text.data[0]) && text.data[0] != '_';
}

/* Takes the bytes of a class off the text; how many. */
static size_t skip(struct awsb_view *text, bool (*is_member)(char c))
{
    size_t size = 0;

    while (size < text->size && is_member(text->data[size]))
        size++;
    text->data += size;
    text->size -= size;
    return size;
}

static bool is_part_byte(char c)
{
    return is_lower_or_digit(c) || c == '-';
}

static bool is_partition_byte(char c)
{
    return (c >= 'a' && c <= 'z') || c == '-';
}

static bool take_byte(struct awsb_view *text, char byte)
{
    if (text->size == 0 || text->data[0] != byte)
        return false;
    text->data++;
    text->size--;
    return true;
}

static bool take_text(struct awsb_view *text, const char *wanted)
{
    for (; *wanted != '\0'; wanted++)
        if (!take_byte(text, *wanted))
            return false;
    return true;
}

/* arn:aws...: and so many parts, each with a colon behind it, and anything but the end of a line. */
static bool is_arn_at(struct awsb_view text, int parts)
{
    if (!take_text(&text, "arn:aws"))
        return false;
    skip(&text, is_partition_byte);
    if (!take_byte(&text, ':'))
        return false;
    for (; parts > 0; parts--)
        if (skip(&text, is_part_byte) == 0 || !take_byte(&text, ':'))
            return false;
    return text.size > 0 && text.data[0] != '\n';
}

/* At any place of the text. */
static bool has_arn(struct awsb_view text, int parts)
{
    for (; text.size > 0; text.data++, text.size--)
        if (is_arn_at(text, parts))
            return true;
    return false;
}

static bool has_service_arn(struct awsb_view text)
{
    return has_arn(text, 1);
}

static bool has_region_arn(struct awsb_view text)
{
    return has_arn(text, 2);
}

/* How the names end that S3 keeps for itself. */
static bool is_reserved(struct awsb_view name)
{
    static const char alias[] = "-s3alias", ext_alias[] = "-ext-s3alias";

    return (name.size >= sizeof alias - 1 &&
            memcmp(name.data + name.size - (sizeof alias - 1), alias, sizeof alias - 1) == 0) ||
           (name.size >= sizeof ext_alias - 1 &&
            memcmp(name.data + name.size - (sizeof ext_alias - 1), ext_alias,
                   sizeof ext_alias - 1) == 0);
}

static bool is_access_point_name_at(struct awsb_view text)
{
    struct awsb_view rest = text;
    size_t run = skip(&rest, is_part_byte), size;

    if (run == 0 || !is_lower_or_digit(text.data[0]))
        return false;
    for (size = 3; size <= run && size <= 50; size++)
        if (is_lower_or_digit(text.data[size - 1]) && !is_reserved(awsb_view(text.data, size)))
            return true;
    return false;
}

static bool has_access_point_name(struct awsb_view text)
{
    for (; text.size > 0; text.data++, text.size--)
        if (is_access_point_name_at(text))
            return true;
    return false;
}

static bool is_access_point_arn_at(struct awsb_view text)
{
    size_t digits;

    if (!take_text(&text, "arn:aws"))
        return false;
    skip(&text, is_partition_byte);
    if (!take_text(&text, ":backup:") || skip(&text, is_part_byte) == 0 || !take_byte(&text, ':'))
        return false;
    digits = skip(&text, is_digit);
    return digits == ACCOUNT_DIGITS && take_text(&text, ":accesspoint/") &&
           is_access_point_name_at(text);
}

static bool has_access_point_arn(struct awsb_view text)
{
    for (; text.size > 0; text.data++, text.size--)
        if (is_access_point_arn_at(text))
            return true;
    return false;
}

#define ACCESS_POINT_NAME "[\\da-z]{1}[\\da-z-]{1,48}[\\da-z]{1}(?<!-s3alias)(?<!-ext-s3alias)"

static const struct {
    const char *expression;
    bool (*matches)(struct awsb_view text);
} patterns[] = {
    {"^[0-9]{12}$", is_account},
    {"^[a-zA-Z0-9\\-\\_\\.]{1,50}$", is_option},
    {"^[a-zA-Z0-9\\-\\_]{2,50}$", is_vault_name},
    {"^(\\*|[a-zA-Z0-9\\-\\_]{2,50})$", is_vault_or_all},
    {"^[a-zA-Z0-9_]{1,200}$", is_word_of_200},
    {".*\\S.*", has_ink},
    {"[a-zA-Z][_a-zA-Z0-9]*", is_identifier},
    {"(arn:aws[a-z-]*:[a-z-\\d]+:).+", has_service_arn},
    {"(arn:aws[a-z-]*:[a-z-\\d]+:[a-z-\\d]+:).+", has_region_arn},
    {ACCESS_POINT_NAME, has_access_point_name},
    {"(arn:aws[a-z-]*:backup:[a-z-\\d]+:\\d{12}:accesspoint/)" ACCESS_POINT_NAME,
     has_access_point_arn},
};

int awsb_pattern_find(struct awsb_view expression)
{
    size_t i;

    for (i = 0; expression.size > 0 && i < sizeof patterns / sizeof patterns[0]; i++)
        if (awsb_view_same(expression, awsb_view_of(patterns[i].expression)))
            return (int)i + 1;
    return 0;
}

bool awsb_pattern_matches(int matcher, struct awsb_view text)
{
    return matcher == 0 || patterns[matcher - 1].matches(text);
}
