#include "http_terms.h"

#include <string.h>

static bool same_text(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

bool awsb_terms_same(const struct awsb_exchange_terms *a, const struct awsb_exchange_terms *b)
{
    return a->max_response_bytes == b->max_response_bytes && a->keeps_alive == b->keeps_alive &&
           a->verifies_tls == b->verifies_tls && a->sends_length == b->sends_length &&
           a->expects_no_body == b->expects_no_body && a->proxy_port == b->proxy_port &&
           a->proxy_has_tls == b->proxy_has_tls && same_text(a->proxy, b->proxy) &&
           same_text(a->proxy_user_info, b->proxy_user_info) && same_text(a->ca_file, b->ca_file) && same_text(a->ca_directory, b->ca_directory);
}

static size_t text_size(const char *text)
{
    return text != NULL ? strlen(text) + 1 : 0;
}

/* The room is reserved, so that nothing moves. */
static const char *copy_text(struct awsb_buf *texts, const char *text)
{
    size_t start = texts->size;

    if (text == NULL)
        return NULL;
    awsb_buf_add(texts, awsb_view(text, text_size(text)));
    return texts->data + start;
}

bool awsb_terms_copy(struct awsb_exchange_terms *copy, struct awsb_buf *texts,
                     const struct awsb_exchange_terms *terms)
{
    awsb_buf_reserve(texts, text_size(terms->proxy) + text_size(terms->proxy_user_info) +
                                text_size(terms->ca_file) + text_size(terms->ca_directory));
    if (texts->err != AWSB_OK)
        return false;
    *copy = *terms;
    copy->proxy = copy_text(texts, terms->proxy);
    copy->proxy_user_info = copy_text(texts, terms->proxy_user_info);
    copy->ca_file = copy_text(texts, terms->ca_file);
    copy->ca_directory = copy_text(texts, terms->ca_directory);
    return true;
}
