/* Every way to start another program, which is this one again with another argument: vfork and exec, posix_spawn,
 * posix_spawnp, fork and exec, system, popen, exec with an empty environment. Each new program is profiled, and the
 * parent's account is not disturbed.
 *
 * group: processes
 * count: partial
 * case: vfork: arguments=vfork processes=2
 * case: spawn: arguments=spawn processes=2
 * case: spawnp: arguments=spawnp processes=2
 * case: fork: arguments=fork processes=2
 * case: execve_empty: arguments=execve_empty processes=2
 * case: spawn_empty: arguments=spawn_empty processes=2
 * case: execle: arguments=execle processes=2
 * case: execvpe: arguments=execvpe processes=2
 * case: fexecve: arguments=fexecve processes=2
 * case: system: arguments=system
 * case: popen: arguments=popen
 */
#include "prog.h"
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

static char *program;
static char *const arguments[] = { (char *)"the child", (char *)"child", NULL }, *const empty[] = { NULL };

static int wait_for(pid_t pid)
{
    int status = -1;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    return status;
}

static void replace(const char *way)
{
    if (strcmp(way, "fork") == 0)
        execv(program, arguments);
    if (strcmp(way, "execve_empty") == 0)
        execve(program, arguments, empty);
    if (strcmp(way, "execle") == 0)
        execle(program, "the child", "child", (char *)NULL, empty);
    if (strcmp(way, "execvpe") == 0)
        execvpe(program, arguments, empty);
    if (strcmp(way, "fexecve") == 0)
        fexecve(open(program, O_RDONLY | O_CLOEXEC), arguments, empty);
    _exit(98);
}

static int run(const char *way)
{
    char command[5000];
    pid_t pid = 0;
    snprintf(command, sizeof command, "'%s' child", program);
    if (strcmp(way, "system") == 0)
        return system(command);
    if (strcmp(way, "popen") == 0)
        return pclose(popen(command, "w"));
    if (strcmp(way, "spawn") == 0 || strcmp(way, "spawn_empty") == 0)
        CHECK(posix_spawn(&pid, program, NULL, NULL, arguments, way[5] ? empty : environ) == 0);
    else if (strcmp(way, "spawnp") == 0)
        CHECK(posix_spawnp(&pid, program, NULL, NULL, arguments, environ) == 0);
    else if (strcmp(way, "vfork") == 0) {
        if ((pid = vfork()) == 0) {
            execve(program, arguments, environ);
            _exit(98);
        }
    } else if ((pid = fork()) == 0)
        replace(way);
    return wait_for(pid);
}

int main(int argc, char **argv)
{
    CHECK(argc > 1);
    if (strcmp(argv[1], "child") == 0) {
        void *kept = malloc(700);           /* expect: count=1 bytes=700 live=700 */
        return kept == NULL ? 97 : 11;
    }
    program = argv[0];
    void *before = malloc(600);             /* expect: count=1 bytes=600 live=0 freed=600 */
    int status = run(argv[1]);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 11);
    free(before);
    free(malloc(601));                      /* expect: count=1 bytes=601 live=0 temporary=1 */
    return 0;
}
