#include "skeleton.h"

#include <stdint.h>
#include <string.h>

#include "mem.h"
#include "text.h"

#define MOST_HEADERS 16           /* a call has ten */
#define MAX_TEXT_BYTES (8u << 20) /* what the signer bounds */
#define TIMESTAMP_SIZE 16
#define ALGORITHM_LINE "AWS4-HMAC-SHA256\n" /* the time comes next */
#define CREDENTIAL "AWS4-HMAC-SHA256 Credential="

enum role { CONSTANT, TIME, TOKEN, UNSIGNED };

/* A header of the request, in the order in which it has them. */
struct header {
    enum role role;
    uint32_t place; /* of its name: behind the head of the text, or among the names unsigned */
    uint32_t name_size;
    uint32_t value_size;
};

struct awsb_skeleton {
    struct awsb_buf text; /* canonical request */
    size_t head_size;     /* of method, path and query in it */
    size_t method_size;
    struct awsb_buf given; /* names of unsigned headers, then the labels */
    size_t labels;         /* where these begin */
    size_t path_size;
    struct awsb_buf string_to_sign;
    struct awsb_buf authorization;
    size_t key_id_size;
    struct header headers[MOST_HEADERS];
    size_t header_count;
    struct awsb_sha256_front text_front;
    struct awsb_sha256_front string_front; /* of HMAC */
    bool text_begun;                       /* the fronts are those of the text and string as they are */
    bool string_begun;
};

static struct awsb_skeleton *new_empty(void)
{
    struct awsb_skeleton *skeleton = awsb_realloc(NULL, sizeof *skeleton);

    if (skeleton == NULL)
        return NULL;
    memset(skeleton, 0, sizeof *skeleton);
    awsb_buf_init_wiping(&skeleton->text, MAX_TEXT_BYTES);
    awsb_buf_init(&skeleton->given, MAX_TEXT_BYTES);
    awsb_buf_init(&skeleton->string_to_sign, MAX_TEXT_BYTES);
    awsb_buf_init(&skeleton->authorization, MAX_TEXT_BYTES);
    return skeleton;
}

void awsb_skeleton_free(struct awsb_skeleton *skeleton)
{
    if (skeleton == NULL)
        return;
    awsb_buf_clear(&skeleton->text);
    awsb_buf_clear(&skeleton->given);
    awsb_buf_clear(&skeleton->string_to_sign);
    awsb_buf_clear(&skeleton->authorization);
    awsb_wipe(skeleton, sizeof *skeleton);
    awsb_free(skeleton);
}

static struct awsb_view tail_of(const struct awsb_skeleton *skeleton)
{
    return awsb_view(skeleton->text.data + skeleton->head_size,
                     skeleton->text.size - skeleton->head_size);
}

static enum role role_of(struct awsb_view name)
{
    if (awsb_view_same(name, awsb_view_of("x-amz-date")))
        return TIME;
    if (awsb_view_same(name, awsb_view_of("x-amz-security-token")))
        return TOKEN;
    return CONSTANT;
}

/* Whether the header stands there as it was given: alone of its name, and with nothing folded. */
static bool stands_at(struct awsb_view tail, size_t place, const struct awsb_pair *header)
{
    size_t name_size = header->name.size, value_size = header->value.size;
    const char *line = tail.data + place;

    return place <= tail.size && tail.size - place >= name_size + value_size + 2 &&
           awsb_view_same(awsb_view(line, name_size), header->name) && line[name_size] == ':' &&
           awsb_view_same(awsb_view(line + name_size + 1, value_size), header->value) &&
           line[name_size + 1 + value_size] == '\n';
}

/* Where the signed headers stand, by their order in the request, if each has a line of its own. */
static void find_lines(const struct awsb_pairs *sorted, size_t places[MOST_HEADERS],
                       struct awsb_view names[MOST_HEADERS])
{
    size_t i, place = 0;

    for (i = 0; i < sorted->count; i++) {
        const struct awsb_pair *header = &sorted->items[i];

        places[header->order] = place;
        names[header->order] = header->name;
        place += header->name.size + 1 + header->value.size + 1;
    }
}

/* False for what can't be found again in the text byte by byte: names in upper case, repeated
 * ones, folded values. */
static bool take_headers(struct awsb_skeleton *skeleton, const struct awsb_sigv4_request *request,
                         const struct awsb_pairs *sorted)
{
    size_t places[MOST_HEADERS];
    struct awsb_view names[MOST_HEADERS];
    size_t i, signed_count = 0;

    if (request->header_count > MOST_HEADERS)
        return false;
    find_lines(sorted, places, names);
    for (i = 0; i < request->header_count; i++) {
        const struct awsb_pair *pair = &request->headers[i];
        struct header *header = &skeleton->headers[i];
        bool is_signed =
            signed_count < sorted->count && awsb_view_same(pair->name, names[signed_count]);

        header->role = is_signed ? role_of(pair->name) : UNSIGNED;
        header->place = (uint32_t)(is_signed ? places[signed_count] : skeleton->given.size);
        header->name_size = (uint32_t)pair->name.size;
        header->value_size = (uint32_t)pair->value.size;
        if (!is_signed)
            awsb_buf_add(&skeleton->given, pair->name);
        else if (!stands_at(tail_of(skeleton), places[signed_count++], pair))
            return false;
    }
    skeleton->header_count = request->header_count;
    return signed_count == sorted->count;
}

static void set_labels(struct awsb_skeleton *skeleton, const struct awsb_sigv4_request *request)
{
    awsb_buf_truncate(&skeleton->given, skeleton->labels);
    awsb_buf_add(&skeleton->given, request->path);
    awsb_buf_add(&skeleton->given, request->query);
    skeleton->path_size = request->path.size;
}

static bool lay_out(struct awsb_skeleton *skeleton, const struct awsb_sigv4_request *request,
                    const struct awsb_pairs *sorted, const struct awsb_sigv4_result *result)
{
    awsb_buf_add(&skeleton->text, result->canonical_request);
    awsb_buf_add(&skeleton->string_to_sign, result->string_to_sign);
    awsb_buf_add(&skeleton->authorization, result->authorization);
    if (skeleton->text.err != AWSB_OK || !take_headers(skeleton, request, sorted))
        return false;
    skeleton->labels = skeleton->given.size;
    set_labels(skeleton, request);
    return skeleton->given.err == AWSB_OK && skeleton->string_to_sign.err == AWSB_OK &&
           skeleton->authorization.err == AWSB_OK;
}

struct awsb_skeleton *awsb_skeleton_new(const struct awsb_sigv4_request *request,
                                        const struct awsb_sigv4_scope *scope,
                                        const struct awsb_pairs *sorted, size_t head_size,
                                        const struct awsb_sigv4_result *result)
{
    struct awsb_skeleton *skeleton = new_empty();

    if (skeleton == NULL)
        return NULL;
    skeleton->head_size = head_size;
    skeleton->method_size = request->method.size;
    skeleton->key_id_size = scope->access_key_id.size;
    if (lay_out(skeleton, request, sorted, result))
        return skeleton;
    awsb_skeleton_free(skeleton);
    return NULL;
}

/* Whether the bytes at `place` are those of the view, which has so many. */
static bool stands(const char *place, size_t size, struct awsb_view view)
{
    return awsb_view_same(awsb_view(place, size), view);
}

static const char *name_at(const struct awsb_skeleton *skeleton, const struct header *header)
{
    return header->role == UNSIGNED ? skeleton->given.data + header->place
                                    : skeleton->text.data + skeleton->head_size + header->place;
}

/* Of a signed one. */
static struct awsb_view value_of(const struct awsb_skeleton *skeleton, const struct header *header)
{
    return awsb_view(name_at(skeleton, header) + header->name_size + 1, header->value_size);
}

static bool header_fits(const struct awsb_skeleton *skeleton, const struct header *header,
                        const struct awsb_pair *pair, const struct awsb_sigv4_scope *scope)
{
    if (!stands(name_at(skeleton, header), header->name_size, pair->name))
        return false;
    switch (header->role) {
    case UNSIGNED:
        return awsb_is_one_line(pair->value);
    case TIME:
        return awsb_view_same(scope->timestamp, pair->value);
    case TOKEN:
        return awsb_equal(value_of(skeleton, header), pair->value);
    case CONSTANT:
        break;
    }
    return awsb_view_same(value_of(skeleton, header), pair->value);
}

bool awsb_skeleton_fits(const struct awsb_skeleton *skeleton,
                        const struct awsb_sigv4_request *request,
                        const struct awsb_sigv4_scope *scope)
{
    size_t i;

    if (request->header_count != skeleton->header_count ||
        !stands(skeleton->text.data, skeleton->method_size, request->method) ||
        !stands(skeleton->authorization.data + sizeof CREDENTIAL - 1, skeleton->key_id_size,
                scope->access_key_id))
        return false;
    for (i = 0; i < request->header_count; i++)
        if (!header_fits(skeleton, &skeleton->headers[i], &request->headers[i], scope))
            return false;
    return true;
}

bool awsb_skeleton_has_labels(const struct awsb_skeleton *skeleton,
                              const struct awsb_sigv4_request *request)
{
    struct awsb_view labels = awsb_buf_view(&skeleton->given);
    size_t query_size = labels.size - skeleton->labels - skeleton->path_size;

    return stands(labels.data + skeleton->labels, skeleton->path_size, request->path) &&
           stands(labels.data + skeleton->labels + skeleton->path_size, query_size,
                  request->query);
}

enum awsb_err awsb_skeleton_relabel(struct awsb_skeleton *skeleton,
                                    const struct awsb_sigv4_request *request,
                                    struct awsb_buf *head)
{
    struct awsb_buf before = skeleton->text;
    size_t head_size = head->size;

    awsb_buf_add(head, tail_of(skeleton));
    set_labels(skeleton, request);
    if (head->err != AWSB_OK || skeleton->given.err != AWSB_OK)
        return head->err != AWSB_OK ? head->err : skeleton->given.err;
    skeleton->text = *head;
    skeleton->head_size = head_size;
    skeleton->text_begun = false;
    *head = before;
    return AWSB_OK;
}

static char *time_in(struct awsb_buf *string_to_sign)
{
    return string_to_sign->data + sizeof ALGORITHM_LINE - 1;
}

bool awsb_skeleton_has_time(const struct awsb_skeleton *skeleton, struct awsb_view timestamp)
{
    return stands(skeleton->string_to_sign.data + sizeof ALGORITHM_LINE - 1, TIMESTAMP_SIZE,
                  timestamp);
}

void awsb_skeleton_set_time(struct awsb_skeleton *skeleton, struct awsb_view timestamp)
{
    char *tail = skeleton->text.data + skeleton->head_size;
    size_t i;

    memcpy(time_in(&skeleton->string_to_sign), timestamp.data, TIMESTAMP_SIZE);
    for (i = 0; i < skeleton->header_count; i++) {
        const struct header *header = &skeleton->headers[i];

        if (header->role == TIME)
            memcpy(tail + header->place + header->name_size + 1, timestamp.data, TIMESTAMP_SIZE);
    }
    skeleton->text_begun = skeleton->string_begun = false;
}

/* The last 64 digits of all three texts are a hole. */
static void fill_end(struct awsb_buf *text, const unsigned char hash[AWSB_SHA256_SIZE])
{
    awsb_hex(hash, AWSB_SHA256_SIZE, text->data + text->size - AWSB_SHA256_HEX_SIZE);
}

static struct awsb_view before_hole(const struct awsb_buf *text)
{
    return awsb_view(text->data, text->size - AWSB_SHA256_HEX_SIZE);
}

static void begin(struct awsb_skeleton *skeleton, const struct awsb_hasher *hasher,
                  const struct awsb_signing_key *key)
{
    if (!skeleton->text_begun)
        awsb_sha256_begin(hasher, before_hole(&skeleton->text), &skeleton->text_front);
    if (!skeleton->string_begun)
        awsb_hmac_begin(hasher, &key->hmac, before_hole(&skeleton->string_to_sign),
                        &skeleton->string_front);
    skeleton->text_begun = skeleton->string_begun = true;
}

enum awsb_err awsb_skeleton_sign(struct awsb_skeleton *skeleton, struct awsb_hasher *hasher,
                                 struct awsb_signing_key *key, struct awsb_view body,
                                 struct awsb_view *authorization)
{
    unsigned char hash[AWSB_SHA256_SIZE];
    enum awsb_err err = awsb_sha256(hasher, body, hash);

    if (err != AWSB_OK)
        return err;
    fill_end(&skeleton->text, hash);
    begin(skeleton, hasher, key);
    err = awsb_sha256_end(hasher, &skeleton->text_front, awsb_buf_view(&skeleton->text), hash);
    if (err != AWSB_OK)
        return err;
    fill_end(&skeleton->string_to_sign, hash);
    err = awsb_hmac_end(hasher, &key->hmac, &skeleton->string_front,
                        awsb_buf_view(&skeleton->string_to_sign), hash);
    if (err != AWSB_OK)
        return err;
    fill_end(&skeleton->authorization, hash);
    *authorization = awsb_buf_view(&skeleton->authorization);
    return AWSB_OK;
}

struct awsb_view awsb_skeleton_token(const struct awsb_skeleton *skeleton)
{
    size_t i;

    for (i = 0; i < skeleton->header_count; i++)
        if (skeleton->headers[i].role == TOKEN)
            return value_of(skeleton, &skeleton->headers[i]);
    return awsb_view("", 0);
}
