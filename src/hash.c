#include "hash.h"

#include <limits.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

/* Since 3.0 an algorithm, HMAC among them, is fetched from a provider; the implicit fetch of each
 * use costs more than the hash of a request, so it is done once. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define HAVE_FETCH 1
#include <openssl/core_names.h>
#include <openssl/params.h>
#else
#define HAVE_FETCH 0
#include <openssl/hmac.h>
#endif

#include "mem.h"

struct awsb_hasher {
    EVP_MD_CTX *digest_context;
    const EVP_MD *digest;
#if HAVE_FETCH
    EVP_MD *fetched; /* owns what `digest` points to */
    EVP_MAC_CTX *mac_context;
#else
    HMAC_CTX *mac_context;
#endif
};

/* Never NULL: OpenSSL takes a NULL key for "the same as before". */
static const unsigned char *bytes_of(struct awsb_view view)
{
    return (const unsigned char *)(view.size > 0 ? view.data : "");
}

#if HAVE_FETCH

#define DIGEST_NAME "SHA2-256"

/* HMAC with SHA-256, without a key yet. */
static EVP_MAC_CTX *new_mac_context(void)
{
    char digest[] = DIGEST_NAME; /* the parameter is no pointer to const */
    EVP_MAC *mac = EVP_MAC_fetch(NULL, OSSL_MAC_NAME_HMAC, NULL);
    EVP_MAC_CTX *context = mac != NULL ? EVP_MAC_CTX_new(mac) : NULL;
    OSSL_PARAM params[2];

    EVP_MAC_free(mac); /* the context holds it */
    params[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
    params[1] = OSSL_PARAM_construct_end();
    if (context != NULL && EVP_MAC_CTX_set_params(context, params) == 1)
        return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

static void open_contexts(struct awsb_hasher *hasher)
{
    hasher->digest_context = EVP_MD_CTX_new();
    hasher->fetched = EVP_MD_fetch(NULL, DIGEST_NAME, NULL);
    hasher->digest = hasher->fetched;
    hasher->mac_context = new_mac_context();
}

static void close_contexts(struct awsb_hasher *hasher)
{
    EVP_MD_CTX_free(hasher->digest_context);
    EVP_MD_free(hasher->fetched);
    EVP_MAC_CTX_free(hasher->mac_context);
}

static bool compute_mac(struct awsb_hasher *hasher, struct awsb_view key, struct awsb_view data,
                        unsigned char out[AWSB_SHA256_SIZE])
{
    EVP_MAC_CTX *context = hasher->mac_context;
    size_t written;

    return EVP_MAC_init(context, bytes_of(key), key.size, NULL) == 1 &&
           EVP_MAC_update(context, bytes_of(data), data.size) == 1 &&
           EVP_MAC_final(context, out, &written, AWSB_SHA256_SIZE) == 1;
}

#else

static void open_contexts(struct awsb_hasher *hasher)
{
    hasher->digest_context = EVP_MD_CTX_new();
    hasher->digest = EVP_sha256();
    hasher->mac_context = HMAC_CTX_new();
}

static void close_contexts(struct awsb_hasher *hasher)
{
    EVP_MD_CTX_free(hasher->digest_context);
    HMAC_CTX_free(hasher->mac_context);
}

static bool compute_mac(struct awsb_hasher *hasher, struct awsb_view key, struct awsb_view data,
                        unsigned char out[AWSB_SHA256_SIZE])
{
    HMAC_CTX *context = hasher->mac_context;

    return key.size <= INT_MAX &&
           HMAC_Init_ex(context, bytes_of(key), (int)key.size, hasher->digest, NULL) == 1 &&
           HMAC_Update(context, bytes_of(data), data.size) == 1 &&
           HMAC_Final(context, out, NULL) == 1;
}

#endif

struct awsb_hasher *awsb_hasher_new(void)
{
    struct awsb_hasher *hasher = awsb_realloc(NULL, sizeof *hasher);

    if (hasher == NULL)
        return NULL;
    memset(hasher, 0, sizeof *hasher);
    ERR_set_mark(); /* other modules of the process read the same error queue */
    open_contexts(hasher);
    if (hasher->digest_context == NULL || hasher->digest == NULL || hasher->mac_context == NULL) {
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
    close_contexts(hasher);
    awsb_free(hasher);
}

enum awsb_err awsb_sha256(struct awsb_hasher *hasher, struct awsb_view data,
                          unsigned char out[AWSB_SHA256_SIZE])
{
    EVP_MD_CTX *context = hasher->digest_context;
    bool done;

    ERR_set_mark();
    done = EVP_DigestInit_ex(context, hasher->digest, NULL) == 1 &&
           EVP_DigestUpdate(context, data.data, data.size) == 1 &&
           EVP_DigestFinal_ex(context, out, NULL) == 1;
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

enum awsb_err awsb_hmac_sha256(struct awsb_hasher *hasher, struct awsb_view key,
                               struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    bool done;

    ERR_set_mark();
    done = compute_mac(hasher, key, data, out);
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
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
