#include "http_message.h"

#include <stdio.h>
#include <string.h>

#include "http_lines.h"
#include "text.h"

static const char *const fault_names[] = {
    "none",         "method",         "head_body",     "url",       "url_user", "url_host",
    "header_name",  "header_value",   "header_framing", "header_length", "no_memory",
};

const char *awsb_message_fault_name(enum awsb_message_fault fault)
{
    return fault_names[fault];
}

void awsb_message_init(struct awsb_message *message, enum awsb_message_form form,
                       struct awsb_buf *out)
{
    memset(message, 0, sizeof *message);
    message->out = out;
    message->form = form;
}

static bool refuse(struct awsb_message *message, enum awsb_message_fault fault)
{
    message->fault = fault;
    return false;
}

static bool check_written(struct awsb_message *message)
{
    return message->out->err == AWSB_OK || refuse(message, AWSB_MESSAGE_FOUND_NO_MEMORY);
}

static bool is_named(struct awsb_view name, const char *lower)
{
    return awsb_same_ignoring_case(name, awsb_view_of(lower));
}

/* URLs. */

static bool has_url_bytes_alone(struct awsb_view url)
{
    size_t i;

    for (i = 0; i < url.size; i++) {
        unsigned char byte = (unsigned char)url.data[i];

        if (byte <= 0x20 || byte >= 0x7f || byte == '#')
            return false;
    }
    return true;
}

static bool begins_with(struct awsb_view text, const char *prefix)
{
    size_t size = strlen(prefix);

    return text.size >= size && is_named(awsb_view(text.data, size), prefix);
}

bool awsb_is_https(struct awsb_view url)
{
    return begins_with(url, "https://");
}

bool awsb_message_check_url(struct awsb_message *message, struct awsb_view url,
                            struct awsb_view *origin)
{
    size_t start = awsb_is_https(url) ? strlen("https://") : strlen("http://");
    size_t end = start;

    if (message->fault != AWSB_MESSAGE_FINE)
        return false;
    if (!has_url_bytes_alone(url) || !(begins_with(url, "http://") || awsb_is_https(url)))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_URL);
    while (end < url.size && url.data[end] != '/' && url.data[end] != '?')
        end++;
    if (awsb_view_has(awsb_view(url.data + start, end - start), '@'))
        return refuse(message, AWSB_MESSAGE_HAS_USER_IN_URL);
    if (end == start)
        return refuse(message, AWSB_MESSAGE_HAS_NO_HOST_IN_URL);
    *origin = awsb_view(url.data, end);
    return true;
}

/* Headers. */

static bool check_header(struct awsb_message *message, struct awsb_view name,
                         struct awsb_view value)
{
    if (!awsb_is_token(name))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_HEADER_NAME);
    if (!awsb_is_one_line(value))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_HEADER_VALUE);
    if (is_named(name, "transfer-encoding") || is_named(name, "expect"))
        return refuse(message, AWSB_MESSAGE_HAS_FRAMING_HEADER);
    return true;
}

static void add_line(struct awsb_buf *out, struct awsb_view name, struct awsb_view value)
{
    awsb_buf_add(out, name);
    awsb_buf_add_text(out, ": ");
    awsb_buf_add(out, value);
    awsb_buf_add_text(out, "\r\n");
}

bool awsb_message_add_header(struct awsb_message *message, struct awsb_view name,
                             struct awsb_view value)
{
    bool is_for_socket = message->form == AWSB_MESSAGE_FOR_SOCKET;

    if (message->fault != AWSB_MESSAGE_FINE || !check_header(message, name, value))
        return false;
    if (is_named(name, "content-length")) {
        message->has_length = true;
        awsb_copy_cut(message->length, AWSB_MESSAGE_LENGTH_SIZE, awsb_trim(value));
    } else if (!is_for_socket) {
        awsb_lines_add(message->out, name, awsb_trim(value));
    } else if (!is_named(name, "host")) {
        add_line(message->out, name, value);
    }
    return check_written(message);
}

/* Method and body. */

bool awsb_message_tells_length(struct awsb_view method, size_t body_size)
{
    return body_size > 0 || awsb_view_same(method, awsb_view_of("POST")) ||
           awsb_view_same(method, awsb_view_of("PUT")) ||
           awsb_view_same(method, awsb_view_of("PATCH"));
}

bool awsb_message_check_body(struct awsb_message *message, struct awsb_view method,
                             size_t body_size)
{
    char length[AWSB_MESSAGE_LENGTH_SIZE];

    if (message->fault != AWSB_MESSAGE_FINE)
        return false;
    if (!awsb_is_token(method))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_METHOD);
    if (body_size > 0 && awsb_view_same(method, awsb_view_of("HEAD")))
        return refuse(message, AWSB_MESSAGE_HAS_BODY_FOR_HEAD);
    if (!message->has_length)
        return true;
    snprintf(length, sizeof length, "%zu", body_size);
    return strcmp(length, message->length) == 0 || refuse(message, AWSB_MESSAGE_HAS_OTHER_LENGTH);
}

/* The head for a socket. */

bool awsb_message_begin_head(struct awsb_message *message, struct awsb_view method,
                             struct awsb_view target, struct awsb_view host)
{
    if (!awsb_is_token(method))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_METHOD);
    if (target.size == 0 || !has_url_bytes_alone(target))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_URL);
    if (!awsb_is_one_line(host))
        return refuse(message, AWSB_MESSAGE_HAS_BAD_HEADER_VALUE);
    awsb_buf_add(message->out, method);
    awsb_buf_add_byte(message->out, ' ');
    awsb_buf_add(message->out, target);
    awsb_buf_add_text(message->out, " HTTP/1.1\r\n");
    add_line(message->out, awsb_view_of("host"), host);
    return check_written(message);
}

bool awsb_message_end_head(struct awsb_message *message, struct awsb_view method,
                           size_t body_size, struct awsb_view more)
{
    char length[AWSB_MESSAGE_LENGTH_SIZE];

    if (!awsb_message_check_body(message, method, body_size))
        return false;
    if (awsb_message_tells_length(method, body_size)) {
        snprintf(length, sizeof length, "%zu", body_size);
        add_line(message->out, awsb_view_of("content-length"), awsb_view_of(length));
    }
    awsb_buf_add(message->out, more);
    awsb_buf_add_text(message->out, "\r\n");
    return check_written(message);
}
