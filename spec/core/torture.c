/*
 * Runs the C core in a Lua state of its own and makes its allocations fail, one after the other:
 * those of Lua, those of the core, those of libcurl and of OpenSSL. After each failure everything
 * must have been freed and closed and nothing may have crashed; a sanitizer or valgrind sees the
 * rest. Before that it does what no Lua script could: it forks with a transfer or a program under
 * way, and collects all children in a handler, as nginx does.
 *
 * Built with the sources of the core and -DAWSB_TEST_ALLOC; takes no argument, needs
 * build/fault_server, and is run from the top of the tree. Not thread-safe, like most torture.
 */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <curl/curl.h>
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

int luaopen_aws_backup_core(lua_State *L);
void *awsb_realloc(void *block, size_t size);
void awsb_free(void *block);

#define MOST_ALLOCATIONS 100000 /* in one script, OpenSSL's included */
#define MOST_DESCRIPTORS 1024

enum victim { NOBODY, LUA, CORE, CURL_LIBRARY, OPENSSL };

static const char *const victim_names[] = {"nobody", "Lua", "core", "libcurl", "OpenSSL"};

static struct {
    enum victim victim;
    long countdown; /* allocations of the victim until one fails */
    bool failed;
    bool sticky; /* all later ones fail, too: Lua collects and tries once more after a failure */
    long core_blocks;
    bool is_child;
    char file[sizeof "/tmp/torture.XXXXXX"]; /* for the scripts to write to */
} torture;

static bool must_fail(enum victim who)
{
    if (torture.victim != who)
        return false;
    if (torture.failed)
        return torture.sticky;
    if (torture.countdown-- > 0)
        return false;
    torture.failed = true;
    return true;
}

void *awsb_realloc(void *block, size_t size)
{
    void *moved = must_fail(CORE) ? NULL : realloc(block, size);

    if (moved != NULL && block == NULL)
        torture.core_blocks++;
    return moved;
}

void awsb_free(void *block)
{
    if (block != NULL)
        torture.core_blocks--;
    free(block);
}

static void *curl_malloc(size_t size)
{
    return must_fail(CURL_LIBRARY) ? NULL : malloc(size);
}

static void *curl_realloc(void *block, size_t size)
{
    return must_fail(CURL_LIBRARY) ? NULL : realloc(block, size);
}

static void *curl_calloc(size_t count, size_t size)
{
    return must_fail(CURL_LIBRARY) ? NULL : calloc(count, size);
}

static char *curl_strdup(const char *text)
{
    return must_fail(CURL_LIBRARY) ? NULL : strdup(text);
}

static void *openssl_malloc(size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail(OPENSSL) ? NULL : malloc(size);
}

static void *openssl_realloc(void *block, size_t size, const char *file, int line)
{
    (void)file;
    (void)line;
    return must_fail(OPENSSL) ? NULL : realloc(block, size);
}

static void openssl_free(void *block, const char *file, int line)
{
    (void)file;
    (void)line;
    free(block);
}

static void *lua_alloc(void *unused, void *block, size_t old_size, size_t size)
{
    (void)unused;
    if (size == 0) {
        free(block);
        return NULL;
    }
    if ((block == NULL || size > old_size) && must_fail(LUA))
        return NULL;
    return realloc(block, size);
}

static void die(const char *what, const char *detail)
{
    fprintf(stderr, "torture: %s: %s\n", what, detail);
    exit(1);
}

/* fork() -> 0 in the child. */
static int lua_fork(lua_State *L)
{
    pid_t child = fork();

    torture.is_child = child == 0;
    lua_pushinteger(L, child);
    return 1;
}

/* wait(pid) -> the child's exit status. */
static int lua_wait(lua_State *L)
{
    int status = 0;

    waitpid((pid_t)luaL_checkinteger(L, 1), &status, 0);
    lua_pushinteger(L, WIFEXITED(status) ? WEXITSTATUS(status) : 255);
    return 1;
}

static void collect_all(int signal_number)
{
    int error = errno;

    (void)signal_number;
    while (waitpid(-1, NULL, WNOHANG) > 0)
        continue;
    errno = error;
}

/* collect_children(wanted): from now on a handler does, or nobody. */
static int lua_collect_children(lua_State *L)
{
    signal(SIGCHLD, lua_toboolean(L, 1) ? collect_all : SIG_DFL);
    return 0;
}

static int count_descriptors(void)
{
    int descriptor, count = 0;

    for (descriptor = 0; descriptor < MOST_DESCRIPTORS; descriptor++)
        count += fcntl(descriptor, F_GETFD) != -1;
    return count;
}

static lua_State *new_state(void)
{
    lua_State *L = lua_newstate(lua_alloc, NULL);

    if (L == NULL)
        die("lua_newstate", "no memory");
    luaL_openlibs(L);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_aws_backup_core);
    lua_setfield(L, -2, "aws.backup.core");
    lua_pop(L, 1);
    return L;
}

/* What a script gets as its argument. */
static void push_host(lua_State *L, const char *url)
{
    static const luaL_Reg functions[] = {{"fork", lua_fork},
                                         {"wait", lua_wait},
                                         {"collect_children", lua_collect_children},
                                         {NULL, NULL}};

    luaL_newlib(L, functions);
    lua_pushstring(L, url);
    lua_setfield(L, -2, "url");
    lua_pushstring(L, torture.file);
    lua_setfield(L, -2, "file");
}

/* What a script must not leave behind, whatever failed in it. */
static void check_leftovers(const char *what, int descriptors)
{
    if (torture.core_blocks != 0)
        die("leak in the core after a failing allocation of", what);
    if (count_descriptors() != descriptors)
        die("open descriptor after a failing allocation of", what);
    if (waitpid(-1, NULL, WNOHANG) > 0)
        die("zombie after a failing allocation of", what);
    if (ERR_peek_error() != 0)
        die("error in OpenSSL's queue after a failing allocation of", what);
}

/* True if the script ran to its end; a failure that is not about memory ends the program. */
static bool run(const char *url, const char *script, enum victim victim, long countdown)
{
    int descriptors = count_descriptors();
    lua_State *L = new_state();
    bool done;

    if (luaL_loadfile(L, script) != LUA_OK)
        die("script", lua_tostring(L, -1));
    push_host(L, url);
    torture.countdown = countdown;
    torture.failed = false;
    torture.sticky = victim == LUA;
    torture.victim = victim;
    done = lua_pcall(L, 1, 0, 0) == LUA_OK;
    torture.victim = NOBODY;
    if (!done && !torture.failed)
        die("a script failed by itself", lua_tostring(L, -1));
    lua_close(L);
    if (torture.is_child) /* without the leak check of a sanitizer: the child leaks by design */
        _exit(torture.core_blocks == 0 ? 0 : 1);
    check_leftovers(victim_names[victim], descriptors);
    return !torture.failed;
}

/* How many allocations succeed until the next failure. OpenSSL makes thousands for one signature,
 * so ever fewer of its fail. */
static long next_countdown(enum victim victim, long countdown)
{
    return countdown + 1 + (victim == OPENSSL ? countdown / 32 : 0);
}

static void torture_one(const char *url, const char *script, enum victim victim)
{
    long countdown, failures = 0;

    for (countdown = 0; !run(url, script, victim, countdown); failures++) {
        countdown = next_countdown(victim, countdown);
        if (countdown > MOST_ALLOCATIONS)
            die("no end of allocations of", victim_names[victim]);
    }
    printf("%s: %ld allocations of %s failed, one by one\n", script, failures,
           victim_names[victim]);
}

/* A script, and whose allocations fail in it after it has run undisturbed; NOBODY ends them. */
struct script {
    const char *path;
    enum victim victims[4];
};

static const struct script scripts[] = {
    {"spec/core/torture/forked_transfer.lua", {NOBODY}},
    {"spec/core/torture/forked_program.lua", {NOBODY}},
    {"spec/core/torture/killed_program.lua", {NOBODY}},
    {"spec/core/torture/collected_programs.lua", {NOBODY}},
    {"spec/core/torture/transfers.lua", {LUA, CORE, CURL_LIBRARY}},
    {"spec/core/torture/heads.lua", {LUA, CORE}},
    {"spec/core/torture/programs.lua", {LUA, CORE}},
    {"spec/core/torture/keys.lua", {LUA, CORE, OPENSSL}},
    {"spec/core/torture/texts.lua", {LUA, CORE}},
    {"spec/core/torture/models.lua", {LUA, CORE}},
};

static void run_script(const char *url, const struct script *script)
{
    const enum victim *victim;

    run(url, script->path, NOBODY, 0);
    printf("%s: done\n", script->path);
    for (victim = script->victims; *victim != NOBODY; victim++)
        torture_one(url, script->path, *victim);
}

static FILE *start_server(char *url, size_t size)
{
    char info[] = "/tmp/torture.XXXXXX", certificate[] = "/tmp/torture.XXXXXX", command[256];
    int port = 0, tries;
    FILE *input, *file;

    if (close(mkstemp(info)) != 0 || close(mkstemp(certificate)) != 0)
        die("mkstemp", info);
    snprintf(command, sizeof command, "exec build/fault_server %s %s", info, certificate);
    input = popen(command, "w");
    for (tries = 0; tries < 1000 && port == 0; tries++) {
        usleep(10000);
        file = fopen(info, "r");
        if (file != NULL) {
            if (fscanf(file, "%d", &port) != 1)
                port = 0;
            fclose(file);
        }
    }
    unlink(info);
    unlink(certificate);
    if (input == NULL || port == 0)
        die("build/fault_server", "does not start");
    snprintf(url, size, "http://127.0.0.1:%d", port);
    return input;
}

int main(void)
{
    char url[64];
    FILE *server = start_server(url, sizeof url);
    size_t i;

    setvbuf(stdout, NULL, _IOLBF, 0);
    strcpy(torture.file, "/tmp/torture.XXXXXX");
    if (close(mkstemp(torture.file)) != 0)
        die("mkstemp", torture.file);
    if (CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free) != 1)
        die("CRYPTO_set_mem_functions", "too late");
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, free, curl_realloc, curl_strdup,
                             curl_calloc) != CURLE_OK)
        die("curl_global_init_mem", "failed");
    for (i = 0; i < sizeof scripts / sizeof *scripts; i++)
        run_script(url, scripts + i);
    pclose(server);
    unlink(torture.file);
    return 0;
}
