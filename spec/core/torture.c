/*
 * Runs the C core in a Lua state of its own and makes its allocations fail, one after the other:
 * those of Lua, those of the core, those of libcurl. After each failure everything must have been
 * freed and nothing may have crashed; a sanitizer or valgrind sees the rest. Before that it forks
 * with a transfer under way, which no Lua script could do.
 *
 * Built with the sources of the core and -DAWSB_TEST_ALLOC; takes no argument, needs
 * build/fault_server, and is run from the top of the tree. Not thread-safe, like most torture.
 */
#define _GNU_SOURCE

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

int luaopen_aws_backup_core(lua_State *L);
void *awsb_realloc(void *block, size_t size);
void awsb_free(void *block);

#define MOST_ALLOCATIONS 20000 /* a scenario makes some hundreds */

enum victim { NOBODY, LUA, CORE, CURL_LIBRARY, VICTIMS };

static const char *const victim_names[] = {"nobody", "Lua", "core", "libcurl"};

static struct {
    enum victim victim;
    long countdown; /* allocations of the victim until one fails */
    bool failed;
    bool sticky; /* all later ones fail, too: Lua collects and tries once more after a failure */
    long core_blocks;
    bool is_child;
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

static lua_State *new_state(const char *url)
{
    lua_State *L = lua_newstate(lua_alloc, NULL);

    if (L == NULL)
        die("lua_newstate", "no memory");
    luaL_openlibs(L);
    lua_pushstring(L, url);
    lua_setglobal(L, "url");
    lua_register(L, "fork", lua_fork);
    lua_register(L, "wait", lua_wait);
    luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
    lua_pushcfunction(L, luaopen_aws_backup_core);
    lua_setfield(L, -2, "aws.backup.core");
    lua_pop(L, 1);
    return L;
}

static const char scenario[] =
    "local core = require 'aws.backup.core'\n"
    "local signer = core.new_signer()\n"
    "local signed, why = signer:sign({ method = 'PUT', path = '/a/../b%20c',\n"
    "  query = 'x=1&a=%2B&y', headers = { host = 'h', ['x-amz-date'] = '20260102T030405Z',\n"
    "    ['x-long'] = ('v'):rep(3000) },\n"
    "  body = 'body' }, { access_key_id = 'a', secret_access_key = ('s'):rep(100) },\n"
    "  { region = 'r', service = 's', timestamp = '20260102T030405Z' }, { explain = true })\n"
    "if not signed then error(why) end\n"
    "core.sha256_hex(core.hmac_sha256('k', core.uri_encode(('/'):rep(200))))\n"
    "local engine = core.new_engine { max_connections = 2 }\n"
    "local transfers = {}\n"
    "for i, path in ipairs { '/echo', '/odd-headers', '/continue', '/truncated', '/silent' } do\n"
    "  local transfer, kind, message = engine:start { method = 'POST', url = url .. path,\n"
    "    headers = { authorization = signed.authorization, ['x-i'] = tostring(i) },\n"
    "    body = ('b'):rep(5000), timeout = 20, proxy = '', no_proxy = '' }\n"
    "  if not transfer then error(kind .. ': ' .. message) end\n"
    "  transfers[i] = transfer\n"
    "end\n"
    "while engine:step(0.1) > 1 do end\n"
    "local trouble\n"
    "for i = 1, 3 do\n"
    "  local response, kind, message = transfers[i]:result()\n"
    "  if not response then trouble = kind .. ': ' .. message end\n"
    "end\n"
    "if trouble then error(trouble) end\n"
    "assert(select(2, transfers[4]:result()) == 'reset')\n"
    "assert(#transfers[1]:result().body > 5000)\n"
    "core.engine():start { method = 'GET', url = url .. '/silent' }\n";

static const char fork_scenario[] =
    "local core = require 'aws.backup.core'\n"
    "local engine = core.engine()\n"
    "local function fetch(path)\n"
    "  local transfer = assert(core.engine():start { method = 'GET', url = url .. path })\n"
    "  while core.engine():step(0.1) > 0 do end\n"
    "  return assert(transfer:result()).body\n"
    "end\n"
    "local connection = fetch '/count'\n"
    "local transfer = assert(engine:start { method = 'GET', url = url .. '/drip' })\n"
    "local queued = assert(engine:start { method = 'GET', url = url .. '/count' })\n"
    "engine:step(0.01)\n"
    "local child = fork()\n"
    "if child == 0 then\n"
    "  assert(select(2, transfer:result()) == 'closed')\n"
    "  assert(select(2, queued:result()) == 'closed')\n"
    "  assert(transfer:done())\n"
    "  assert(not pcall(engine.step, engine, 0))\n"
    "  assert(select(2, engine:start { method = 'GET', url = url }) == 'closed')\n"
    "  assert(core.engine() ~= engine)\n"
    "  assert(fetch '/count' ~= connection)\n"
    "  queued:cancel()\n"
    "  queued = nil\n"
    "  engine:close()\n"
    "  collectgarbage()\n"
    "  return\n"
    "end\n"
    "assert(wait(child) == 0, 'the child failed')\n"
    "while engine:step(0.1) > 0 do end\n"
    "assert(transfer:result().body == 'slow, steady')\n"
    "assert(queued:result().status == 200)\n"
    "assert(core.engine() == engine)\n"
    "assert(#fetch '/echo' > 0)\n";

/* True if the script ran to its end; a failure that is not about memory ends the program. */
static bool run(const char *url, const char *script, enum victim victim, long countdown)
{
    lua_State *L = new_state(url);
    bool done;

    if (luaL_loadstring(L, script) != LUA_OK)
        die("script", lua_tostring(L, -1));
    torture.countdown = countdown;
    torture.failed = false;
    torture.sticky = victim == LUA;
    torture.victim = victim;
    done = lua_pcall(L, 0, 0, 0) == LUA_OK;
    torture.victim = NOBODY;
    if (!done && !torture.failed)
        die("script failed by itself", lua_tostring(L, -1));
    lua_close(L);
    if (torture.is_child) /* without the leak check of a sanitizer: the child leaks by design */
        _exit(torture.core_blocks == 0 ? 0 : 1);
    if (torture.core_blocks != 0)
        die("leak in the core after a failing allocation of", victim_names[victim]);
    return !torture.failed;
}

static void torture_one(const char *url, enum victim victim)
{
    long countdown = 0;

    while (!run(url, scenario, victim, countdown))
        if (++countdown > MOST_ALLOCATIONS)
            die("no end of allocations of", victim_names[victim]);
    printf("%s: %ld allocations failed, one by one\n", victim_names[victim], countdown);
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
    int victim;

    setvbuf(stdout, NULL, _IOLBF, 0);
    if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, free, curl_realloc, curl_strdup,
                             curl_calloc) != CURLE_OK)
        die("curl_global_init_mem", "failed");
    run(url, scenario, NOBODY, 0);
    run(url, fork_scenario, NOBODY, 0);
    printf("fork: parent and child each got their own answers\n");
    for (victim = LUA; victim < VICTIMS; victim++)
        torture_one(url, (enum victim)victim);
    pclose(server);
    return 0;
}
