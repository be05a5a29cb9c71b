// Processes as threads see them: robust mutexes, vfork, clone flags, namespaces, waiting, pidfds, execution by descriptor.
// flags: -D_GNU_SOURCE -pthread
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <stdint.h>
#include <time.h>

static pthread_mutex_t *mutex;
static void *die_holding(void *arg) { pthread_mutex_lock(mutex); return arg; }

static void robust(int shared) {
    pthread_mutexattr_t attr;
    mutex = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_setpshared(&attr, shared ? PTHREAD_PROCESS_SHARED : PTHREAD_PROCESS_PRIVATE);
    pthread_mutex_init(mutex, &attr);
    if (shared) {
        pid_t child = fork();
        if (!child) { pthread_mutex_lock(mutex); _exit(0); }
        CHECK(waitpid(child, 0, 0) == child);
    } else {
        pthread_t thread;
        pthread_create(&thread, 0, die_holding, 0);
        pthread_join(thread, 0);
    }
    int got = pthread_mutex_lock(mutex);
    printf("robust %d: %s\n", shared, got == EOWNERDEAD ? "EOWNERDEAD" : strerror(got));
    CHECK(pthread_mutex_consistent(mutex) == 0 && pthread_mutex_unlock(mutex) == 0);
}

static int child_body(void *arg) { *(volatile int *)arg = 42; return 7; }

__attribute__((noinline)) static void queued(void) {
    // Real-time signals in order, none lost.
    sigset_t set;
    siginfo_t info;
    sigemptyset(&set);
    for (int i = SIGRTMIN; i <= SIGRTMAX; i++) sigaddset(&set, i);
    sigprocmask(SIG_BLOCK, &set, 0);
    for (int i = 0; i < 20; i++) { union sigval v = {.sival_int = i}; CHECK(sigqueue(getpid(), SIGRTMIN + 2, v) == 0); }
    int order = 1;
    for (int i = 0; i < 20; i++) { struct timespec zero = {0}; order &= sigtimedwait(&set, &info, &zero) == SIGRTMIN + 2 && info.si_value.sival_int == i && info.si_pid == getpid(); }
    printf("queued in order: %d\n", order);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "again")) { printf("again as %s\n", argv[0]); return 9; }
    robust(0);
    robust(1);

    pid_t pid;
    char *args[] = {"x", 0};
    printf("posix_spawn: %s\n", strerror(posix_spawn(&pid, "/nonexistent", 0, 0, args, args + 1)));

    volatile int seen = 0;
    pid = vfork();
    if (!pid) { seen = 1; _exit(3); }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
    printf("vfork shares: %d\n", seen);

    static char stack[65536] __attribute__((aligned(16)));
    int value = 0;
    pid = clone(child_body, stack + sizeof stack, CLONE_VM | SIGCHLD, &value);
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("clone VM: %d %d\n", WEXITSTATUS(status), value);

    pid = fork();
    if (!pid) _exit(unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID) ? errno : 0);
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("unshare: %d\n", WEXITSTATUS(status));

    struct { uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; } c3 = {0};
    int pidfd = -1;
    c3.flags = CLONE_PIDFD; c3.pidfd = (uint64_t)&pidfd; c3.exit_signal = SIGCHLD;
    pid = syscall(SYS_clone3, &c3, sizeof c3);
    if (!pid) _exit(5);
    siginfo_t info;
    CHECK(pid > 0 && pidfd >= 0 && waitid(P_PIDFD, pidfd, &info, WEXITED) == 0);
    printf("clone3: %d %d\n", info.si_status, info.si_code == CLD_EXITED);

    // Execution from a memfd that holds this very program.
    int self = open("/proc/self/exe", O_RDONLY), memory = syscall(SYS_memfd_create, "copy", 1);
    char buffer[65536];
    for (ssize_t n; (n = read(self, buffer, sizeof buffer)) > 0;) CHECK(write(memory, buffer, n) == n);
    pid = fork();
    if (!pid) {
        char *const av[] = {"renamed", "again", 0}, *const ev[] = {0};
        fexecve(memory, av, ev);
        _exit(errno);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("fexecve: %d\n", WEXITSTATUS(status));
    pid = fork();
    if (!pid) { execl("/proc/self/exe", "self", "again", (char *)0); _exit(errno); }
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("self: %d\n", WEXITSTATUS(status));

    pid = fork();
    if (!pid) { raise(SIGKILL); }
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("killed: %d\n", WTERMSIG(status));

    pid = fork();
    if (!pid) { for (int i = 3; i < 2000; i++) close(i); syscall(SYS_close_range, 3, ~0u, 0); execl("/proc/self/exe", "self", "again", (char *)0); _exit(errno); }
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("exec after closing all: %d\n", WEXITSTATUS(status));

    pid = fork();
    if (!pid) {
        struct rlimit limit = {1 << 26, 1 << 26};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        void *big = mmap(0, 1 << 27, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        printf("limited: %s\n", big == MAP_FAILED && errno == ENOMEM ? "ENOMEM" : "mapped");
        fflush(stdout);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    queued();
    DONE();
}
