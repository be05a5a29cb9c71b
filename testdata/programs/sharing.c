// A process on its parent's memory that runs beside it (CLONE_VM without CLONE_VFORK or CLONE_THREAD): both work at
// once, allocate, fork, execute; and forks into namespaces while other threads allocate.
// libc: glibc
// flags: -D_GNU_SOURCE -pthread
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STACK (256 << 10)
static volatile int turn, total;

// Takes turns with the parent: a stopped parent never gives it one. The C library's thread-locals are the parent's
// in this child, so it does nothing but count and make system calls.
static int alternates(void *stop) {
    for (int i = 0; i < 200; i++) {
        while (turn != 1) syscall(SYS_sched_yield);
        total += 3;
        turn = 0;
    }
    return stop ? 7 : 8;
}

static int executes(void *path) {
    syscall(SYS_execve, path, (char *[]){"/bin/true-or-not", NULL}, NULL);
    return 20;
}

// It asks for what is kept in memory that others use too.
static int maps(void *running) {
    for (unsigned i = 0;; i++) {
        char *page = mmap(0, 3 << 12, i & 1 ? PROT_NONE : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        munmap(page + (1 << 12), 1 << 12);
        *(volatile int *)running = i;
    }
    return 0;
}

static int status_of(pid_t pid) {
    int status = -1;
    while (waitpid(pid, &status, __WALL) != pid)
        if (errno != EINTR) return -1;
    return status;
}

static volatile int stop;
static void *allocates(void *result) {
    while (!stop) free(malloc(100 + rand() % 100000));
    return result;
}

int main(void) {
    char *stack = mmap(0, STACK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 10; round++) {
        total = turn = 0;
        pid_t pid = clone(alternates, stack + STACK, CLONE_VM | SIGCHLD, stack);
        CHECK(pid > 0);
        for (int i = 0; i < 200; i++) {
            turn = 1;
            while (turn) sched_yield();
            total += 1;
        }
        int status = status_of(pid);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7 && total == 800);
    }
    // Without an exit signal, sharing all that processes can share.
    total = turn = 0;
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_IO | CLONE_SYSVSEM;
    pid_t pid = clone(alternates, stack + STACK, flags, NULL);
    for (int i = 0; i < 200; i++) {
        turn = 1;
        while (turn) sched_yield();
    }
    int status = status_of(pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 8 && total == 600);
    pid = clone(executes, stack + STACK, CLONE_VM | SIGCHLD, "/nonexistent");
    status = status_of(pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 20);
    pid = clone(executes, stack + STACK, CLONE_VM | SIGCHLD, "/bin/true");
    status = status_of(pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    for (int i = 0; i < 40; i++) {
        volatile int running = 0;
        pid = clone(maps, stack + STACK, CLONE_VM | SIGCHLD, (void *)&running);
        while (i % 4 && running < i) sched_yield();
        CHECK(kill(pid, SIGKILL) == 0);
        status = status_of(pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    }

    pthread_t threads[2];
    signal(SIGUSR1, SIG_DFL);
    sigset_t usr1;
    sigemptyset(&usr1);
    sigaddset(&usr1, SIGUSR1);
    sigprocmask(SIG_BLOCK, &usr1, NULL);
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, allocates, NULL);
    for (int i = 0; i < 50; i++) {
        // Another exit signal: not what the C library's fork can make.
        pid_t child = syscall(SYS_clone, SIGUSR1, 0, 0, 0, 0);
        if (!child) syscall(SYS_exit_group, 3);
        status = status_of(child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
    stop = 1;
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    DONE();
}
