#include "signing_key.h"

#include <string.h>

#define SECRET_PREFIX "AWS4"
#define MAX_IDENTITY_SIZE (AWSB_MAX_SECRET_SIZE + 1024) /* the signer bounds the other parts */

void awsb_signing_key_init(struct awsb_signing_key *key)
{
    memset(key, 0, sizeof *key);
    awsb_buf_init_wiping(&key->identity, MAX_IDENTITY_SIZE);
}

void awsb_signing_key_clear(struct awsb_signing_key *key)
{
    awsb_buf_clear(&key->identity);
    awsb_wipe(&key->hmac, sizeof key->hmac);
    key->valid = false;
}

/* The sizes of region and service tell where each part begins. */
static void write_identity(struct awsb_signing_key *key, const struct awsb_signing_scope *scope)
{
    struct awsb_buf *out = &key->identity;

    awsb_buf_reset(out);
    awsb_buf_add(out, scope->date);
    awsb_buf_add(out, scope->region);
    awsb_buf_add(out, scope->service);
    awsb_buf_add_text(out, SECRET_PREFIX);
    awsb_buf_add(out, scope->secret);
    key->region_size = scope->region.size;
    key->service_size = scope->service.size;
}

/* Takes the next part of the identity, if it is this one and not as secret as the last. */
static bool next_is(struct awsb_view *rest, struct awsb_view part)
{
    if (part.size > rest->size || !awsb_view_same(awsb_view(rest->data, part.size), part))
        return false;
    *rest = awsb_view(rest->data + part.size, rest->size - part.size);
    return true;
}

bool awsb_signing_key_serves(const struct awsb_signing_key *key,
                             const struct awsb_signing_scope *scope)
{
    struct awsb_view rest = awsb_buf_view(&key->identity);

    return key->valid && scope->region.size == key->region_size &&
           scope->service.size == key->service_size && next_is(&rest, scope->date) &&
           next_is(&rest, scope->region) && next_is(&rest, scope->service) &&
           next_is(&rest, awsb_view(SECRET_PREFIX, sizeof SECRET_PREFIX - 1)) &&
           awsb_equal(rest, scope->secret);
}

/* General reference, "Calculate the signature", step one. */
static enum awsb_err derive(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                            const struct awsb_signing_scope *scope)
{
    size_t secret_size = strlen(SECRET_PREFIX) + scope->secret.size; /* the end of the identity */
    struct awsb_view last =
        awsb_view(key->identity.data + (key->identity.size - secret_size), secret_size);
    struct awsb_view steps[4];
    size_t i;

    steps[0] = scope->date;
    steps[1] = scope->region;
    steps[2] = scope->service;
    steps[3] = awsb_view_of(AWSB_SIGNING_TERMINATOR);
    for (i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        enum awsb_err err = awsb_hmac_sha256(hasher, last, steps[i], key->hmac.bytes);

        if (err != AWSB_OK)
            return err;
        last = awsb_view((const char *)key->hmac.bytes, sizeof key->hmac.bytes);
    }
    awsb_hmac_prepare(hasher, &key->hmac);
    return AWSB_OK;
}

enum awsb_err awsb_signing_key_derive(struct awsb_signing_key *key, struct awsb_hasher *hasher,
                                      const struct awsb_signing_scope *scope)
{
    enum awsb_err err;

    key->valid = false;
    awsb_wipe(&key->hmac, sizeof key->hmac);
    write_identity(key, scope);
    err = key->identity.err;
    if (err == AWSB_OK)
        err = derive(key, hasher, scope);
    key->valid = err == AWSB_OK;
    return err;
}
