#include "signing_key.h"

#include <string.h>

#define SECRET_PREFIX "AWS4"
#define MAX_IDENTITY_SIZE (AWSB_MAX_SECRET_SIZE + 1024) /* the signer bounds the other parts */

void awsb_signing_key_init(struct awsb_signing_key *key)
{
    memset(key, 0, sizeof *key);
    awsb_buf_init_wiping(&key->identity, MAX_IDENTITY_SIZE);
    awsb_buf_init_wiping(&key->wanted, MAX_IDENTITY_SIZE);
}

void awsb_signing_key_clear(struct awsb_signing_key *key)
{
    awsb_buf_clear(&key->identity);
    awsb_buf_clear(&key->wanted);
    awsb_wipe(key->bytes, sizeof key->bytes);
    key->valid = key->loaded = false;
}

static struct awsb_view view_of(const struct awsb_signing_key *key)
{
    return awsb_view((const char *)key->bytes, sizeof key->bytes);
}

/* The secret comes last and the other parts hold no control character: no two scopes look alike. */
static void write_identity(const struct awsb_signing_scope *scope, struct awsb_buf *out)
{
    awsb_buf_reset(out);
    awsb_buf_add(out, scope->date);
    awsb_buf_add_byte(out, '\n');
    awsb_buf_add(out, scope->region);
    awsb_buf_add_byte(out, '\n');
    awsb_buf_add(out, scope->service);
    awsb_buf_add_text(out, "\n" SECRET_PREFIX);
    awsb_buf_add(out, scope->secret);
}

/* General reference, "Calculate the signature", step one. */
static enum awsb_err derive(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                            const struct awsb_signing_scope *scope)
{
    size_t secret_size = strlen(SECRET_PREFIX) + scope->secret.size; /* the end of the identity */
    struct awsb_view secret =
        awsb_view(key->identity.data + (key->identity.size - secret_size), secret_size);
    struct awsb_view steps[4];
    struct awsb_view last = secret;
    size_t i;

    steps[0] = scope->date;
    steps[1] = scope->region;
    steps[2] = scope->service;
    steps[3] = awsb_view_of(AWSB_SIGNING_TERMINATOR);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum awsb_err err = awsb_hmac_sha256(hasher, last, steps[i], key->bytes);

        if (err != AWSB_OK)
            return err;
        last = view_of(key);
    }
    return AWSB_OK;
}

enum awsb_err awsb_signing_key_prepare(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                                       const struct awsb_signing_scope *scope)
{
    bool same;
    enum awsb_err err;

    write_identity(scope, &key->wanted);
    if (key->wanted.err != AWSB_OK)
        return key->wanted.err;
    same = key->valid && awsb_equal(awsb_buf_view(&key->wanted), awsb_buf_view(&key->identity));
    awsb_buf_reset(&key->wanted);
    if (same)
        return AWSB_OK;
    key->valid = key->loaded = false;
    write_identity(scope, &key->identity);
    err = key->identity.err;
    if (err == AWSB_OK)
        err = derive(key, hasher, scope);
    key->valid = err == AWSB_OK;
    return err;
}

enum awsb_err awsb_signing_key_mac(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                                   struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    enum awsb_err err = key->loaded ? awsb_hmac_sha256_again(hasher, view_of(key), data, out)
                                    : awsb_hmac_sha256(hasher, view_of(key), data, out);

    key->loaded = err == AWSB_OK;
    return err;
}
