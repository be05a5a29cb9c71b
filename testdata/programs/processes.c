// fork, wait, pipes, exit and signal statuses, and what a child inherits.
// libc: musl
// flags: -Wno-array-bounds
#include "check.h"
#include <errno.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static int run(void (*body)(void)) {
    int status;
    pid_t child = fork();
    if (child == 0) body(), _exit(0);
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    return status;
}
static void exits(void) { _exit(3); }
static void aborts(void) { abort(); }
static void killed(void) { raise(SIGKILL); }
static void faults(void) { *(volatile int *)8 = 1; }
static void show(const char *name, int status) {
    if (WIFEXITED(status)) printf("%s: exit %d\n", name, WEXITSTATUS(status));
    else printf("%s: signal %d\n", name, WTERMSIG(status));
}

static void pipeline(void) {
    int down[2], up[2], status;
    CHECK(pipe(down) == 0 && pipe(up) == 0);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        close(down[1]), close(up[0]);
        while (read(down[0], &byte, 1) == 1) byte ^= 0x20, (void)!write(up[1], &byte, 1);
        _exit(7);
    }
    close(down[0]), close(up[1]);
    char answer[32] = {0};
    int size = 0;
    CHECK(write(down[1], "Hello", 5) == 5);
    close(down[1]);
    for (ssize_t got; (got = read(up[0], answer + size, sizeof answer - size)) > 0;) size += got;
    waitpid(child, &status, 0);
    printf("pipeline '%s' exit %d\n", answer, WEXITSTATUS(status));
    CHECK(waitpid(child, &status, 0) == -1 && errno == ECHILD);
}

static void memory(void) {
    int *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), status;
    static int private = 1;
    *shared = 1;
    pid_t child = fork();
    if (child == 0) private = 2, *shared = 2, _exit(private);
    waitpid(child, &status, 0);
    printf("private %d shared %d child %d\n", private, *shared, WEXITSTATUS(status));
}

static void many(void) {
    int sum = 0, status;
    for (int i = 0; i < 20; i++)
        if (fork() == 0) _exit(i);
    while (wait(&status) > 0) sum += WEXITSTATUS(status);
    printf("many %d\n", sum);
}

static void stops(void) {
    int status;
    siginfo_t info;
    pid_t child = fork();
    if (child == 0) raise(SIGSTOP), _exit(9);
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    kill(child, SIGCONT);
    CHECK(waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0);
    printf("waitid code %d status %d signal %d\n", info.si_code == CLD_EXITED, info.si_status, info.si_signo == SIGCHLD);
    CHECK(waitpid(child, &status, 0) == child);
}

static void nested(void) {
    pid_t me = getpid(), child = fork();
    int status;
    if (child == 0) {
        CHECK(getppid() == me && getpid() != me);
        pid_t inner = fork();
        if (inner == 0) _exit(5);
        waitpid(inner, &status, 0);
        _exit(WEXITSTATUS(status) * 2);
    }
    waitpid(child, &status, 0);
    printf("nested %d\n", WEXITSTATUS(status));
}

int main(void) {
    show("exits", run(exits));
    show("aborts", run(aborts));
    show("killed", run(killed));
    show("faults", run(faults));
    pipeline(), memory(), many(), stops(), nested();
    DONE();
}
