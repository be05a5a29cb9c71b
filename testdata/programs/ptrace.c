// ptrace: a child that asks for it, system calls, registers, memory, signals, waiting.
// flags: -D_GNU_SOURCE -pthread
#include "ptrace.h"

static volatile long word = 42;
static volatile int caught, code;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)context;
    caught = signal;
    code = info->si_value.sival_int;
}

static void stopped_child(void (*act)(void)) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    kill(getpid(), SIGSTOP);
    act();
    _exit(7);
}

static pid_t begin(void (*act)(void), long options) {
    pid_t pid = fork();
    if (!pid) stopped_child(act);
    expect("begins", pid, 0);
    CHECK(ptrace(PTRACE_SETOPTIONS, pid, 0, options) == 0);
    return pid;
}

static void nothing(void) {}

static void calls(void) {
    // Another number, a number that is none, another argument, another result.
    long results[4] = {syscall(5555), syscall(SYS_getppid), syscall(SYS_close, 1000, 0x77), syscall(SYS_getppid)};
    _exit(results[0] == getpid() && results[1] == -1 && results[2] == -1 && results[3] == 99 ? 8 : 9);
}

static void trace_calls(void) {
    pid_t pid = begin(calls, PTRACE_O_TRACESYSGOOD);
    for (int call = 0; call < 4; call++) {
        go_on(PTRACE_SYSCALL, pid, 0);
        expect("entry", pid, 0);
        struct regs regs = get_regs(pid);
        long number = call_number(pid);
        printf("call %s, argument %s\n", number == 5555 ? "5555" : number == SYS_getppid ? "getppid" : "close",
               call == 2 ? (argument(&regs, 1) == 0x77 ? "0x77" : "wrong") : "none");
        if (call == 0) set_call_number(pid, SYS_getpid);
        if (call == 1) set_call_number(pid, -1);
        go_on(PTRACE_SYSCALL, pid, 0);
        expect("exit", pid, 0);
        if (call == 1) set_result(pid, -EPERM);
        regs = get_regs(pid);
        if (call == 2) CHECK(result(&regs) == -EBADF);
        if (call == 3) set_result(pid, 99);
    }
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
}

// struct ptrace_syscall_info (linux/ptrace.h); behind a call `number` is the result, the first byte of `args` whether it failed.
struct call_info { unsigned char op, reserved; short flags; int arch; long pc, sp, number, args[6], data; };
#define GET_SYSCALL_INFO 0x420e
#define SET_SYSCALL_INFO 0x4212

static void informed(void) {
    // Another number, another argument, none, another result, an error, a call that is none from the beginning.
    long results[4] = {syscall(SYS_getppid), syscall(SYS_close, 1000), syscall(SYS_getpid), syscall(SYS_getpid)};
    int failed = syscall(SYS_getpid) == -1 && errno == EISDIR, none = syscall(-1, 5) == -1 && errno == ENOSYS;
    _exit(results[0] == getpid() && results[1] == -1 && results[2] == -1 && results[3] == 99 && failed && none ? 8 : 9);
}

static void trace_call_info(void) {
    static const long numbers[] = {SYS_getppid, SYS_close, SYS_getpid, SYS_getpid, SYS_getpid, -1};
    struct call_info info;
    pid_t pid = begin(informed, PTRACE_O_TRACESYSGOOD);
    CHECK(ptrace(SET_SYSCALL_INFO, pid, sizeof info, &info) == -1 && errno == EINVAL);
    for (int stop = 0; stop < 12; stop++) {
        go_on(PTRACE_SYSCALL, pid, 0);
        CHECK(waitpid(pid, NULL, 0) == pid);
        long size = ptrace(GET_SYSCALL_INFO, pid, sizeof info, &info);
        int call = stop / 2, op = info.op;
        info.op = 3;
        CHECK(ptrace(SET_SYSCALL_INFO, pid, sizeof info, &info) == -1 && errno == EINVAL);
        info.op = op;
        CHECK(ptrace(SET_SYSCALL_INFO, pid, size, &info) == -1 && errno == EINVAL);
        if (op == 1) {
            CHECK(info.number == numbers[call]);
            if (call == 0) info.number = SYS_getpid;
            if (call == 1) info.args[0] = 1001;
            if (call == 2) info.number = -1;
        } else {
            printf("result %ld, failed %d\n", info.number == pid ? 0 : info.number, (int)(info.args[0] & 1));
            if (call == 3) info.number = 99;
            if (call == 4) info.number = -EISDIR, info.args[0] = 1;
        }
        CHECK(ptrace(SET_SYSCALL_INFO, pid, sizeof info, &info) == 0);
        struct call_info again;
        CHECK(ptrace(GET_SYSCALL_INFO, pid, sizeof again, &again) == size && again.number == info.number);
        printf("op %d, %ld bytes, argument %ld\n", op, size, op == 1 && call == 1 ? again.args[0] : 0);
    }
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
}

static void pokes(void) { _exit(word == 4711 ? 10 : 11); }

static void trace_memory(void) {
    pid_t pid = begin(pokes, 0);
    errno = 0;
    CHECK(ptrace(PTRACE_PEEKDATA, pid, &word, 0) == 42);
    CHECK(ptrace(PTRACE_POKEDATA, pid, &word, 4711L) == 0 && word == 42);
    CHECK(ptrace(PTRACE_PEEKDATA, pid, 8L, 0) == -1 && errno == EIO);
    // Text that nobody may write to.
    long text = ptrace(PTRACE_PEEKTEXT, pid, (void *)((long)pokes & ~7L), 0);
    CHECK(ptrace(PTRACE_POKETEXT, pid, (void *)((long)pokes & ~7L), text) == 0);
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
}

static void signals(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
    raise(SIGUSR1);
    int first = caught;
    raise(SIGUSR1);
    int second = caught;
    caught = 0;
    union sigval value = {.sival_int = 5};
    sigqueue(getpid(), SIGUSR1, value);
    int third = caught;
    raise(SIGCHLD);
    raise(SIGTERM);
    _exit(first == 0 && second == SIGUSR2 && third == SIGUSR1 && code == 6 ? 12 : 13);
}

static void trace_signals(void) {
    pid_t pid = begin(signals, 0);
    siginfo_t info;
    for (int stop = 0; stop < 5; stop++) {
        go_on(PTRACE_CONT, pid, (int[]){0, 0, SIGUSR2, SIGUSR1, SIGCHLD}[stop]);
        expect("signal", pid, 0);
        CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
        printf("from %s, code %d\n", info.si_pid == pid ? "itself" : "elsewhere", info.si_code);
        if (stop == 2) {
            CHECK(info.si_value.sival_int == 5);
            info.si_value.sival_int = 6;
            CHECK(ptrace(PTRACE_SETSIGINFO, pid, 0, &info) == 0);
        }
    }
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
}

static void faults(void) {
    *(volatile int *)word = 1;
}

static void trace_faults(void) {
    pid_t pid = begin(faults, 0);
    siginfo_t info;
    for (int times = 0; times < 2; times++) {
        go_on(PTRACE_CONT, pid, 0);
        expect("fault", pid, 0);
        CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
        printf("address %p, code %d\n", info.si_addr, info.si_code);
    }
    go_on(PTRACE_CONT, pid, SIGSEGV);
    expect("dies", pid, 0);
}

static void trap(void) {
#if defined __x86_64__
    __asm__ volatile("int3; nop; nop; nop" ::: "memory");
#elif defined __aarch64__
    __asm__ volatile("brk #0" ::: "memory");
#else
    __asm__ volatile(".option push; .option norvc; ebreak; .option pop" ::: "memory");
#endif
}

static void traps(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigset_t set;
    sigaction(SIGUSR1, &action, 0);
    sigaction(SIGUSR2, &action, 0);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, 0);
    trap();
    trap();
    int none = caught;
    trap();
    int handled = caught;
    trap();
    sigpending(&set);
    _exit(none == 0 && handled == SIGUSR1 && caught == SIGUSR1 && sigismember(&set, SIGUSR2) ? 14 : 15);
}

// Other signals in the place of one that an instruction caused: ignored, blocked, handled, one that stops the process.
static void trace_traps(void) {
    static const int instead[] = {SIGWINCH, SIGUSR2, SIGUSR1, SIGTSTP};
    pid_t pid = begin(traps, 0);
    go_on(PTRACE_CONT, pid, 0);
    for (int times = 0; times < 4; times++) {
        expect("trap", pid, 0);
        struct regs regs = get_regs(pid);
#if !defined __x86_64__
        regs.value[PC] += 4;
#endif
        set_regs(pid, &regs);
        go_on(PTRACE_CONT, pid, instead[times]);
    }
    expect("stop of the process", pid, 0);
    kill(pid, SIGCONT);
    go_on(PTRACE_CONT, pid, 0);
    expect("signal", pid, 0);
    go_on(PTRACE_CONT, pid, SIGCONT);
    expect("ends", pid, 0);
}

static void stops(void) { raise(SIGTSTP); }

static void trace_stops(void) {
    pid_t pid = begin(stops, 0);
    siginfo_t info;
    go_on(PTRACE_CONT, pid, 0);
    expect("signal", pid, 0);
    CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == 0);
    go_on(PTRACE_CONT, pid, SIGTSTP);
    expect("stop of the process", pid, 0);
    CHECK(ptrace(PTRACE_GETSIGINFO, pid, 0, &info) == -1 && errno == EINVAL);
    kill(pid, SIGCONT);
    go_on(PTRACE_CONT, pid, 0);
    expect("signal", pid, 0);
    go_on(PTRACE_CONT, pid, SIGCONT);
    expect("ends", pid, 0);
}

static void trace_waitid(void) {
    pid_t pid = begin(nothing, 0);
    siginfo_t info = {0};
    kill(pid, SIGUSR1);
    go_on(PTRACE_CONT, pid, 0);
    CHECK(waitid(P_PID, pid, &info, WSTOPPED | WNOWAIT) == 0 && info.si_pid == pid);
    printf("waitid: code %d, status %d\n", info.si_code, info.si_status);
    CHECK(waitid(P_PID, pid, &info, WSTOPPED) == 0);
    printf("waitid: code %d, status %d\n", info.si_code, info.si_status);
    info.si_pid = 1;
    CHECK(waitid(P_PID, pid, &info, WSTOPPED | WNOHANG) == 0 && info.si_pid == 0);
    go_on(PTRACE_CONT, pid, 0);
    CHECK(waitid(P_PID, pid, &info, WEXITED) == 0);
    printf("waitid: code %d, status %d\n", info.si_code, info.si_status);
    CHECK(waitid(P_PID, pid, &info, WEXITED) == -1 && errno == ECHILD);
}

static void trace_state(void) {
    char name[64], line[256];
    pid_t pid = begin(nothing, 0);
    snprintf(name, sizeof name, "/proc/%d/status", pid);
    FILE *file = fopen(name, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (!strncmp(line, "State:", 6)) printf("%s", line);
        if (!strncmp(line, "TracerPid:", 10)) CHECK(atoi(line + 10) == getpid());
    }
    if (file) fclose(file);
    CHECK(ptrace(PTRACE_CONT, 1 << 21, 0, 0) == -1 && errno == ESRCH);
    CHECK(ptrace(PTRACE_TRACEME + 77, pid, 0, 0) == -1 && errno == EIO);
    CHECK(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
    expect("ends", pid, 0);
}

// Attaches to children that have hardly begun.
static void trace_newborn(void) {
    for (int i = 0; i < 20; i++) {
        int status = 0, seizes = i % 2;
        pid_t pid = fork();
        while (!pid) pause();
        CHECK(ptrace(seizes ? PTRACE_SEIZE : PTRACE_ATTACH, pid, 0, 0) == 0);
        if (seizes) CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
        CHECK(waitpid(pid, &status, 0) == pid);
        if (status != (seizes ? PTRACE_EVENT_STOP << 16 | SIGTRAP << 8 | 0x7f : SIGSTOP << 8 | 0x7f)) printf("newborn: %x\n", status);
        kill(pid, SIGKILL);
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    }
}

int main(void) {
    trace_newborn();
    trace_calls();
    trace_call_info();
    trace_memory();
    trace_signals();
    trace_faults();
    trace_traps();
    trace_stops();
    trace_waitid();
    trace_state();
    DONE();
}
