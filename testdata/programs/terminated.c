// Signals whose default is to end the program: a sender sees which it was, wherever the program was just then; what is
// ignored or blocked ends nothing; signals to a process are not lost with threads of it that end.
// libc: musl glibc
// flags: -D_GNU_SOURCE -pthread
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SENT = 3000 };
static const int signals[] = {SIGHUP, SIGINT, SIGPIPE, SIGTERM, SIGALRM, SIGUSR1};
static _Atomic int *ready;

static void spin(void) { *ready = 1; for (;;) ; }
static void wait_for_input(void) {
    int ends[2];
    char byte;
    CHECK(pipe(ends) == 0);
    *ready = 1;
    read(ends[0], &byte, 1);
}
static void sleep_long(void) {
    *ready = 1;
    nanosleep(&(struct timespec){100, 0}, NULL);
}
static void *in_thread(void *call) { ((void (*)(void))call)(); return NULL; }
static void join(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, in_thread, spin) == 0);
    pthread_join(thread, NULL);
}
static void without_first_thread(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, in_thread, wait_for_input) == 0);
    pthread_exit(NULL);
}

static void ends(const char *name, void (*call)(void)) {
    printf("%s:", name);
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        *ready = 0;
        pid_t child = fork();
        if (child == 0) {
            call();
            _exit(99);
        }
        while (!*ready) usleep(100);
        usleep(500);
        int status;
        siginfo_t info = {0};
        CHECK(kill(child, signals[i]) == 0);
        CHECK(waitid(P_PID, child, &info, WEXITED | WNOWAIT) == 0 && info.si_code == CLD_KILLED);
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && !WCOREDUMP(status));
        printf(" %d", WTERMSIG(status));
    }
    puts("");
}

// A writer that nobody reads from.
static void broken_pipe(void) {
    pid_t child = fork();
    int status, ends[2];
    if (child == 0) {
        CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
        write(ends[1], "x", 1);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    printf("broken pipe: %d\n", WTERMSIG(status));
    child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_IGN);
        CHECK(pipe(ends) == 0 && close(ends[0]) == 0);
        CHECK(write(ends[1], "x", 1) == -1 && errno == EPIPE);
        signal(SIGPIPE, SIG_DFL);
        write(ends[1], "x", 1);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

// Blocked it waits, ignored it is gone.
static void not_yet(void) {
    sigset_t term, before, pending;
    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    CHECK(sigprocmask(SIG_BLOCK, &term, &before) == 0 && raise(SIGTERM) == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGTERM));
    CHECK(signal(SIGTERM, SIG_IGN) == SIG_DFL && sigpending(&pending) == 0 && !sigismember(&pending, SIGTERM));
    CHECK(sigprocmask(SIG_SETMASK, &before, NULL) == 0 && raise(SIGTERM) == 0);
    CHECK(signal(SIGTERM, SIG_DFL) == SIG_IGN);
}

static void nothing(int signal) { (void)signal; }

// Signals 1 to 31 in a line of a process' or thread's status.
static unsigned line_of(const char *path, const char *name) {
    char text[4096];
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    const char *line = strstr(text, name);
    CHECK(line != NULL);
    return line ? strtoull(line + strlen(name), NULL, 16) & 0x7fffffff : 0;
}
static void *own_status(void *unused) {
    char path[64];
    snprintf(path, sizeof path, "/proc/self/task/%d/status", gettid());
    CHECK(line_of(path, "\nPid:\t") == strtoul((snprintf(path + 32, 16, "%d", gettid()), path + 32), NULL, 16));
    return unused;
}

// What others see that a process handles is what it set itself.
static void seen_by_others(void) {
    char path[64], byte = 0;
    int to[2], from[2];
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    pid_t child = fork();
    if (child == 0) {
        read(to[0], &byte, 1);
        signal(SIGTERM, nothing);
        signal(SIGQUIT, nothing);
        signal(SIGHUP, SIG_IGN);
        signal(SIGSEGV, SIG_IGN);
        write(from[1], "x", 1);
        read(to[0], &byte, 1);
        _exit(0);
    }
    snprintf(path, sizeof path, "/proc/%d/status", child);
    printf("before: %x caught, ", line_of(path, "\nSigCgt:\t"));
    printf("%x ignored\n", line_of(path, "\nSigIgn:\t"));
    CHECK(write(to[1], "x", 1) == 1 && read(from[0], &byte, 1) == 1);
    printf("then: %x caught, ", line_of(path, "\nSigCgt:\t"));
    printf("%x ignored\n", line_of(path, "\nSigIgn:\t"));
    CHECK(write(to[1], "x", 1) == 1 && waitpid(child, NULL, 0) == child);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, own_status, NULL) == 0 && pthread_join(thread, NULL) == 0);
}

static _Atomic int seen[SENT];
static void count(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    if (info->si_value.sival_int >= 0 && info->si_value.sival_int < SENT) seen[info->si_value.sival_int]++;
}
static void *end_at_once(void *set) {
    pthread_sigmask(SIG_UNBLOCK, set, NULL);
    return NULL;
}

// All threads but the first take what comes, and live for a moment.
static void threads_that_end(void) {
    sigset_t set, before;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN);
    struct sigaction action = {.sa_sigaction = count, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGRTMIN, &action, NULL) == 0 && sigprocmask(SIG_BLOCK, &set, &before) == 0);
    pid_t parent = getpid(), child = fork();
    if (child == 0) {
        for (int i = 0; i < SENT; i++) {
            while (sigqueue(parent, SIGRTMIN, (union sigval){.sival_int = i}) != 0) usleep(100);
            if (i % 8 == 0) usleep(50);
        }
        _exit(0);
    }
    int status = -1;
    while (waitpid(child, &status, WNOHANG) == 0) {
        pthread_t threads[2];
        for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, end_at_once, &set) == 0);
        for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    }
    CHECK(status == 0 && sigprocmask(SIG_SETMASK, &before, NULL) == 0);
    int once = 0;
    for (int i = 0; i < SENT; i++) once += seen[i] == 1;
    printf("signals that came once: %d of %d\n", once, SENT);
}

int main(void) {
    ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(ready != MAP_FAILED);
    ends("running", spin);
    ends("reading", wait_for_input);
    ends("asleep", sleep_long);
    ends("joining", join);
    ends("first thread gone", without_first_thread);
    broken_pipe();
    not_yet();
    seen_by_others();
    threads_that_end();
    DONE();
}
