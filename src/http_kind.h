#ifndef AWSB_HTTP_KIND_H
#define AWSB_HTTP_KIND_H

#pragma GCC visibility push(hidden)

/* What came of a request, or comes of it still: one enum from the socket to Lua. */
enum awsb_http_kind {
    AWSB_HTTP_OK,
    AWSB_HTTP_RUNNING,
    AWSB_HTTP_DNS,
    AWSB_HTTP_CONNECT,
    AWSB_HTTP_CONNECT_TIMEOUT,
    AWSB_HTTP_READ_TIMEOUT,
    AWSB_HTTP_TIMEOUT,
    AWSB_HTTP_TLS,
    AWSB_HTTP_PROXY,
    AWSB_HTTP_RESET,
    AWSB_HTTP_TOO_LARGE,
    AWSB_HTTP_PROTOCOL,
    AWSB_HTTP_MEMORY,
    AWSB_HTTP_CANCELLED,
    AWSB_HTTP_CLOSED,
    AWSB_HTTP_URL
};

/* "dns", "connect" ...; static. */
const char *awsb_http_kind_name(enum awsb_http_kind kind);

#pragma GCC visibility pop

#endif
