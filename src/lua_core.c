#define _GNU_SOURCE /* dladdr, RTLD_NOLOAD, RTLD_NODELETE */

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "digits.h"
#include "hash.h"
#include "http.h"
#include "lua_glue.h"
#include "process.h"
#include "uri.h"
#include "utf8.h"
#include "uuid.h"

/* The module aws.backup.core: hashing, keys, encoding, clocks. What has objects of its own, and what
 * deals with the system, is beside it in other files. */

#define VERSION "0.1.0"
#define HASHER_TYPE "aws.backup.core.hasher"
#define UUID_SOURCE_TYPE "aws.backup.core.uuid_source"
#define MAX_RANDOM_BYTES 1024
#define NO_ENTROPY "OpenSSL's random generator has no entropy"
#define SLEEP_SLICE_MS 250 /* Lua sees Ctrl-C between two calls, never within one */

AWSB_EXPORT int luaopen_aws_backup_core(lua_State *L);

/* The hasher of this Lua state: a box in the registry. */
struct hasher_box {
    struct awsb_hasher *hasher;
};

static int finalize_hasher(lua_State *L)
{
    struct hasher_box *box = awsb_test_userdata(L, 1, HASHER_TYPE);
    struct awsb_hasher *hasher;

    if (box == NULL)
        return 0;
    hasher = box->hasher;
    box->hasher = NULL;
    awsb_hasher_free(hasher);
    return 0;
}

static int internal_to_string(lua_State *L)
{
    lua_pushliteral(L, "aws.backup.core internal");
    return 1;
}

static struct awsb_hasher *get_hasher(lua_State *L)
{
    struct hasher_box *box;

    lua_pushliteral(L, HASHER_TYPE ".shared");
    lua_rawget(L, LUA_REGISTRYINDEX);
    box = awsb_test_userdata(L, -1, HASHER_TYPE);
    lua_pop(L, 1); /* the registry keeps it */
    if (box == NULL || box->hasher == NULL)
        luaL_error(L, "aws.backup.core is being closed");
    return box != NULL ? box->hasher : NULL;
}

static void open_hasher(lua_State *L)
{
    struct hasher_box *box;

    lua_pushliteral(L, HASHER_TYPE ".shared");
    box = awsb_new_userdata(L, sizeof *box, HASHER_TYPE);
    box->hasher = awsb_hasher_new();
    if (box->hasher == NULL)
        luaL_error(L, "not enough memory, or an OpenSSL without SHA-256");
    lua_rawset(L, LUA_REGISTRYINDEX);
}

static void check_crypto(lua_State *L, enum awsb_err err)
{
    if (err != AWSB_OK)
        luaL_error(L, "OpenSSL refused to compute the hash");
}

static int sha256(lua_State *L)
{
    unsigned char hash[AWSB_SHA256_SIZE];

    check_crypto(L, awsb_sha256(get_hasher(L), awsb_check_view(L, 1), hash));
    lua_pushlstring(L, (const char *)hash, sizeof hash);
    return 1;
}

static int sha256_hex(lua_State *L)
{
    unsigned char hash[AWSB_SHA256_SIZE];
    char hex[AWSB_SHA256_HEX_SIZE];

    check_crypto(L, awsb_sha256(get_hasher(L), awsb_check_view(L, 1), hash));
    awsb_hex(hash, sizeof hash, hex);
    lua_pushlstring(L, hex, sizeof hex);
    return 1;
}

static int sha1_hex(lua_State *L)
{
    unsigned char hash[AWSB_SHA1_SIZE];
    char hex[2 * AWSB_SHA1_SIZE];

    check_crypto(L, awsb_sha1(awsb_check_view(L, 1), hash));
    awsb_hex(hash, sizeof hash, hex);
    lua_pushlstring(L, hex, sizeof hex);
    return 1;
}

static int hmac_sha256(lua_State *L)
{
    struct awsb_view key = awsb_check_view(L, 1);
    struct awsb_view data = awsb_check_view(L, 2);
    unsigned char mac[AWSB_SHA256_SIZE];

    check_crypto(L, awsb_hmac_sha256(get_hasher(L), key, data, mac));
    lua_pushlstring(L, (const char *)mac, sizeof mac);
    return 1;
}

static int push_refusal(lua_State *L, const char *why)
{
    lua_pushnil(L);
    lua_pushstring(L, why);
    return 2;
}

static int es256_sign(lua_State *L)
{
    struct awsb_view pem = awsb_check_view(L, 1);
    struct awsb_view message = awsb_check_view(L, 2);
    unsigned char signature[AWSB_ES256_SIZE];
    const char *why = awsb_es256_sign(pem, message, signature);

    if (why != NULL)
        return push_refusal(L, why);
    lua_pushlstring(L, (const char *)signature, sizeof signature);
    return 1;
}

static int p256_public_key(lua_State *L)
{
    unsigned char x[AWSB_P256_SIZE], y[AWSB_P256_SIZE];
    const char *why = awsb_p256_public_key(awsb_check_view(L, 1), x, y);

    if (why != NULL)
        return push_refusal(L, why);
    lua_pushlstring(L, (const char *)x, sizeof x);
    lua_pushlstring(L, (const char *)y, sizeof y);
    return 2;
}

static int hex(lua_State *L)
{
    struct awsb_view bytes = awsb_check_view(L, 1);
    size_t i;
    luaL_Buffer buffer;

    luaL_buffinit(L, &buffer);
    for (i = 0; i < bytes.size; i++) {
        char digits[2];

        awsb_hex((const unsigned char *)bytes.data + i, 1, digits);
        luaL_addlstring(&buffer, digits, sizeof digits);
    }
    luaL_pushresult(&buffer);
    return 1;
}

static int equal(lua_State *L)
{
    struct awsb_view a = awsb_check_view(L, 1);
    struct awsb_view b = awsb_check_view(L, 2);

    lua_pushboolean(L, awsb_equal(a, b));
    return 1;
}

static int random_bytes(lua_State *L)
{
    unsigned char bytes[MAX_RANDOM_BYTES];
    size_t wanted = awsb_check_size(L, 1, sizeof bytes);

    if (awsb_random(bytes, wanted) != AWSB_OK)
        return push_refusal(L, NO_ENTROPY);
    lua_pushlstring(L, (const char *)bytes, wanted);
    return 1;
}

static int finalize_uuid_source(lua_State *L)
{
    struct awsb_uuid_source *source = awsb_test_userdata(L, 1, UUID_SOURCE_TYPE);

    if (source != NULL)
        awsb_uuid_source_clear(source);
    return 0;
}

/* The source of this Lua state is an upvalue. */
static int uuid(lua_State *L)
{
    struct awsb_uuid_source *source = lua_touserdata(L, lua_upvalueindex(1));
    char text[AWSB_UUID_SIZE];

    if (awsb_uuid_next(source, text) != AWSB_OK)
        return push_refusal(L, NO_ENTROPY);
    lua_pushlstring(L, text, sizeof text);
    return 1;
}

static int uri_encode(lua_State *L)
{
    return awsb_push_rewritten(L, awsb_uri_encode, "encode");
}

/* The number of characters, or nil and where the first wrong one begins. */
static int utf8_length(lua_State *L)
{
    size_t count, position;

    if (awsb_utf8_length(awsb_check_view(L, 1), &count, &position)) {
        lua_pushinteger(L, (lua_Integer)count);
        return 1;
    }
    lua_pushnil(L);
    lua_pushinteger(L, (lua_Integer)position + 1);
    return 2;
}

/* Whether so many digits or more follow each other somewhere. */
static int has_digit_run(lua_State *L)
{
    struct awsb_view text = awsb_check_view(L, 1);
    lua_Integer size = luaL_checkinteger(L, 2);

    luaL_argcheck(L, size >= 1, 2, "must be at least 1");
    lua_pushboolean(L, awsb_has_digit_run(text, (size_t)size));
    return 1;
}

static int wall_clock(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)awsb_wall_clock());
    return 1;
}

static int monotonic(lua_State *L)
{
    lua_pushnumber(L, (lua_Number)awsb_monotonic());
    return 1;
}

static int sleep_slice(lua_State *L)
{
    int64_t ms = awsb_check_wait_ms(L, 1);
    double start = awsb_monotonic();

    awsb_sleep_ms(ms < SLEEP_SLICE_MS ? ms : SLEEP_SLICE_MS);
    lua_pushnumber(L, (lua_Number)(awsb_monotonic() - start));
    return 1;
}

/* The FILE of an open standard file, or NULL. */
static FILE *test_stream(lua_State *L, int index)
{
#if LUA_VERSION_NUM >= 502
    luaL_Stream *stream = awsb_test_userdata(L, index, LUA_FILEHANDLE);

    return stream != NULL && stream->closef != NULL ? stream->f : NULL;
#else
    FILE **stream = awsb_test_userdata(L, index, LUA_FILEHANDLE); /* LuaJIT's begins alike */

    return stream != NULL ? *stream : NULL;
#endif
}

static int terminal_width(lua_State *L)
{
    FILE *stream = test_stream(L, 1);
    int width = stream != NULL ? awsb_terminal_width(stream) : 0;

    if (width > 0)
        lua_pushinteger(L, width);
    else
        lua_pushnil(L);
    return 1;
}

static int pid(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)awsb_process_id());
    return 1;
}

static int versions(lua_State *L)
{
    lua_createtable(L, 0, 3);
    lua_pushstring(L, awsb_http_version());
    lua_setfield(L, -2, "curl");
    lua_pushstring(L, awsb_hash_version());
    lua_setfield(L, -2, "openssl");
    lua_pushstring(L, awsb_http_ssl_version());
    lua_setfield(L, -2, "ssl");
    return 1;
}

static const luaL_Reg no_methods[] = {{NULL, NULL}};

static const struct awsb_class hasher_class = {HASHER_TYPE, "hasher", no_methods, finalize_hasher,
                                               internal_to_string};

static const struct awsb_class uuid_source_class = {
    UUID_SOURCE_TYPE, "uuid source", no_methods, finalize_uuid_source, internal_to_string};

static const luaL_Reg functions[] = {
    {"versions", versions},
    {"sha256", sha256},
    {"sha256_hex", sha256_hex},
    {"sha1_hex", sha1_hex},
    {"hmac_sha256", hmac_sha256},
    {"es256_sign", es256_sign},
    {"p256_public_key", p256_public_key},
    {"hex", hex},
    {"equal", equal},
    {"random", random_bytes},
    {"uri_encode", uri_encode},
    {"utf8_length", utf8_length},
    {"has_digit_run", has_digit_run},
    {"time", wall_clock},
    {"monotonic", monotonic},
    {"sleep", sleep_slice},
    {"terminal_width", terminal_width},
    {"pid", pid},
    {NULL, NULL},
};

/*
 * Keeps this code mapped until the process ends: Lua unloads modules when a state closes, but a
 * resolver thread of libcurl may outlive the transfer that started it. The project's own build
 * links with -z nodelete, others may not. Failing is harmless: the module is then unloaded as any
 * other.
 */
static void pin_module(void)
{
#if defined(RTLD_NOLOAD) && defined(RTLD_NODELETE)
    static const char inside = 0; /* any address of this module will do */
    Dl_info self;

    if (dladdr(&inside, &self) != 0 && self.dli_fname != NULL)
        dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
#endif
}

int luaopen_aws_backup_core(lua_State *L)
{
    pin_module();
    if (!awsb_http_global_init())
        return luaL_error(L, "libcurl could not be initialised, or is older than 7.68");
    awsb_register_class(L, &hasher_class);
    awsb_register_class(L, &uuid_source_class);
    awsb_register_scratch(L);
    open_hasher(L);
    lua_newtable(L);
    awsb_set_functions(L, functions);
    awsb_new_userdata(L, sizeof(struct awsb_uuid_source), UUID_SOURCE_TYPE);
    lua_pushcclosure(L, uuid, 1);
    lua_setfield(L, -2, "uuid");
    lua_pushliteral(L, VERSION);
    lua_setfield(L, -2, "_VERSION");
    awsb_open_sigv4(L);
    awsb_open_http(L);
    awsb_open_text(L);
    awsb_open_model(L);
    awsb_open_read(L);
    awsb_open_message(L);
    awsb_open_answer(L);
    awsb_open_system(L);
    awsb_open_child(L);
    return 1;
}
