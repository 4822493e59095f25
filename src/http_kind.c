#include "http_kind.h"

static const char *const names[] = {
    "ok",      "running",   "dns",    "connect", "connect_timeout", "read_timeout",
    "timeout", "tls",       "proxy",  "reset",   "too_large",       "protocol",
    "memory",  "cancelled", "closed", "url",
};

const char *awsb_http_kind_name(enum awsb_http_kind kind)
{
    return names[kind];
}
