#ifndef AWSB_HTTP_INTERNAL_H
#define AWSB_HTTP_INTERNAL_H

#include <curl/curl.h>

#include "buf.h"
#include "err.h"
#include "head.h"
#include "http.h"
#include "watch.h"

#pragma GCC visibility push(hidden)

/*
 * What http.c (the engine: multi handle, sockets, deadlines, ownership) and http_easy.c (one
 * transfer: options, callbacks, what a CURLcode means) share. The two are the only files that see
 * libcurl.
 */

#define AWSB_HTTP_MESSAGE_SIZE 512
#define AWSB_HTTP_NAME_SIZE 256 /* of a host or a file in a message; longer ones are cut */

enum awsb_transfer_state {
    AWSB_TRANSFER_NEW,
    AWSB_TRANSFER_QUEUED, /* waits until one of max_connections is free */
    AWSB_TRANSFER_ACTIVE, /* in the multi handle */
    AWSB_TRANSFER_DONE
};

struct awsb_engine {
    CURLM *multi; /* NULL once closed */
    size_t holds; /* the caller's, and one of each transfer */
    long process_id;
    size_t max_connections;
    size_t active;
    size_t unfinished;           /* active and queued */
    struct awsb_transfer *first; /* of the unfinished, in order of start */
    struct awsb_transfer *last;
    struct awsb_watches watches;
    int64_t timer_ms; /* when libcurl wants to be called anyway; -1: never */
    bool out_of_memory; /* noticed in a callback */
};

struct awsb_transfer {
    struct awsb_engine *engine;
    struct awsb_transfer *next;
    struct awsb_transfer *previous;
    enum awsb_transfer_state state;
    enum awsb_http_kind kind;
    char message[AWSB_HTTP_MESSAGE_SIZE];

    CURL *easy;
    struct curl_slist *headers;
    bool has_accept;
    bool has_content_type;
    struct awsb_buf content_length; /* what the caller said, to be compared with the body */
    struct awsb_buf body;
    struct awsb_buf scratch; /* for texts that libcurl wants with a NUL */
    char curl_message[CURL_ERROR_SIZE];
    char host[AWSB_HTTP_NAME_SIZE];
    char proxy_host[AWSB_HTTP_NAME_SIZE]; /* empty: no proxy */
    char ca_bundle[AWSB_HTTP_NAME_SIZE];  /* empty: the system's */

    int64_t connect_timeout_ms;
    int64_t read_timeout_ms;
    int64_t timeout_ms;
    int64_t start_ms;  /* handed to the engine */
    int64_t begin_ms;  /* handed to libcurl */
    int64_t stir_ms;   /* last sign of life, once connected */
    bool stirred;      /* a sign of life since the last look */
    bool connected;

    struct awsb_head head;
    struct awsb_buf answer;
    enum awsb_err head_err; /* why a callback stopped the transfer */
    enum awsb_err answer_err;
    long status;
};

/* Ends a transfer that libcurl does not know, or no longer: kind and sentence. Always false. */
AWSB_PRINTF_LIKE(3, 4)
bool awsb_transfer_fail(struct awsb_transfer *transfer, enum awsb_http_kind kind,
                        const char *format, ...);

/* Makes the easy handle for the request; false: the transfer has failed. */
bool awsb_easy_prepare(struct awsb_transfer *transfer, const struct awsb_http_request *request);

/* Sets kind, message and status from what libcurl said, while the easy handle is still there. */
void awsb_easy_conclude(struct awsb_transfer *transfer, CURLcode code);

/* Whether the connection is made, TLS included. */
bool awsb_easy_is_connected(struct awsb_transfer *transfer);

/* Frees the easy handle, which must be out of the multi handle, and wipes the request. */
void awsb_easy_release(struct awsb_transfer *transfer);

/* Wipes and frees the request alone. */
void awsb_easy_wipe_request(struct awsb_transfer *transfer);

#pragma GCC visibility pop

#endif
