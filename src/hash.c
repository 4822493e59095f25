#include "hash.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "mem.h"

#define BLOCK_SIZE 64 /* of SHA-256, FIPS 180-4 */
#define INNER_PAD 0x36
#define OUTER_PAD 0x5c

/* Since 3.0 an algorithm is fetched from a provider; the implicit fetch of each EVP_DigestInit
 * costs more than the hash of a request, so it is done once. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define HAVE_FETCH 1
#else
#define HAVE_FETCH 0
#endif

struct awsb_hasher {
    EVP_MD_CTX *context;
    const EVP_MD *digest;
#if HAVE_FETCH
    EVP_MD *fetched; /* owns what `digest` points to */
#endif
};

static bool fill_hasher(struct awsb_hasher *hasher)
{
    hasher->context = EVP_MD_CTX_new();
#if HAVE_FETCH
    hasher->fetched = EVP_MD_fetch(NULL, "SHA2-256", NULL);
    hasher->digest = hasher->fetched;
#else
    hasher->digest = EVP_sha256();
#endif
    return hasher->context != NULL && hasher->digest != NULL;
}

struct awsb_hasher *awsb_hasher_new(void)
{
    struct awsb_hasher *hasher = awsb_realloc(NULL, sizeof *hasher);

    if (hasher == NULL)
        return NULL;
    memset(hasher, 0, sizeof *hasher);
    ERR_set_mark(); /* other modules of the process read the same error queue */
    if (!fill_hasher(hasher)) {
        awsb_hasher_free(hasher);
        hasher = NULL;
    }
    ERR_pop_to_mark();
    return hasher;
}

void awsb_hasher_free(struct awsb_hasher *hasher)
{
    if (hasher == NULL)
        return;
    EVP_MD_CTX_free(hasher->context);
#if HAVE_FETCH
    EVP_MD_free(hasher->fetched);
#endif
    awsb_free(hasher);
}

/* The hash of two pieces, as if they were one. */
static enum awsb_err digest(struct awsb_hasher *hasher, struct awsb_view first,
                            struct awsb_view second, unsigned char out[AWSB_SHA256_SIZE])
{
    EVP_MD_CTX *context = hasher->context;
    bool done;

    ERR_set_mark();
    done = EVP_DigestInit_ex(context, hasher->digest, NULL) == 1 &&
           EVP_DigestUpdate(context, first.data, first.size) == 1 &&
           EVP_DigestUpdate(context, second.data, second.size) == 1 &&
           EVP_DigestFinal_ex(context, out, NULL) == 1;
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

enum awsb_err awsb_sha256(struct awsb_hasher *hasher, struct awsb_view data,
                          unsigned char out[AWSB_SHA256_SIZE])
{
    return digest(hasher, data, awsb_view("", 0), out);
}

static void pad(unsigned char block[BLOCK_SIZE], unsigned char with)
{
    size_t i;

    for (i = 0; i < BLOCK_SIZE; i++)
        block[i] = (unsigned char)(block[i] ^ with);
}

static struct awsb_view bytes_of(const unsigned char *bytes, size_t size)
{
    return awsb_view((const char *)bytes, size);
}

enum awsb_err awsb_hmac_sha256(struct awsb_hasher *hasher, struct awsb_view key,
                               struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    /* Written out over the digest because OpenSSL's HMAC() allocates and fetches on each call. */
    unsigned char block[BLOCK_SIZE] = {0};
    unsigned char inner[AWSB_SHA256_SIZE];
    enum awsb_err err = AWSB_OK;

    if (key.size > BLOCK_SIZE)
        err = awsb_sha256(hasher, key, block);
    else if (key.size > 0)
        memcpy(block, key.data, key.size);
    pad(block, INNER_PAD);
    if (err == AWSB_OK)
        err = digest(hasher, bytes_of(block, sizeof block), data, inner);
    pad(block, INNER_PAD ^ OUTER_PAD); /* undoes the first */
    if (err == AWSB_OK)
        err = digest(hasher, bytes_of(block, sizeof block), bytes_of(inner, sizeof inner), out);
    awsb_wipe(block, sizeof block);
    awsb_wipe(inner, sizeof inner);
    return err;
}

void awsb_hex(const unsigned char *bytes, size_t size, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t i;

    for (i = 0; i < size; i++) {
        out[2 * i] = digits[bytes[i] >> 4];
        out[2 * i + 1] = digits[bytes[i] & 15];
    }
}

enum awsb_err awsb_random(unsigned char *out, size_t size)
{
    bool done;

    if (size > INT_MAX)
        return AWSB_TOO_LARGE;
    ERR_set_mark();
    done = RAND_bytes(out, (int)size) == 1;
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

bool awsb_equal(struct awsb_view a, struct awsb_view b)
{
    return a.size == b.size && CRYPTO_memcmp(a.data, b.data, a.size) == 0;
}

void awsb_wipe(void *bytes, size_t size)
{
    if (size > 0)
        OPENSSL_cleanse(bytes, size);
}

const char *awsb_hash_version(void)
{
    return OpenSSL_version(OPENSSL_VERSION);
}
