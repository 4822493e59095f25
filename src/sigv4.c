#include "sigv4.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "hash.h"
#include "mem.h"
#include "signing_key.h"
#include "skeleton.h"
#include "text.h"
#include "uri.h"

#define ALGORITHM "AWS4-HMAC-SHA256"
#define DATE_SIZE 8       /* YYYYMMDD */
#define TIMESTAMP_SIZE 16 /* YYYYMMDDTHHMMSSZ */
#define MESSAGE_SIZE 256
#define SHOWN_NAME_SIZE 64   /* of a header name in a message */
#define MAX_PART_BYTES 256   /* of region, service, access key id */
#define MAX_SCOPE_BYTES 1024 /* the first two, the date and what stands between them */
#define MAX_REQUEST_BYTES (8u << 20) /* canonical request without the body */
#define MOST_SKELETONS 8 /* a client's calls differ in method, type of body and attempt */

struct awsb_signer {
    struct awsb_hasher *hasher;
    struct awsb_buf names;   /* lower-case header names: what the pairs of `headers` view */
    struct awsb_pairs headers;
    struct awsb_buf scratch; /* of the canonical query */
    struct awsb_pairs params;
    struct awsb_buf canonical_request;
    size_t head_size; /* of method, path and query in it */
    struct awsb_buf signed_headers;
    struct awsb_buf scope;
    struct awsb_buf string_to_sign;
    struct awsb_buf authorization;
    char signature[AWSB_SHA256_HEX_SIZE];
    struct awsb_signing_key key;
    struct awsb_skeleton *skeletons[MOST_SKELETONS]; /* of this key; NULL: none yet */
    size_t next_skeleton;                            /* the one to be replaced next */
    char message[MESSAGE_SIZE];
};

/* Everything a call works with, so that its steps take one argument. */
struct job {
    struct awsb_signer *signer;
    const struct awsb_sigv4_request *request;
    const struct awsb_sigv4_scope *scope;
    const struct awsb_sigv4_options *options;
};

#define NAME(text) {text, sizeof text - 1}

/* Hop by hop, or added or changed on the way after signing. */
static const struct awsb_view never_signed[] = {
    NAME("accept-encoding"),
    NAME("amz-sdk-invocation-id"),
    NAME("amz-sdk-request"),
    NAME("authorization"),
    NAME("connection"),
    NAME("content-length"),
    NAME("expect"),
    NAME("keep-alive"),
    NAME("proxy-authenticate"),
    NAME("proxy-authorization"),
    NAME("te"),
    NAME("trailer"),
    NAME("transfer-encoding"),
    NAME("upgrade"),
    NAME("user-agent"),
    NAME("x-amzn-trace-id"),
};

struct awsb_signer *awsb_signer_new(void)
{
    struct awsb_signer *signer = awsb_realloc(NULL, sizeof *signer);

    if (signer == NULL)
        return NULL;
    memset(signer, 0, sizeof *signer);
    awsb_buf_init_wiping(&signer->canonical_request, MAX_REQUEST_BYTES);
    awsb_signing_key_init(&signer->key);
    awsb_buf_init(&signer->names, MAX_REQUEST_BYTES);
    awsb_buf_init(&signer->scratch, MAX_REQUEST_BYTES);
    awsb_buf_init(&signer->signed_headers, MAX_REQUEST_BYTES);
    awsb_buf_init(&signer->scope, MAX_SCOPE_BYTES);
    awsb_buf_init(&signer->string_to_sign, 2 * MAX_SCOPE_BYTES);
    awsb_buf_init(&signer->authorization, MAX_REQUEST_BYTES);
    signer->hasher = awsb_hasher_new();
    if (signer->hasher == NULL) {
        awsb_signer_free(signer);
        return NULL;
    }
    return signer;
}

static void drop_skeletons(struct awsb_signer *signer)
{
    size_t i;

    for (i = 0; i < MOST_SKELETONS; i++) {
        awsb_skeleton_free(signer->skeletons[i]);
        signer->skeletons[i] = NULL;
    }
}

void awsb_signer_free(struct awsb_signer *signer)
{
    if (signer == NULL)
        return;
    drop_skeletons(signer);
    awsb_hasher_free(signer->hasher);
    awsb_buf_clear(&signer->names);
    awsb_pairs_clear(&signer->headers);
    awsb_buf_clear(&signer->scratch);
    awsb_pairs_clear(&signer->params);
    awsb_buf_clear(&signer->canonical_request);
    awsb_buf_clear(&signer->signed_headers);
    awsb_buf_clear(&signer->scope);
    awsb_buf_clear(&signer->string_to_sign);
    awsb_buf_clear(&signer->authorization);
    awsb_signing_key_clear(&signer->key);
    awsb_free(signer);
}

const char *awsb_signer_message(const struct awsb_signer *signer)
{
    return signer->message;
}

/* What its authorization was made of; that stays, which is sent to anybody. */
static void forget_request(struct awsb_signer *signer)
{
    awsb_buf_reset(&signer->names);
    awsb_pairs_reset(&signer->headers);
    awsb_buf_reset(&signer->scratch);
    awsb_pairs_reset(&signer->params);
    awsb_buf_reset(&signer->canonical_request);
    awsb_buf_reset(&signer->signed_headers);
    awsb_buf_reset(&signer->scope);
    awsb_buf_reset(&signer->string_to_sign);
}

void awsb_signer_forget(struct awsb_signer *signer)
{
    forget_request(signer);
    awsb_buf_reset(&signer->authorization);
}

AWSB_PRINTF_LIKE(2, 3)
static enum awsb_err refuse(struct awsb_signer *signer, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    vsnprintf(signer->message, sizeof signer->message, format, arguments);
    va_end(arguments);
    return AWSB_REFUSED;
}

/* Gives a failure that has no sentence yet one, and hands it on. */
static enum awsb_err report(struct awsb_signer *signer, enum awsb_err err)
{
    if (err == AWSB_NO_MEMORY)
        refuse(signer, "not enough memory to sign the request");
    else if (err == AWSB_TOO_LARGE)
        refuse(signer, "path, query and headers are more than the %u bytes that can be signed",
               MAX_REQUEST_BYTES);
    else if (err == AWSB_CRYPTO)
        refuse(signer, "OpenSSL refused to compute SHA-256");
    return err;
}

static int shown(struct awsb_view name)
{
    return (int)(name.size < SHOWN_NAME_SIZE ? name.size : SHOWN_NAME_SIZE);
}

static bool is_timestamp(struct awsb_view text)
{
    size_t i;

    if (text.size != TIMESTAMP_SIZE || text.data[DATE_SIZE] != 'T' ||
        text.data[TIMESTAMP_SIZE - 1] != 'Z')
        return false;
    for (i = 0; i < TIMESTAMP_SIZE - 1; i++)
        if (i != DATE_SIZE && (text.data[i] < '0' || text.data[i] > '9'))
            return false;
    return true;
}

/* A part of the credential: goes into a header, between slashes. */
static enum awsb_err check_part(struct awsb_signer *signer, const char *what, struct awsb_view part)
{
    if (part.size == 0)
        return refuse(signer, "%s is empty", what);
    if (part.size > MAX_PART_BYTES)
        return refuse(signer, "%s is longer than %d bytes", what, MAX_PART_BYTES);
    if (awsb_has_control(part) || awsb_view_has(part, ' ') || awsb_view_has(part, '/') ||
        awsb_view_has(part, ','))
        return refuse(signer, "%s holds a blank, slash, comma or control character", what);
    return AWSB_OK;
}

static enum awsb_err check_input(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    const struct awsb_sigv4_scope *scope = job->scope;
    enum awsb_err err = check_part(signer, "access_key_id", scope->access_key_id);

    if (err == AWSB_OK)
        err = check_part(signer, "region", scope->region);
    if (err == AWSB_OK)
        err = check_part(signer, "service", scope->service);
    if (err != AWSB_OK)
        return err;
    if (scope->secret_access_key.size == 0)
        return refuse(signer, "secret_access_key is empty");
    if (scope->secret_access_key.size > AWSB_MAX_SECRET_SIZE)
        return refuse(signer, "secret_access_key is too long to be one");
    if (!is_timestamp(scope->timestamp))
        return refuse(signer, "timestamp must have the form YYYYMMDDTHHMMSSZ");
    if (!awsb_is_token(job->request->method))
        return refuse(signer, "method must be an HTTP method such as GET");
    if (job->options->encode_once && awsb_has_control(job->request->path))
        return refuse(signer, "path holds a control character");
    if (awsb_has_control(job->options->payload_hash))
        return refuse(signer, "payload_hash holds a control character");
    return AWSB_OK;
}

static enum awsb_err check_header(const struct job *job, const struct awsb_pair *header)
{
    struct awsb_view name = header->name;

    if (!awsb_is_token(name))
        return refuse(job->signer, "a header name is empty or holds a byte that no name may hold");
    if (job->options->multiline ? awsb_view_has(header->value, '\0')
                                : !awsb_is_one_line(header->value))
        return refuse(job->signer, "the value of header %.*s holds a CR, LF or NUL byte",
                      shown(name), name.data);
    return AWSB_OK;
}

static bool is_signed(const struct awsb_sigv4_options *options, struct awsb_view name)
{
    size_t i;

    if (options->exact_headers) {
        for (i = 0; i < options->signed_header_count; i++)
            if (awsb_view_same(options->signed_headers[i].name, name))
                return true;
        return false;
    }
    for (i = 0; i < sizeof never_signed / sizeof never_signed[0]; i++)
        if (awsb_view_same(never_signed[i], name))
            return false;
    return true;
}

static enum awsb_err check_headers(const struct job *job, size_t *all_names)
{
    const struct awsb_sigv4_request *request = job->request;
    size_t i;

    *all_names = 0;
    for (i = 0; i < request->header_count; i++) {
        enum awsb_err err = check_header(job, &request->headers[i]);

        if (err != AWSB_OK)
            return err;
        *all_names += request->headers[i].name.size;
    }
    return AWSB_OK;
}

/* Fills signer->headers: those to be signed, names in lower case, sorted. */
static enum awsb_err sort_headers(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    const struct awsb_sigv4_request *request = job->request;
    size_t i, all_names;
    enum awsb_err err = check_headers(job, &all_names);

    if (err != AWSB_OK)
        return err;
    awsb_buf_reserve(&signer->names, all_names); /* the views below must not move */
    if (signer->names.err != AWSB_OK)
        return signer->names.err;
    for (i = 0; i < request->header_count; i++) {
        size_t start = signer->names.size;
        struct awsb_view name;

        awsb_buf_add_lower(&signer->names, request->headers[i].name);
        name = awsb_view(signer->names.data + start, request->headers[i].name.size);
        if (!is_signed(job->options, name))
            awsb_buf_truncate(&signer->names, start);
        else if (!awsb_pairs_add(&signer->headers, name, request->headers[i].value))
            return AWSB_NO_MEMORY;
    }
    awsb_pairs_sort_by_arrival(&signer->headers);
    return AWSB_OK;
}

static const struct awsb_pair *find_header(const struct awsb_signer *signer, struct awsb_view name)
{
    size_t i;

    for (i = 0; i < signer->headers.count; i++)
        if (awsb_view_same(signer->headers.items[i].name, name))
            return &signer->headers.items[i];
    return NULL;
}

/* A request that lacks what the service demands is refused here, where the reason can be told. */
static enum awsb_err check_presence(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    const struct awsb_sigv4_options *options = job->options;
    const struct awsb_pair *date;
    size_t i;

    for (i = 0; i < options->signed_header_count; i++) {
        struct awsb_view name = options->signed_headers[i].name;

        if (find_header(signer, name) == NULL)
            return refuse(signer, "header %.*s is to be signed, but the request has none",
                          shown(name), name.data);
    }
    if (options->exact_headers)
        return AWSB_OK;
    if (find_header(signer, awsb_view_of("host")) == NULL)
        return refuse(signer, "header host must be signed, but the request has none");
    date = find_header(signer, awsb_view_of("x-amz-date"));
    if (date == NULL)
        return refuse(signer, "header x-amz-date must be signed, but the request has none");
    if (!awsb_view_same(awsb_trim(date->value), job->scope->timestamp))
        return refuse(signer, "header x-amz-date is not the timestamp %.*s to sign with",
                      TIMESTAMP_SIZE, job->scope->timestamp.data);
    return AWSB_OK;
}

static bool is_gap(char c)
{
    return awsb_is_blank(c) || c == '\r' || c == '\n';
}

/* Blanks at the ends vanish, runs within become one; CR and LF come with `multiline` only. */
static void add_folded(struct awsb_buf *out, struct awsb_view value)
{
    const char *rest = value.data, *end = value.data + value.size;
    bool begun = false;

    while (rest < end) {
        const char *word;

        while (rest < end && is_gap(*rest))
            rest++;
        word = rest;
        while (rest < end && !is_gap(*rest))
            rest++;
        if (rest > word && begun)
            awsb_buf_add_byte(out, ' ');
        awsb_buf_add(out, awsb_view(word, (size_t)(rest - word)));
        begun = true;
    }
}

/* One line per name, and the list of names. */
static void add_headers(const struct job *job)
{
    struct awsb_buf *out = &job->signer->canonical_request;
    struct awsb_buf *list = &job->signer->signed_headers;
    const struct awsb_pairs *headers = &job->signer->headers;
    size_t i = 0;

    while (i < headers->count) {
        struct awsb_view name = headers->items[i].name;
        char separator = ':';

        if (list->size > 0)
            awsb_buf_add_byte(list, ';');
        awsb_buf_add(list, name);
        awsb_buf_add(out, name);
        for (; i < headers->count && awsb_view_same(headers->items[i].name, name); i++) {
            awsb_buf_add_byte(out, separator);
            add_folded(out, headers->items[i].value);
            separator = ',';
        }
        awsb_buf_add_byte(out, '\n');
    }
}

static enum awsb_err add_payload_hash(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    unsigned char hash[AWSB_SHA256_SIZE];
    char hex[AWSB_SHA256_HEX_SIZE];
    enum awsb_err err;

    if (job->options->payload_hash.size > 0) {
        awsb_buf_add(&signer->canonical_request, job->options->payload_hash);
        return AWSB_OK;
    }
    err = awsb_sha256(signer->hasher, job->request->body, hash);
    awsb_hex(hash, sizeof hash, hex);
    awsb_buf_add(&signer->canonical_request, awsb_view(hex, sizeof hex));
    return err;
}

static void write_head(struct awsb_signer *signer, const struct awsb_sigv4_request *request,
                       const struct awsb_sigv4_options *options)
{
    struct awsb_buf *out = &signer->canonical_request;

    awsb_buf_add(out, request->method);
    awsb_buf_add_byte(out, '\n');
    awsb_uri_canonical_path(out, request->path, !options->raw_path, !options->encode_once);
    awsb_buf_add_byte(out, '\n');
    awsb_uri_canonical_query(out, request->query, &signer->scratch, &signer->params);
    awsb_buf_add_byte(out, '\n');
}

/* General reference, "Create a canonical request". */
static enum awsb_err write_canonical_request(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    struct awsb_buf *out = &signer->canonical_request;
    enum awsb_err err;

    write_head(signer, job->request, job->options);
    signer->head_size = out->size;
    add_headers(job);
    awsb_buf_add_byte(out, '\n');
    if (out->err == AWSB_OK)
        out->err = signer->signed_headers.err;
    awsb_buf_add(out, awsb_buf_view(&signer->signed_headers));
    awsb_buf_add_byte(out, '\n');
    err = add_payload_hash(job);
    return err != AWSB_OK ? err : out->err;
}

/* "Create a string to sign". */
static enum awsb_err write_string_to_sign(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    struct awsb_buf *scope = &signer->scope;
    struct awsb_buf *out = &signer->string_to_sign;
    unsigned char hash[AWSB_SHA256_SIZE];
    char hex[AWSB_SHA256_HEX_SIZE];
    enum awsb_err err;

    awsb_buf_add(scope, awsb_view(job->scope->timestamp.data, DATE_SIZE));
    awsb_buf_add_byte(scope, '/');
    awsb_buf_add(scope, job->scope->region);
    awsb_buf_add_byte(scope, '/');
    awsb_buf_add(scope, job->scope->service);
    awsb_buf_add_text(scope, "/" AWSB_SIGNING_TERMINATOR);

    err = awsb_sha256(signer->hasher, awsb_buf_view(&signer->canonical_request), hash);
    awsb_hex(hash, sizeof hash, hex);
    awsb_buf_add_text(out, ALGORITHM "\n");
    awsb_buf_add(out, job->scope->timestamp);
    awsb_buf_add_byte(out, '\n');
    awsb_buf_add(out, awsb_buf_view(scope));
    awsb_buf_add_byte(out, '\n');
    awsb_buf_add(out, awsb_view(hex, sizeof hex));
    if (err == AWSB_OK)
        err = scope->err;
    return err != AWSB_OK ? err : out->err;
}

static struct awsb_signing_scope key_scope(const struct awsb_sigv4_scope *scope)
{
    struct awsb_signing_scope wanted;

    wanted.date = awsb_view(scope->timestamp.data, DATE_SIZE);
    wanted.region = scope->region;
    wanted.service = scope->service;
    wanted.secret = scope->secret_access_key;
    return wanted;
}

/* "Calculate the signature", step one. */
static enum awsb_err prepare_key(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    struct awsb_signing_scope wanted = key_scope(job->scope);

    if (awsb_signing_key_serves(&signer->key, &wanted))
        return AWSB_OK;
    drop_skeletons(signer);
    return awsb_signing_key_derive(&signer->key, signer->hasher, &wanted);
}

static enum awsb_err write_authorization(const struct job *job)
{
    struct awsb_signer *signer = job->signer;
    static const struct awsb_sha256_front nothing_done;
    struct awsb_buf *out = &signer->authorization;
    unsigned char mac[AWSB_SHA256_SIZE];
    enum awsb_err err = awsb_hmac_end(signer->hasher, &signer->key.hmac, &nothing_done,
                                      awsb_buf_view(&signer->string_to_sign), mac);

    awsb_hex(mac, sizeof mac, signer->signature);
    awsb_buf_add_text(out, ALGORITHM " Credential=");
    awsb_buf_add(out, job->scope->access_key_id);
    awsb_buf_add_byte(out, '/');
    awsb_buf_add(out, awsb_buf_view(&signer->scope));
    awsb_buf_add_text(out, ", SignedHeaders=");
    awsb_buf_add(out, awsb_buf_view(&signer->signed_headers));
    awsb_buf_add_text(out, ", Signature=");
    awsb_buf_add(out, awsb_view(signer->signature, sizeof signer->signature));
    return err != AWSB_OK ? err : out->err;
}

enum awsb_err awsb_signer_sign(struct awsb_signer *signer, const struct awsb_sigv4_request *request,
                               const struct awsb_sigv4_scope *scope,
                               const struct awsb_sigv4_options *options,
                               struct awsb_sigv4_result *result)
{
    static enum awsb_err (*const steps[])(const struct job *) = {
        check_input,          sort_headers, check_presence,      write_canonical_request,
        write_string_to_sign, prepare_key,  write_authorization,
    };
    struct job job;
    size_t i;

    job.signer = signer;
    job.request = request;
    job.scope = scope;
    job.options = options;
    awsb_signer_forget(signer);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum awsb_err err = steps[i](&job);

        if (err != AWSB_OK)
            return report(signer, err);
    }
    result->canonical_request = awsb_buf_view(&signer->canonical_request);
    result->string_to_sign = awsb_buf_view(&signer->string_to_sign);
    result->signature = awsb_view(signer->signature, sizeof signer->signature);
    result->signed_headers = awsb_buf_view(&signer->signed_headers);
    result->authorization = awsb_buf_view(&signer->authorization);
    return AWSB_OK;
}

/* The way of a call. */

static const struct awsb_sigv4_options no_options;

/* One that was laid out for such a request, or NULL. */
static struct awsb_skeleton *find_skeleton(const struct awsb_signer *signer,
                                           const struct awsb_sigv4_request *request,
                                           const struct awsb_sigv4_scope *scope, size_t *place)
{
    struct awsb_signing_scope wanted;

    if (scope->timestamp.size != TIMESTAMP_SIZE) /* the long way says what is wrong */
        return NULL;
    wanted = key_scope(scope);
    if (!awsb_signing_key_serves(&signer->key, &wanted))
        return NULL;
    for (*place = 0; *place < MOST_SKELETONS; ++*place) {
        struct awsb_skeleton *skeleton = signer->skeletons[*place];

        if (skeleton != NULL && awsb_skeleton_fits(skeleton, request, scope))
            return awsb_skeleton_has_time(skeleton, scope->timestamp) ||
                           is_timestamp(scope->timestamp)
                       ? skeleton
                       : NULL;
    }
    return NULL;
}

/* A token that is no longer in use is not kept. */
static void drop_other_tokens(struct awsb_signer *signer, struct awsb_view token)
{
    size_t i;

    for (i = 0; token.size > 0 && i < MOST_SKELETONS; i++) {
        struct awsb_view other = signer->skeletons[i] != NULL
                                     ? awsb_skeleton_token(signer->skeletons[i])
                                     : token;

        if (other.size == 0 || awsb_equal(other, token))
            continue;
        awsb_skeleton_free(signer->skeletons[i]);
        signer->skeletons[i] = NULL;
    }
}

/* Without memory, and for what no skeleton is made of, the next call goes the long way, too. */
static void keep(struct awsb_signer *signer, const struct awsb_sigv4_request *request,
                 const struct awsb_sigv4_scope *scope, const struct awsb_sigv4_result *result)
{
    struct awsb_skeleton *skeleton = awsb_skeleton_new(request, scope, &signer->headers,
                                                       signer->head_size, result);
    size_t place = signer->next_skeleton;

    if (skeleton == NULL)
        return;
    drop_other_tokens(signer, awsb_skeleton_token(skeleton));
    awsb_skeleton_free(signer->skeletons[place]);
    signer->skeletons[place] = skeleton;
    signer->next_skeleton = (place + 1) % MOST_SKELETONS;
}

static enum awsb_err authorize_anew(struct awsb_signer *signer,
                                    const struct awsb_sigv4_request *request,
                                    const struct awsb_sigv4_scope *scope,
                                    struct awsb_view *authorization)
{
    struct awsb_sigv4_result result;
    enum awsb_err err = awsb_signer_sign(signer, request, scope, &no_options, &result);

    if (err == AWSB_OK) {
        keep(signer, request, scope, &result);
        *authorization = result.authorization;
    }
    forget_request(signer);
    return err;
}

/* Makes the skeleton that of the request's labels and time. */
static enum awsb_err adapt(struct awsb_signer *signer, struct awsb_skeleton *skeleton,
                           const struct awsb_sigv4_request *request,
                           const struct awsb_sigv4_scope *scope)
{
    enum awsb_err err = AWSB_OK;

    if (!awsb_skeleton_has_labels(skeleton, request)) {
        write_head(signer, request, &no_options);
        err = awsb_skeleton_relabel(skeleton, request, &signer->canonical_request);
        forget_request(signer);
    }
    if (err == AWSB_OK && !awsb_skeleton_has_time(skeleton, scope->timestamp))
        awsb_skeleton_set_time(skeleton, scope->timestamp);
    return err;
}

enum awsb_err awsb_signer_authorize(struct awsb_signer *signer,
                                    const struct awsb_sigv4_request *request,
                                    const struct awsb_sigv4_scope *scope,
                                    struct awsb_view *authorization)
{
    size_t place;
    struct awsb_skeleton *skeleton = find_skeleton(signer, request, scope, &place);
    enum awsb_err err;

    if (skeleton == NULL)
        return authorize_anew(signer, request, scope, authorization);
    err = adapt(signer, skeleton, request, scope);
    if (err == AWSB_OK)
        err = awsb_skeleton_sign(skeleton, signer->hasher, &signer->key, request->body,
                                 authorization);
    if (err == AWSB_OK)
        return AWSB_OK;
    awsb_skeleton_free(skeleton);
    signer->skeletons[place] = NULL;
    return report(signer, err);
}
