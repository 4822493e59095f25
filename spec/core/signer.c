/*
 * Authorizes requests as a client does, one after the other, and prints what comes out; and looks at
 * the memory of the core meanwhile: nothing secret in what is freed, and nothing of a token or a
 * secret that has been replaced in what is kept. Built with -DAWSB_TEST_ALLOC, once as it is and
 * once with -DAWSB_HASH_BY_EVP: both must print the same.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sigv4.h"

#define MOST_BLOCKS 256

void *awsb_realloc(void *block, size_t size);
void awsb_free(void *block);

static const char first_secret[] = "first+secret/first+secret/first+secret/1";
static const char second_secret[] = "second+secret/second+secret/second+secre";
static const char first_token[] = "first-token-first-token-first-token-first-token-first-token-first-token";
static const char second_token[] = "second-token-second-token-second-token-second-token-second-token-se";

/* Their first bytes: enough to know them by, wherever they are cut. */
static const char *const secrets[] = {"first+secret", "second+secret", "first-token", "second-token"};

static struct {
    void *block;
    size_t size;
} live[MOST_BLOCKS];

static void die(const char *what, const char *detail)
{
    printf("FAILED: %s %s\n", what, detail);
    exit(1);
}

static bool holds(const void *block, size_t size, const char *text)
{
    size_t length = strlen(text), i;

    for (i = 0; i + length <= size; i++)
        if (memcmp((const char *)block + i, text, length) == 0)
            return true;
    return false;
}

static size_t place_of(const void *block)
{
    size_t i;

    for (i = 0; i < MOST_BLOCKS; i++)
        if (live[i].block == block)
            return i;
    die("too many blocks, or one that is none", "");
    return 0;
}

void awsb_free(void *block)
{
    size_t place, i;

    if (block == NULL)
        return;
    place = place_of(block);
    for (i = 0; i < sizeof secrets / sizeof *secrets; i++)
        if (holds(block, live[place].size, secrets[i]))
            die("freed with", secrets[i]);
    live[place].block = NULL;
    free(block);
}

void *awsb_realloc(void *block, size_t size)
{
    void *moved = calloc(1, size);
    size_t place;

    if (moved == NULL)
        die("no memory", "");
    if (block != NULL) {
        size_t before = live[place_of(block)].size;

        memcpy(moved, block, before < size ? before : size);
        awsb_free(block);
    }
    place = place_of(NULL);
    live[place].block = moved;
    live[place].size = size;
    return moved;
}

static bool kept(const char *text)
{
    size_t i;

    for (i = 0; i < MOST_BLOCKS; i++)
        if (live[i].block != NULL && holds(live[i].block, live[i].size, text))
            return true;
    return false;
}

static void check_kept(const char *text, bool expected)
{
    if (kept(text) != expected)
        die(expected ? "not kept:" : "still kept:", text);
}

struct call {
    const char *secret, *token, *path, *timestamp, *method;
};

static void add(struct awsb_pair *headers, size_t *count, const char *name, const char *value)
{
    headers[*count].name = awsb_view_of(name);
    headers[*count].value = awsb_view_of(value);
    headers[*count].order = *count;
    ++*count;
}

static void authorize(struct awsb_signer *signer, const struct call *call)
{
    struct awsb_pair headers[4];
    struct awsb_sigv4_request request = {0};
    struct awsb_sigv4_scope scope;
    struct awsb_view authorization;

    add(headers, &request.header_count, "host", "backup.us-east-1.amazonaws.com");
    add(headers, &request.header_count, "user-agent", "lua");
    add(headers, &request.header_count, "x-amz-date", call->timestamp);
    if (call->token != NULL)
        add(headers, &request.header_count, "x-amz-security-token", call->token);
    request.headers = headers;
    request.method = awsb_view_of(call->method);
    request.path = awsb_view_of(call->path);
    scope.access_key_id = awsb_view_of("AKID");
    scope.secret_access_key = awsb_view_of(call->secret);
    scope.region = awsb_view_of("us-east-1");
    scope.service = awsb_view_of("backup");
    scope.timestamp = awsb_view_of(call->timestamp);
    if (awsb_signer_authorize(signer, &request, &scope, &authorization) != AWSB_OK)
        die("refused:", awsb_signer_message(signer));
    printf("%.*s\n", (int)authorization.size, authorization.data);
}

/* Each call comes at once after the other, and then again with another second and other labels. */
static void authorize_all(struct awsb_signer *signer, const char *secret, const char *token)
{
    const struct call calls[] = {
        {secret, token, "/a", "20260102T030405Z", "GET"},
        {secret, token, "/a", "20260102T030405Z", "GET"},
        {secret, token, "/a", "20260102T030406Z", "GET"},
        {secret, token, "/a-longer/path/than/before", "20260102T030406Z", "GET"},
        {secret, token, "/a", "20260102T030406Z", "GET"},
        {secret, token, "/a", "20260102T030406Z", "PUT"},
        {secret, token, "/b", "20260102T030407Z", "PUT"},
    };
    size_t i;

    for (i = 0; i < sizeof calls / sizeof *calls; i++)
        authorize(signer, &calls[i]);
}

int main(void)
{
    struct awsb_signer *signer = awsb_signer_new();
    struct call refused = {first_secret, first_token, "/a", "20260102T030405Z", "GET"};
    size_t i;

    if (signer == NULL)
        die("no signer", "");
    authorize_all(signer, first_secret, first_token);
    check_kept("first-token", true);
    refused.token = second_token;
    authorize(signer, &refused); /* the same secret with another token */
    check_kept("first-token", false);
    authorize_all(signer, second_secret, NULL);
    check_kept("first+secret", false);
    check_kept("second-token", false);
    authorize_all(signer, second_secret, second_token);
    check_kept("second+secret", true);
    authorize_all(signer, first_secret, first_token);
    check_kept("second+secret", false);
    check_kept("second-token", false);
    awsb_signer_free(signer);
    for (i = 0; i < MOST_BLOCKS; i++)
        if (live[i].block != NULL)
            die("never freed", "");
    puts("done");
    return 0;
}
