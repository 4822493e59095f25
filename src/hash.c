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
#include <openssl/sha.h>

/* Since 3.0 an algorithm, HMAC among them, is fetched from a provider; the implicit fetch of each
 * use costs more than the hash of a request, so it is done once. */
#if OPENSSL_VERSION_NUMBER >= 0x30000000L
#define HAVE_FETCH 1
#include <openssl/core_names.h>
#include <openssl/params.h>
#include <openssl/provider.h>
#else
#define HAVE_FETCH 0
#include <openssl/hmac.h>
#endif

/* The functions for SHA-256 that are older than EVP. Since 3.0 deprecated, not gone; a build without
 * them, or with AWSB_HASH_BY_EVP, takes EVP. */
#if defined(AWSB_HASH_BY_EVP) || (HAVE_FETCH && defined(OPENSSL_NO_DEPRECATED_3_0))
#define HAVE_STATES 0
#else
#define HAVE_STATES 1
#endif

#include "mem.h"

struct awsb_hasher {
    bool keeps_states; /* then it needs nothing of the rest */
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

static bool open_contexts(struct awsb_hasher *hasher)
{
    hasher->digest_context = EVP_MD_CTX_new();
    hasher->fetched = EVP_MD_fetch(NULL, DIGEST_NAME, NULL);
    hasher->digest = hasher->fetched;
    hasher->mac_context = new_mac_context();
    return hasher->digest_context != NULL && hasher->digest != NULL && hasher->mac_context != NULL;
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

static bool open_contexts(struct awsb_hasher *hasher)
{
    hasher->digest_context = EVP_MD_CTX_new();
    hasher->digest = EVP_sha256();
    hasher->mac_context = HMAC_CTX_new();
    return hasher->digest_context != NULL && hasher->digest != NULL && hasher->mac_context != NULL;
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

/* Hashing by states: `done` says how many bytes, whole blocks, have led to one. */

#if HAVE_STATES

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

/* What is certified for FIPS is what a provider offers, and that EVP alone reaches. */
static bool may_keep_states(void)
{
#if HAVE_FETCH
    return EVP_default_properties_is_fips_enabled(NULL) != 1 &&
           OSSL_PROVIDER_available(NULL, "fips") != 1;
#else
    return FIPS_mode() == 0;
#endif
}

static void resume(SHA256_CTX *state, const struct awsb_sha256_front *front, size_t done)
{
    SHA256_Init(state);
    if (done == 0)
        return;
    memcpy(state->h, front->words, sizeof front->words);
    state->Nl = (SHA_LONG)(done << 3); /* the length in bits, in two halves */
    state->Nh = (SHA_LONG)(done >> 29);
}

static void advance(const struct awsb_sha256_front *from, size_t done, struct awsb_view start,
                    struct awsb_sha256_front *front)
{
    SHA256_CTX state;

    front->size = start.size - start.size % AWSB_SHA256_BLOCK_SIZE;
    resume(&state, from, done);
    SHA256_Update(&state, start.data, front->size);
    memcpy(front->words, state.h, sizeof front->words);
    awsb_wipe(state.h, sizeof state.h);
}

/* What is left of the text goes out with the hash; SHA256_Final wipes the bytes that it buffered. */
static void finish(const struct awsb_sha256_front *front, size_t done, struct awsb_view rest,
                   unsigned char out[AWSB_SHA256_SIZE])
{
    SHA256_CTX state;

    resume(&state, front, done);
    SHA256_Update(&state, rest.data, rest.size);
    SHA256_Final(out, &state);
}

/* In one state and `out`: what is in them in between is overwritten. */
static void finish_mac(const struct awsb_sha256_front *inner, size_t done, struct awsb_view rest,
                       const struct awsb_sha256_front *outer, unsigned char out[AWSB_SHA256_SIZE])
{
    SHA256_CTX state;

    resume(&state, inner, done);
    SHA256_Update(&state, rest.data, rest.size);
    SHA256_Final(out, &state);
    resume(&state, outer, AWSB_SHA256_BLOCK_SIZE);
    SHA256_Update(&state, out, AWSB_SHA256_SIZE);
    SHA256_Final(out, &state);
}

#pragma GCC diagnostic pop

#else

static bool may_keep_states(void)
{
    return false;
}

static void advance(const struct awsb_sha256_front *from, size_t done, struct awsb_view start,
                    struct awsb_sha256_front *front)
{
    (void)done;
    (void)start;
    *front = *from;
}

static void finish(const struct awsb_sha256_front *front, size_t done, struct awsb_view rest,
                   unsigned char out[AWSB_SHA256_SIZE])
{
    (void)front;
    (void)done;
    (void)rest;
    memset(out, 0, AWSB_SHA256_SIZE);
}

static void finish_mac(const struct awsb_sha256_front *inner, size_t done, struct awsb_view rest,
                       const struct awsb_sha256_front *outer, unsigned char out[AWSB_SHA256_SIZE])
{
    (void)outer;
    finish(inner, done, rest, out);
}

#endif

static const struct awsb_sha256_front nothing_done;

#define INNER_PAD 0x36 /* RFC 2104 */
#define OUTER_PAD 0x5c

/* The front of whatever a key of at most a block is padded with. */
static void begin_padded(struct awsb_view key, unsigned char pad, struct awsb_sha256_front *front)
{
    unsigned char block[AWSB_SHA256_BLOCK_SIZE];
    size_t i;

    memset(block, pad, sizeof block);
    for (i = 0; i < key.size; i++)
        block[i] ^= (unsigned char)key.data[i];
    advance(&nothing_done, 0, awsb_view((const char *)block, sizeof block), front);
    awsb_wipe(block, sizeof block);
}

static void hmac_by_states(struct awsb_view key, struct awsb_view data,
                           unsigned char out[AWSB_SHA256_SIZE])
{
    unsigned char short_key[AWSB_SHA256_SIZE] = {0};
    struct awsb_sha256_front inner, outer;

    if (key.size > AWSB_SHA256_BLOCK_SIZE) {
        finish(&nothing_done, 0, key, short_key);
        key = awsb_view((const char *)short_key, sizeof short_key);
    }
    begin_padded(key, INNER_PAD, &inner);
    begin_padded(key, OUTER_PAD, &outer);
    finish_mac(&inner, AWSB_SHA256_BLOCK_SIZE, data, &outer, out);
    awsb_wipe(short_key, sizeof short_key);
    awsb_wipe(&inner, sizeof inner);
    awsb_wipe(&outer, sizeof outer);
}

struct awsb_hasher *awsb_hasher_new(void)
{
    struct awsb_hasher *hasher = awsb_realloc(NULL, sizeof *hasher);

    if (hasher == NULL)
        return NULL;
    memset(hasher, 0, sizeof *hasher);
    ERR_set_mark(); /* other modules of the process read the same error queue */
    hasher->keeps_states = may_keep_states();
    if (!hasher->keeps_states && !open_contexts(hasher)) {
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

static enum awsb_err hash_by_evp(struct awsb_hasher *hasher, struct awsb_view data,
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

static enum awsb_err hmac_by_evp(struct awsb_hasher *hasher, const struct awsb_view *key,
                                 struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    bool done;

    ERR_set_mark();
    done = compute_mac(hasher, key, data, out);
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

enum awsb_err awsb_sha256(struct awsb_hasher *hasher, struct awsb_view data,
                          unsigned char out[AWSB_SHA256_SIZE])
{
    return awsb_sha256_end(hasher, &nothing_done, data, out);
}

void awsb_sha256_begin(const struct awsb_hasher *hasher, struct awsb_view start,
                       struct awsb_sha256_front *front)
{
    *front = nothing_done;
    if (hasher->keeps_states)
        advance(&nothing_done, 0, start, front);
}

static struct awsb_view behind(struct awsb_view text, size_t done)
{
    return done == 0 ? text : awsb_view(text.data + done, text.size - done);
}

enum awsb_err awsb_sha256_end(struct awsb_hasher *hasher, const struct awsb_sha256_front *front,
                              struct awsb_view text, unsigned char out[AWSB_SHA256_SIZE])
{
    if (!hasher->keeps_states)
        return hash_by_evp(hasher, text, out);
    finish(front, front->size, behind(text, front->size), out);
    return AWSB_OK;
}

enum awsb_err awsb_hmac_sha256(struct awsb_hasher *hasher, struct awsb_view key,
                               struct awsb_view data, unsigned char out[AWSB_SHA256_SIZE])
{
    if (!hasher->keeps_states)
        return hmac_by_evp(hasher, &key, data, out);
    hmac_by_states(key, data, out);
    return AWSB_OK;
}

static struct awsb_view bytes_of_key(const struct awsb_hmac_key *key)
{
    return awsb_view((const char *)key->bytes, sizeof key->bytes);
}

void awsb_hmac_prepare(const struct awsb_hasher *hasher, struct awsb_hmac_key *key)
{
    key->loaded = false;
    if (!hasher->keeps_states)
        return;
    begin_padded(bytes_of_key(key), INNER_PAD, &key->inner);
    begin_padded(bytes_of_key(key), OUTER_PAD, &key->outer);
}

void awsb_hmac_begin(const struct awsb_hasher *hasher, const struct awsb_hmac_key *key,
                     struct awsb_view start, struct awsb_sha256_front *front)
{
    *front = nothing_done;
    if (hasher->keeps_states)
        advance(&key->inner, AWSB_SHA256_BLOCK_SIZE, start, front);
}

enum awsb_err awsb_hmac_end(struct awsb_hasher *hasher, struct awsb_hmac_key *key,
                            const struct awsb_sha256_front *front, struct awsb_view text,
                            unsigned char out[AWSB_SHA256_SIZE])
{
    struct awsb_view bytes = bytes_of_key(key);
    enum awsb_err err;

    if (hasher->keeps_states) {
        finish_mac(front->size > 0 ? front : &key->inner, AWSB_SHA256_BLOCK_SIZE + front->size,
                   behind(text, front->size), &key->outer, out);
        return AWSB_OK;
    }
    err = hmac_by_evp(hasher, key->loaded && keeps_key() ? NULL : &bytes, text, out);
    key->loaded = err == AWSB_OK;
    return err;
}

enum awsb_err awsb_sha1(struct awsb_view data, unsigned char out[AWSB_SHA1_SIZE])
{
    bool done;

    ERR_set_mark();
    done = EVP_Digest(data.data, data.size, out, NULL, EVP_sha1(), NULL) == 1;
    ERR_pop_to_mark();
    return done ? AWSB_OK : AWSB_CRYPTO;
}

/* All bytes as digits: "00", "01" and so on. */
#define SIXTEEN(high)                                                                              \
    high "0" high "1" high "2" high "3" high "4" high "5" high "6" high "7" high "8" high "9" high \
         "a" high "b" high "c" high "d" high "e" high "f"

static const char digit_pairs[] = SIXTEEN("0") SIXTEEN("1") SIXTEEN("2") SIXTEEN("3") SIXTEEN("4")
    SIXTEEN("5") SIXTEEN("6") SIXTEEN("7") SIXTEEN("8") SIXTEEN("9") SIXTEEN("a") SIXTEEN("b")
        SIXTEEN("c") SIXTEEN("d") SIXTEEN("e") SIXTEEN("f");

static void write_digits(const unsigned char *byte, char *out)
{
    size_t value = *byte;

    memcpy(out, digit_pairs + 2 * value, 2);
}

/* By fours: three hashes a signature go through here. */
void awsb_hex(const unsigned char *bytes, size_t size, char *out)
{
    for (; size >= 4; size -= 4, bytes += 4, out += 8) {
        write_digits(bytes, out);
        write_digits(bytes + 1, out + 2);
        write_digits(bytes + 2, out + 4);
        write_digits(bytes + 3, out + 6);
    }
    for (; size > 0; size--, bytes++, out += 2)
        write_digits(bytes, out);
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

static uint64_t difference_of_words(const char *a, const char *b)
{
    uint64_t left, right;

    memcpy(&left, a, sizeof left);
    memcpy(&right, b, sizeof right);
    return left ^ right;
}

static uint64_t difference_of_bytes(const char *a, const char *b, size_t size)
{
    uint64_t difference = 0;
    size_t i;

    for (i = 0; i < size; i++)
        difference |= (unsigned char)(a[i] ^ b[i]);
    return difference;
}

/* By words, unlike CRYPTO_memcmp: a session token has a thousand bytes. */
bool awsb_equal(struct awsb_view a, struct awsb_view b)
{
    volatile uint64_t all; /* so that no optimiser sees what is asked of it, and leaves early */
    uint64_t difference = 0;
    size_t i;

    if (a.size != b.size)
        return false;
    for (i = 0; a.size - i >= sizeof difference; i += sizeof difference)
        difference |= difference_of_words(a.data + i, b.data + i);
    difference |= difference_of_bytes(a.data + i, b.data + i, a.size - i);
    all = difference;
    return all == 0;
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
