/* Part of fault_server.c: its certificates, made on the spot, and what they are used for. */

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#define HOUR_S 3600L

static EVP_PKEY *make_key(void)
{
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(EVP_PKEY_RSA, NULL);
    EVP_PKEY *key = NULL;

    if (EVP_PKEY_keygen_init(context) != 1 ||
        EVP_PKEY_CTX_set_rsa_keygen_bits(context, 2048) != 1 ||
        EVP_PKEY_keygen(context, &key) != 1)
        die("EVP_PKEY_keygen");
    EVP_PKEY_CTX_free(context);
    return key;
}

static void add_extension(X509 *certificate, int what, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, what, value);

    if (extension == NULL || X509_add_ext(certificate, extension, -1) != 1)
        die("X509_add_ext");
    X509_EXTENSION_free(extension);
}

/* For "localhost", signed by itself, from two hours before its end. */
static X509 *make_certificate(EVP_PKEY *key, const char *common_name, long end_s)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);

    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), (long)time(NULL));
    X509_gmtime_adj(X509_getm_notBefore(certificate), end_s - 2 * HOUR_S);
    X509_gmtime_adj(X509_getm_notAfter(certificate), end_s);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)common_name, -1,
                               -1, 0);
    X509_set_issuer_name(certificate, name);
    add_extension(certificate, NID_basic_constraints, "critical,CA:TRUE");
    add_extension(certificate, NID_subject_alt_name, "DNS:localhost");
    if (X509_sign(certificate, key, EVP_sha256()) == 0)
        die("X509_sign");
    return certificate;
}

/* HTTP/2 for a client that offers it, though nothing here speaks it: a client must not offer it. */
static int prefer_http2(SSL *tls, const unsigned char **chosen, unsigned char *size,
                        const unsigned char *offered, unsigned int offered_size, void *unused)
{
    static const unsigned char known[] = "\x02h2\x08http/1.1";
    unsigned char *found = NULL;

    (void)tls;
    (void)unused;
    if (SSL_select_next_proto(&found, size, known, sizeof known - 1, offered, offered_size) !=
        OPENSSL_NPN_NEGOTIATED)
        return SSL_TLSEXT_ERR_NOACK;
    *chosen = found;
    return SSL_TLSEXT_ERR_OK;
}

static SSL_CTX *make_tls(EVP_PKEY *key, X509 *certificate)
{
    SSL_CTX *tls = SSL_CTX_new(TLS_server_method());

    if (tls == NULL || SSL_CTX_use_certificate(tls, certificate) != 1 ||
        SSL_CTX_use_PrivateKey(tls, key) != 1)
        die("SSL_CTX");
    SSL_CTX_set_alpn_select_cb(tls, prefer_http2, NULL);
    return tls;
}

/* Speaks TLS 1.1 at most, which nobody shall accept any more. */
static SSL_CTX *make_old_tls(EVP_PKEY *key, X509 *certificate)
{
    SSL_CTX *tls = make_tls(key, certificate);

    SSL_CTX_set_security_level(tls, 0);
    if (SSL_CTX_set_min_proto_version(tls, TLS1_VERSION) != 1 ||
        SSL_CTX_set_max_proto_version(tls, TLS1_1_VERSION) != 1)
        die("SSL_CTX_set_max_proto_version");
    return tls;
}

/* The certificates as a bundle, so that trust in one that is expired is not what it lacks. */
static void write_certificates(const char *path, X509 *first, X509 *second)
{
    FILE *file = fopen(path, "w");

    if (file == NULL || PEM_write_X509(file, first) != 1 || PEM_write_X509(file, second) != 1 ||
        fclose(file) != 0)
        die(path);
}
