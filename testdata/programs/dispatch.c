// Syscall user dispatch: which calls have SIGSYS instead, what the handler sees, and who inherits it.
// libc: glibc
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif
enum { OFF, ON, INCLUSIVE };
enum { ALLOW, BLOCK };

static volatile char selector;
static volatile int caught, code, number, error;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    // The way out of the handler is a system call too.
    selector = ALLOW;
    caught++, code = info->si_code, number = info->si_syscall, error = info->si_errno;
    CHECK(info->si_call_addr != NULL && info->si_arch != 0);
}
static int set(int mode, unsigned long start, unsigned long length, volatile char *byte) {
    return prctl(PR_SET_SYSCALL_USER_DISPATCH, mode, start, length, byte);
}
static const char *name(void) { return errno == EINVAL ? "EINVAL" : errno == EFAULT ? "EFAULT" : strerror(errno); }
static void refused(const char *what, int mode, unsigned long start, unsigned long length, void *byte) {
    printf("%s: %s\n", what, set(mode, start, length, byte) < 0 ? name() : "taken");
}

// Runs with dispatch of its own in a child; says how that ended.
static void child(const char *what, void (*run)(void)) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        run();
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status)) printf("%s: signal %d\n", what, WTERMSIG(status));
    else printf("%s: exit %d\n", what, WEXITSTATUS(status));
}
static void neither(void) { selector = 5, set(ON, 0, 0, &selector), getppid(); }
static void unreadable(void) { set(ON, 0, 0, (char *)4096), getppid(); }
static void unhandled(void) { signal(SIGSYS, SIG_DFL), selector = ALLOW, set(ON, 0, 0, &selector), selector = BLOCK, getppid(); }
static void inherited(void) { _exit(getppid() > 0 && caught == 0 ? 7 : 8); }
static void *thread(void *argument) { return getppid() > 0 ? argument : NULL; }

// A tracer sees how a tracee's calls are dispatched, and changes it.
struct config { unsigned long mode, selector, offset, len; };
enum { SET_CONFIG = 0x4210, GET_CONFIG = 0x4211 };
static void traced(void) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    raise(SIGSTOP);
    CHECK(getppid() > 0 && caught == 0);
    selector = BLOCK;
    getppid();
    _exit(caught == 1 && code == 2 ? 7 : 8);
}

static void tracer(void) {
    int status;
    pid_t pid = fork();
    if (pid == 0) traced();
    struct config config = {9, 9, 9, 9}, other = {ON, (unsigned long)&selector, 0, 0};
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    CHECK(syscall(SYS_ptrace, GET_CONFIG, pid, sizeof config - 1, &config) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_ptrace, GET_CONFIG, pid, sizeof config, &config) == 0);
    CHECK(config.mode == OFF && !config.selector && !config.offset && !config.len);
    CHECK(syscall(SYS_ptrace, SET_CONFIG, pid, sizeof other - 1, &other) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_ptrace, SET_CONFIG, pid, sizeof other, &other) == 0);
    CHECK(syscall(SYS_ptrace, GET_CONFIG, pid, sizeof config, &config) == 0 && !memcmp(&config, &other, sizeof config));
    other.mode = 9;
    CHECK(syscall(SYS_ptrace, SET_CONFIG, pid, sizeof other, &other) == -1 && errno == EINVAL);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid);
    printf("stopped by %d\n", WIFSTOPPED(status) ? WSTOPSIG(status) : 0);
    CHECK(ptrace(PTRACE_CONT, pid, 0, SIGSYS) == 0 && waitpid(pid, &status, 0) == pid);
    printf("tracee: %d\n", WEXITSTATUS(status));
}

int main(void) {
    refused("off with a range", OFF, 1, 0, NULL);
    refused("no such mode", 9, 0, 0, NULL);
    refused("range that wraps", ON, 4096, -4096UL, NULL);
    refused("empty range", ON, 4096, 0, NULL);
    refused("selector of the kernel's", ON, 0, 0, (void *)(1UL << 63));
    refused("off", OFF, 0, 0, NULL);

    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSYS, &action, NULL) == 0);
    CHECK(set(ON, 0, 0, &selector) == 0);
    CHECK(getpid() == syscall(SYS_gettid) && caught == 0);
    selector = BLOCK;
    syscall(SYS_getpriority, 0, 0);
    printf("caught %d, code %d, its own number %d, errno %d\n", caught, code, number == SYS_getpriority, error);
    selector = BLOCK;
    syscall(9999);
    printf("caught %d, number %d\n", caught, number);

    CHECK(set(OFF, 0, 0, NULL) == 0);
    caught = 0;
    tracer();

    // A range that holds everything lets everything pass.
    CHECK(set(ON, 1, -2UL, &selector) == 0);
    selector = BLOCK, caught = 0;
    CHECK(getppid() > 0 && caught == 0);
    selector = ALLOW;

    // Children and threads begin without.
    CHECK(set(ON, 0, 0, &selector) == 0);
    pthread_t id;
    void *answer = NULL;
    child("inherited", inherited);
    CHECK(pthread_create(&id, NULL, thread, &answer) == 0);
    CHECK(pthread_join(id, &answer) == 0 && answer != NULL && caught == 0);
    CHECK(set(OFF, 0, 0, NULL) == 0);
    selector = BLOCK;
    CHECK(getppid() > 0 && caught == 0);

    child("neither of both", neither);
    child("unreadable", unreadable);
    child("unhandled", unhandled);
    DONE();
}
