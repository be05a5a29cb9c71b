// vfork and posix_spawn: the child borrows the parent's memory, so a failing exec is reported.
// libc: musl glibc
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int child_main(int argc, char **argv) {
    printf("child:");
    for (int i = 1; i < argc; i++) printf(" %s", argv[i]);
    printf(" VALUE=%s\n", getenv("VALUE"));
    return 12;
}

int main(int argc, char **argv) {
    if (argc > 1) return child_main(argc, argv);
    int status;
    pid_t pid;
    char *arguments[] = {"me", "one", "two words", NULL}, *environment[] = {"VALUE=5", NULL};
    char *missing[] = {"/nonexistent/program", NULL};

    printf("missing %d\n", posix_spawn(&pid, missing[0], NULL, NULL, missing, environ) == ENOENT);
    printf("directory %d\n", posix_spawn(&pid, "/", NULL, NULL, missing, environ) == EACCES);
    printf("not in path %d\n", posix_spawnp(&pid, "surely-no-such-program", NULL, NULL, missing, environ) == ENOENT);

    CHECK(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environment) == 0);
    waitpid(pid, &status, 0);
    printf("status %d\n", WEXITSTATUS(status));

    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t set;
    int ends[2];
    char text[64] = {0};
    CHECK(pipe(ends) == 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawnattr_init(&attributes);
    sigemptyset(&set), sigaddset(&set, SIGUSR2);
    posix_spawnattr_setsigmask(&attributes, &set);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    CHECK(posix_spawn(&pid, "/proc/self/exe", &actions, &attributes, arguments, environment) == 0);
    close(ends[1]);
    CHECK(read(ends[0], text, sizeof text - 1) > 0);
    waitpid(pid, &status, 0);
    printf("through a pipe: %s", text);

    volatile int shared = 1;
    pid = vfork();
    if (pid == 0) {
        shared = 2;
        execv("/nonexistent", arguments);
        shared = errno;
        _exit(99);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("vfork: exit %d, errno seen %d\n", WEXITSTATUS(status), shared == ENOENT);
    DONE();
}
