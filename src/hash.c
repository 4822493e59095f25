#include "hash.h"

#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/pem.h>
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

/* Before 3.0.3 a context without a new key was not reset. */
static bool keeps_key(void)
{
    return OpenSSL_version_num() >= 0x30000030L;
}

/* Without a key: that of the last time. */
static bool compute_mac(struct awsb_hasher *hasher, const struct awsb_view *key,
                        struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    EVP_MAC_CTX *context = hasher->mac_context;
    size_t written;

    return EVP_MAC_init(context, key != NULL ? bytes_of(*key) : NULL, key != NULL ? key->size : 0,
                        NULL) == 1 &&
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

static bool keeps_key(void)
{
    return true;
}

/* Without a key: that of the last time. */
static bool start_mac(struct awsb_hasher *hasher, const struct awsb_view *key)
{
    if (key == NULL)
        return HMAC_Init_ex(hasher->mac_context, NULL, 0, NULL, NULL) == 1;
    return key->size <= INT_MAX && HMAC_Init_ex(hasher->mac_context, bytes_of(*key),
                                                (int)key->size, hasher->digest, NULL) == 1;
}

static bool compute_mac(struct awsb_hasher *hasher, const struct awsb_view *key,
                        struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    HMAC_CTX *context = hasher->mac_context;

    return start_mac(hasher, key) && HMAC_Update(context, bytes_of(data), data.size) == 1 &&
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
    done = compute_mac(hasher, &key, data, out);
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

enum awsb_err awsb_hmac_sha256_again(struct awsb_hasher *hasher, struct awsb_view key,
                                     struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    bool done;

    if (!keeps_key())
        return awsb_hmac_sha256(hasher, key, data, out);
    ERR_set_mark();
    done = compute_mac(hasher, NULL, data, out);
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

enum awsb_err awsb_sha1(struct awsb_view data, unsigned char out[AWSB_SHA1_SIZE])
{
    bool done;

    ERR_set_mark();
    done = EVP_Digest(data.data, data.size, out, NULL, EVP_sha1(), NULL) == 1;
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

/* Keys of the curve P-256. */

#define MOST_DER_BYTES 80 /* a signature of that curve takes up to 72 */

/* Instead of OpenSSL's own, which asks on the terminal. */
static int refuse_passphrase(char *out, int size, int is_new, void *asked)
{
    (void)out;
    (void)size;
    (void)is_new;
    *(bool *)asked = true;
    return -1;
}

static EVP_PKEY *read_private_key(struct awsb_view pem, bool *encrypted)
{
    BIO *source = pem.size <= INT_MAX ? BIO_new_mem_buf(bytes_of(pem), (int)pem.size) : NULL;
    EVP_PKEY *key = NULL;

    *encrypted = false;
    if (source != NULL)
        key = PEM_read_bio_PrivateKey(source, NULL, refuse_passphrase, encrypted);
    BIO_free(source);
    return key;
}

static bool write_number(const BIGNUM *number, unsigned char out[AWSB_P256_SIZE])
{
    return BN_bn2binpad(number, out, AWSB_P256_SIZE) == AWSB_P256_SIZE;
}

#if HAVE_FETCH

static bool is_p256(const EVP_PKEY *key)
{
    char group[sizeof SN_X9_62_prime256v1];
    size_t size;

    return EVP_PKEY_is_a(key, "EC") == 1 &&
           EVP_PKEY_get_group_name(key, group, sizeof group, &size) == 1 &&
           strcmp(group, SN_X9_62_prime256v1) == 0;
}

static bool get_point(const EVP_PKEY *key, BIGNUM *x, BIGNUM *y)
{
    return EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
           EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1;
}

#else

static bool is_p256(EVP_PKEY *key)
{
    const EC_KEY *curve_key = EVP_PKEY_base_id(key) == EVP_PKEY_EC ? EVP_PKEY_get0_EC_KEY(key)
                                                                   : NULL;

    return curve_key != NULL &&
           EC_GROUP_get_curve_name(EC_KEY_get0_group(curve_key)) == NID_X9_62_prime256v1;
}

static bool get_point(EVP_PKEY *key, BIGNUM *x, BIGNUM *y)
{
    const EC_KEY *curve_key = EVP_PKEY_get0_EC_KEY(key);
    const EC_POINT *point = EC_KEY_get0_public_key(curve_key);

    return point != NULL &&
           EC_POINT_get_affine_coordinates(EC_KEY_get0_group(curve_key), point, x, y, NULL) == 1;
}

#endif

/* Whether the number is in its range and the point is its point: PEM can hold anything. */
static bool is_sound(EVP_PKEY *key)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key, NULL);
    bool sound = context != NULL && EVP_PKEY_check(context) == 1;

    EVP_PKEY_CTX_free(context);
    return sound;
}

/* The key, or NULL and why not. */
static EVP_PKEY *read_p256_key(struct awsb_view pem, const char **why)
{
    bool encrypted;
    EVP_PKEY *key = read_private_key(pem, &encrypted);

    *why = NULL;
    if (key == NULL)
        *why = encrypted ? "the private key is encrypted; it has to be stored without a passphrase"
                         : "this is no private key in PEM form";
    else if (!is_p256(key))
        *why = "the private key is none of the elliptic curve P-256";
    else if (!is_sound(key))
        *why = "the private key is damaged: it has no valid number, or another key's point";
    if (*why == NULL)
        return key;
    EVP_PKEY_free(key);
    return NULL;
}

/* From OpenSSL's DER to the two numbers side by side: RFC 7518, 3.4. */
static bool unwrap_signature(const unsigned char *der, size_t size,
                             unsigned char out[AWSB_ES256_SIZE])
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)size);
    bool done = signature != NULL && write_number(ECDSA_SIG_get0_r(signature), out) &&
                write_number(ECDSA_SIG_get0_s(signature), out + AWSB_P256_SIZE);

    ECDSA_SIG_free(signature);
    return done;
}

static bool sign(EVP_PKEY *key, struct awsb_view message, unsigned char out[AWSB_ES256_SIZE])
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    unsigned char der[MOST_DER_BYTES];
    size_t size = sizeof der;
    bool done = context != NULL &&
                EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
                EVP_DigestSign(context, der, &size, bytes_of(message), message.size) == 1 &&
                unwrap_signature(der, size, out);

    EVP_MD_CTX_free(context);
    return done;
}

const char *awsb_es256_sign(struct awsb_view pem, struct awsb_view message,
                            unsigned char out[AWSB_ES256_SIZE])
{
    const char *why;
    EVP_PKEY *key;

    ERR_set_mark();
    key = read_p256_key(pem, &why);
    if (key != NULL && !sign(key, message, out))
        why = "OpenSSL refused to sign with the private key";
    EVP_PKEY_free(key);
    ERR_pop_to_mark();
    return why;
}

const char *awsb_p256_public_key(struct awsb_view pem, unsigned char x[AWSB_P256_SIZE],
                                 unsigned char y[AWSB_P256_SIZE])
{
    BIGNUM *x_number, *y_number;
    const char *why;
    EVP_PKEY *key;

    ERR_set_mark();
    x_number = BN_new();
    y_number = BN_new();
    key = read_p256_key(pem, &why);
    if (key != NULL &&
        !(x_number != NULL && y_number != NULL && get_point(key, x_number, y_number) &&
          write_number(x_number, x) && write_number(y_number, y)))
        why = "OpenSSL refused to derive the public key";
    EVP_PKEY_free(key);
    BN_free(x_number);
    BN_free(y_number);
    ERR_pop_to_mark();
    return why;
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
