#ifndef AWSB_HTTP_EASY_H
#define AWSB_HTTP_EASY_H

#include <curl/curl.h>

#include "http_exchange.h"

#pragma GCC visibility push(hidden)

/*
 * What http.c and http_easy.c share: an exchange as an easy handle of libcurl.
 */

/* The easy handle stays set up for its terms; what differs is set for each exchange. */
struct awsb_exchange {
    CURL *easy;
    struct awsb_pool *pool;
    struct awsb_exchange *next; /* if it is idle */
    struct awsb_exchange_terms terms;
    struct awsb_buf texts;    /* of the terms */
    struct curl_slist *lines; /* an array: the header lines of the request, in place */
    size_t line_capacity;
    struct awsb_answer *answer; /* NULL if it is idle */
    bool ended_well;
    char said[CURL_ERROR_SIZE];
};

/* Set up for these terms, with no request yet; NULL without memory, or if libcurl was built without
 * what they need. */
struct awsb_exchange *awsb_easy_new(struct awsb_pool *pool,
                                    const struct awsb_exchange_terms *terms);
void awsb_easy_free(struct awsb_exchange *exchange);

bool awsb_easy_has_terms(const struct awsb_exchange *exchange,
                         const struct awsb_exchange_terms *terms);

/* Each false without memory. After unset nothing of a request is found, or looked for, where it
 * was. */
bool awsb_easy_set_request(struct awsb_exchange *exchange, const struct awsb_exchange_plan *plan);
bool awsb_easy_unset_request(struct awsb_exchange *exchange);

#pragma GCC visibility pop

#endif
