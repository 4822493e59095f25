#include "arn.h"

#include <stddef.h>

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Cuts the next part off, up to a colon. False if no colon follows, or a blank comes first. */
static bool cut_part(struct awsb_view *rest, struct awsb_view *part)
{
    size_t i;

    for (i = 0; i < rest->size && !is_space(rest->data[i]); i++) {
        if (rest->data[i] != ':')
            continue;
        *part = awsb_view(rest->data, i);
        *rest = awsb_view(rest->data + i + 1, rest->size - i - 1);
        return true;
    }
    return false;
}

static bool begins_with(struct awsb_view text, struct awsb_view beginning)
{
    return text.size >= beginning.size &&
           awsb_view_same(awsb_view(text.data, beginning.size), beginning);
}

bool awsb_is_arn(struct awsb_view text, struct awsb_view service, struct awsb_view kind)
{
    struct awsb_view parts[5]; /* arn, partition, service, region, account */
    size_t i;

    for (i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!cut_part(&text, &parts[i]))
            return false;
    if (!awsb_view_same(parts[0], awsb_view_of("arn")) || parts[1].size == 0 || parts[2].size == 0)
        return false;
    if (service.size > 0 && !awsb_view_same(parts[2], service))
        return false;
    return begins_with(text, kind) && text.size > kind.size && !is_space(text.data[kind.size]);
}
