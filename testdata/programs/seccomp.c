// Filters of system calls: what they see and each of their answers, inheritance, threads, strict mode.
// libc: glibc
#define _GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __aarch64__
#define ARCH AUDIT_ARCH_AARCH64
#elif defined __riscv
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif

// Answers `action` to call `nr`, kills where the architecture is wrong, lets everything else pass.
static long filter(int nr, unsigned action, unsigned flags) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
}

// getpriority(which, who) fails with the errno in `who`: the arguments are seen.
static long filter_by_argument(void) {
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpriority, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_STMT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO),
        BPF_STMT(BPF_RET | BPF_A, 0),
    };
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

// Runs a test in a child of its own; says how that ended.
static void run(const char *name, void (*test)(void), int privileged) {
    pid_t pid = fork();
    if (!pid) {
        if (!privileged) prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        test();
        _exit(failures);
    }
    int status;
    waitpid(pid, &status, 0);
    if (WIFEXITED(status)) printf("%s: exit %d\n", name, WEXITSTATUS(status));
    else printf("%s: signal %d\n", name, WTERMSIG(status));
}
static void child(const char *name, void (*test)(void)) { run(name, test, 0); }
static void privileged(const char *name, void (*test)(void)) { run(name, test, 1); }

static void refusals(void) {
    struct sock_filter bad = BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 2);
    struct sock_fprog program = {1, &bad};
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1 && errno == EFAULT);
    CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 1 << 20, &program) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_seccomp, 77, 0, NULL) == -1 && errno == EINVAL);
    unsigned action = SECCOMP_RET_TRAP;
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
    action = 0x12340000;
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == -1 && errno == EOPNOTSUPP);
    CHECK(prctl(PR_GET_SECCOMP) == 0);
}

static void errors(void) {
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO | 77, 0) == 0);
    CHECK(syscall(SYS_getpgid, 0) == -1 && errno == 77);
    CHECK(getppid() > 0 && prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER);
    // The newer filter is asked too; the stronger answer holds.
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ALLOW, 0) == 0);
    CHECK(syscall(SYS_getpgid, 0) == -1 && errno == 77);
    CHECK(filter_by_argument() == 0);
    for (int i = 1; i < 40; i += 7) CHECK(syscall(SYS_getpriority, 0, i) == -1 && errno == i);
    CHECK(filter(SYS_getsid, SECCOMP_RET_TRACE, 0) == 0);
    CHECK(syscall(SYS_getsid, 0) == -1 && errno == ENOSYS);
    // A child has them too.
    pid_t pid = fork();
    if (!pid) _exit(syscall(SYS_getpgid, 0) == -1 && errno == 77 ? 3 : 4);
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 3);
}

static void status_file(void) {
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO, 0) == 0);
    char line[200];
    FILE *file = fopen("/proc/self/status", "r");
    while (file && fgets(line, sizeof line, file))
        if (!strncmp(line, "Seccomp", 7)) printf("  %s", line);
}

static volatile int seen_data, seen_nr, seen_code;
static volatile unsigned seen_arch;
static void on_sigsys(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    seen_data = info->si_errno, seen_nr = info->si_syscall, seen_arch = info->si_arch, seen_code = info->si_code;
}

static void traps(void) {
    struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
    sigaction(SIGSYS, &action, NULL);
    CHECK(filter(SYS_getpgid, SECCOMP_RET_TRAP | 123, 0) == 0);
    syscall(SYS_getpgid, 0);
    CHECK(seen_data == 123 && seen_nr == SYS_getpgid && seen_arch == ARCH && seen_code == 1);
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGSYS);
    sigprocmask(SIG_BLOCK, &set, NULL);
    // Blocked, it ends the process.
    syscall(SYS_getpgid, 0);
}

static void killed(void) {
    CHECK(filter(SYS_getpgid, SECCOMP_RET_KILL_PROCESS, 0) == 0);
    syscall(SYS_getpgid, 0);
}

static void killed_alone(void) {
    CHECK(filter(SYS_getpgid, SECCOMP_RET_KILL_THREAD, 0) == 0);
    syscall(SYS_getpgid, 0);
}

static int go[2];
static void *waits(void *result) {
    char byte;
    if (read(go[0], &byte, 1) != 1) return result;
    return (void *)(long)(syscall(SYS_getpgid, 0) == -1 ? errno : 0);
}

static void threads(void) {
    pthread_t thread;
    void *result;
    CHECK(pipe(go) == 0 && pthread_create(&thread, NULL, waits, NULL) == 0);
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO | 55, SECCOMP_FILTER_FLAG_TSYNC) == 0);
    CHECK(write(go[1], "", 1) == 1);
    pthread_join(thread, &result);
    CHECK((long)result == 55);
}

static void *asks(void *nothing) {
    char byte;
    if (read(go[0], &byte, 1) != 1) return nothing;
    return (void *)(long)prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
}

// A thread that is given a filter can't gain privileges any more than who gave it.
static void privileges(void) {
    pthread_t thread;
    void *result = NULL;
    CHECK(pipe(go) == 0 && pthread_create(&thread, NULL, asks, NULL) == 0);
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO | 55, SECCOMP_FILTER_FLAG_TSYNC) == 0);
    CHECK(write(go[1], "", 1) == 1);
    pthread_join(thread, &result);
    CHECK((long)result == 1);
}

// What a tracer is told of filters; that takes a privilege.
struct metadata { unsigned long index, flags; };
static int is_refused(long result) { return geteuid() && result == -1 && errno == EACCES; }

static void told(void) {
    pid_t pid = fork();
    if (!pid) {
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO | 55, 0) == 0 && filter_by_argument() == 0);
        CHECK(filter(SYS_getsid, SECCOMP_RET_ERRNO | 56, SECCOMP_FILTER_FLAG_LOG) == 0);
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(failures);
    }
    int status, length[] = {7, 6, 7};
    struct sock_filter code[7];
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    for (long index = 0; index < 3; index++) {
        struct metadata data = {index, 9};
        long size = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, index, 0);
        CHECK(size == length[index] || is_refused(size));
        long got = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, index, code);
        CHECK(got == size && (got < 0 || code[0].code == (BPF_LD | BPF_W | BPF_ABS)));
        got = ptrace(PTRACE_SECCOMP_GET_METADATA, pid, sizeof data, &data);
        CHECK(got == sizeof data || is_refused(got));
        CHECK(geteuid() || (data.index == (unsigned long)index && data.flags == (index == 2 ? SECCOMP_FILTER_FLAG_LOG : 0)));
    }
    struct metadata data = {3, 0};
    CHECK(ptrace(PTRACE_SECCOMP_GET_FILTER, pid, 3, 0) == -1 && errno == (geteuid() ? EACCES : ENOENT));
    CHECK(ptrace(PTRACE_SECCOMP_GET_METADATA, pid, sizeof data, &data) == -1 && errno == (geteuid() ? EACCES : ENOENT));
    CHECK(ptrace(PTRACE_SECCOMP_GET_METADATA, pid, 7, &data) == -1 && errno == (geteuid() ? EACCES : EINVAL));
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void *outlives(void *leader) {
    CHECK(pthread_join(*(pthread_t *)leader, NULL) == 0);
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO | 55, SECCOMP_FILTER_FLAG_TSYNC) == 0);
    exit(failures);
}

// A thread that is gone has no say in what the others' filters may be (kselftest's tsync_vs_dead_thread_leader).
static void dead_leader(void) {
    static pthread_t thread, leader;
    leader = pthread_self();
    CHECK(pthread_create(&thread, NULL, outlives, &leader) == 0);
    CHECK(filter(SYS_getsid, SECCOMP_RET_ERRNO | 44, 0) == 0);
    pthread_exit(NULL);
}

// Answers the next notification, which must be of getpgid(argument).
static void supervise(int listener, unsigned long argument, struct seccomp_notif_resp answer) {
    struct seccomp_notif request = {0};
    CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &request) == 0);
    CHECK(request.data.nr == SYS_getpgid && request.data.arch == ARCH && request.data.args[0] == argument);
    CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &request.id) == 0);
    answer.id = request.id;
    CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &answer) == 0);
}

static void notifies(void) {
    unsigned action = SECCOMP_RET_USER_NOTIF;
    pid_t group = getpgrp();
    struct seccomp_notif_sizes sizes;
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0);
    CHECK(syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0 && sizes.seccomp_notif == 80);
    // Without a listener the call is not there.
    CHECK(filter(SYS_getsid, SECCOMP_RET_USER_NOTIF, 0) == 0);
    CHECK(syscall(SYS_getsid, 0) == -1 && errno == ENOSYS);
    int listener = filter(SYS_getpgid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    CHECK(listener >= 0);
    CHECK(filter(SYS_getpgid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER) == -1 && errno == EBUSY);
    pid_t pid = fork();
    if (!pid) {
        CHECK(syscall(SYS_getpgid, 1) == -1 && errno == 44);
        CHECK(syscall(SYS_getpgid, 2) == 1ul << 40);
        CHECK(syscall(SYS_getpgid, 0) == group);
        CHECK(getppid() > 0);
        _exit(failures);
    }
    supervise(listener, 1, (struct seccomp_notif_resp){.error = -44});
    supervise(listener, 2, (struct seccomp_notif_resp){.val = 1ul << 40});
    supervise(listener, 0, (struct seccomp_notif_resp){.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE});
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void executes(void) {
    CHECK(filter(SYS_getpgid, SECCOMP_RET_ERRNO | 66, 0) == 0);
    execl("/proc/self/exe", "seccomp", "inherited", NULL);
}

static void strict(void) {
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
    syscall(SYS_write, 1, "  strict\n", 9);
    syscall(SYS_getpid);
    syscall(SYS_exit, 9);
}

static void strict_exit(void) {
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    syscall(SYS_exit, 9);
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "inherited")) return syscall(SYS_getpgid, 0) == -1 && errno == 66 ? 5 : 6;
    privileged("told", told);
    privileged("privileges", privileges);
    child("refusals", refusals);
    child("errors", errors);
    child("status", status_file);
    child("traps", traps);
    child("killed", killed);
    child("killed alone", killed_alone);
    child("threads", threads);
    child("dead leader", dead_leader);
    child("notifies", notifies);
    child("executes", executes);
    child("strict", strict);
    child("strict exit", strict_exit);
    DONE();
}
