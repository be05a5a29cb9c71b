// What calls into the system cost: nanoseconds of processor time each, the children's included. benches/costs.rs
// compares them with the native build's.
// libc: glibc
// tests: none
// flags: -D_GNU_SOURCE -O2
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double used(int who) {
    struct rusage usage;
    getrusage(who, &usage);
    struct timeval u = usage.ru_utime, s = usage.ru_stime;
    return (u.tv_sec + s.tv_sec) * 1e9 + (u.tv_usec + s.tv_usec) * 1e3;
}

static double now(void) { return used(RUSAGE_SELF) + used(RUSAGE_CHILDREN); }

// The best of a few rounds: the others were disturbed.
static void measure(const char *name, int count, void (*work)(void)) {
    double best = 1e18;
    for (int round = 0; round < 7; round++) {
        double start = now();
        for (int i = 0; i < count; i++) work();
        double each = (now() - start) / count;
        if (each < best) best = each;
    }
    printf("%s %.1f\n", name, best);
}

static void call(void) { syscall(SYS_getppid); }
static void clock_read(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
}
static void handler(int signal) { (void)signal; }
static void signalled(void) { syscall(SYS_tgkill, getpid(), gettid(), SIGUSR1); }
static void forked(void) {
    int status;
    pid_t pid = fork();
    if (!pid) _exit(0);
    waitpid(pid, &status, 0);
}
static void vforked(void) {
    int status;
    pid_t pid = vfork();
    if (!pid) _exit(0);
    waitpid(pid, &status, 0);
}
static void *nothing(void *arg) { return arg; }
static void threaded(void) {
    pthread_t thread;
    pthread_create(&thread, NULL, nothing, NULL);
    pthread_join(thread, NULL);
}

int main(void) {
    signal(SIGUSR1, handler);
    measure("system-call", 200000, call);
    measure("clock_gettime", 200000, clock_read);
    measure("signal", 20000, signalled);
    measure("fork", 200, forked);
    measure("vfork", 200, vforked);
    measure("thread", 500, threaded);
    return 0;
}
