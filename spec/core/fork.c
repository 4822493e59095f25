/*
 * What Lua has no function for: a process that goes on as two. Loaded with package.loadlib, which
 * takes a function of C for one of Lua's. A number returned to Lua says how many values of the
 * stack are results, and at first there are the arguments: so each gives its argument back, or
 * nothing, and the same library serves every Lua.
 */
#include <stdlib.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

int split(void *L);
int join(void *L);

/* split(value) -> value in the child, nothing in the parent. */
int split(void *L)
{
    pid_t child = fork();

    (void)L;
    if (child == -1)
        abort();
    return child == 0;
}

/* join(value) -> value if the child has ended well, else nothing. */
int join(void *L)
{
    int status = 0;

    (void)L;
    return wait(&status) != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}
