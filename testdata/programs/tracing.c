// ptrace: events, programs that are executed, attaching, seizing, steps and breakpoints, tracers that end.
// flags: -D_GNU_SOURCE -pthread
#include "ptrace.h"
#include <pthread.h>
#include <sys/prctl.h>
#include <sys/mman.h>

static volatile int *shared;

static pid_t begin(void (*act)(void), long options) {
    pid_t pid = fork();
    if (!pid) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        kill(getpid(), SIGSTOP);
        act();
        _exit(7);
    }
    expect("begins", pid, 0);
    CHECK(ptrace(PTRACE_SETOPTIONS, pid, 0, options) == 0);
    return pid;
}

// A child that nobody traces yet.
static pid_t start(void (*act)(void)) {
    *shared = 0;
    pid_t pid = fork();
    if (!pid) {
        prctl(PR_SET_PTRACER, -1L, 0, 0, 0);
        *shared = 1;
        act();
        _exit(7);
    }
    while (!*shared) usleep(1000);
    return pid;
}

static void *thread(void *arg) { return arg; }

static void family(void) {
    pthread_t other;
    pid_t pid = fork();
    if (!pid) _exit(1);
    waitpid(pid, 0, 0);
    pid = vfork();
    if (!pid) _exit(2);
    waitpid(pid, 0, 0);
    pthread_create(&other, 0, thread, 0);
    pthread_join(other, 0);
    _exit(3);
}

static void trace_family(void) {
    pid_t pid = begin(family, PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
                                  PTRACE_O_TRACEVFORKDONE | PTRACE_O_TRACEEXIT);
    int events[16] = {0}, stops = 0, ends = 0, status;
    long children = 0, message;
    go_on(PTRACE_CONT, pid, 0);
    for (pid_t got; (got = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            ends += WIFEXITED(status);
            continue;
        }
        int event = status >> 16 & 15, signal = 0;
        events[event]++;
        if (event) CHECK(ptrace(PTRACE_GETEVENTMSG, got, 0, &message) == 0);
        if (event >= PTRACE_EVENT_FORK && event <= PTRACE_EVENT_CLONE) children ^= message;
        if (!event && WSTOPSIG(status) == SIGSTOP) stops++, children ^= got;
        else if (!event) signal = WSTOPSIG(status);
        go_on(PTRACE_CONT, got, signal);
    }
    printf("fork %d, vfork %d, done %d, clone %d, exit %d, children %d, ends %d\n",
           events[PTRACE_EVENT_FORK], events[PTRACE_EVENT_VFORK], events[PTRACE_EVENT_VFORK_DONE],
           events[PTRACE_EVENT_CLONE], events[PTRACE_EVENT_EXIT], stops, ends);
    CHECK(children == 0);
}

static void crowd(void) {
    pthread_t other;
    for (int i = 0; i < 300; i++) {
        pthread_create(&other, 0, thread, 0);
        pthread_join(other, 0);
    }
    _exit(3);
}

// Threads that are sent a SIGSTOP while they end: it is theirs alone, and no stop of the process.
static void trace_ends(void) {
    pid_t pid = begin(crowd, PTRACE_O_TRACECLONE);
    int seen[2] = {0}, status, threads = 0;
    go_on(PTRACE_CONT, pid, 0);
    for (pid_t got, latest = 0; (got = waitpid(-1, &status, __WALL)) > 0;) {
        if (!WIFSTOPPED(status)) {
            if (got == pid) printf("crowd of %d: status %d\n", threads, WEXITSTATUS(status));
            continue;
        }
        if (status >> 16 != PTRACE_EVENT_CLONE && (got == pid || WSTOPSIG(status) != SIGSTOP || seen[got == latest]++ > 300))
            printf("stop %x of %s\n", status, got == pid ? "the process" : "a thread");
        int begins = got != pid && got != latest;
        go_on(PTRACE_CONT, got, 0);
        if (!begins) continue;
        latest = got;
        for (volatile int wait = threads++ % 50 * 400; wait > 0; wait--) {}
        syscall(SYS_tgkill, pid, got, SIGSTOP);
    }
}

static void execute(void) { execl("/proc/self/exe", "tracing", "executed", NULL); }

static void trace_exec(void) {
    long message;
    pid_t pid = begin(execute, PTRACE_O_TRACEEXEC);
    go_on(PTRACE_CONT, pid, 0);
    expect("executes", pid, 0);
    CHECK(ptrace(PTRACE_GETEVENTMSG, pid, 0, &message) == 0 && message == pid);
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
    pid = begin(execute, PTRACE_O_TRACESYSGOOD);
    go_on(PTRACE_SYSCALL, pid, 0);
    expect("entry", pid, 0);
    CHECK(call_number(pid) == SYS_execve);
    go_on(PTRACE_SYSCALL, pid, 0);
    expect("exit", pid, 0);
    go_on(PTRACE_SYSCALL, pid, 0);
    expect("trap", pid, 0);
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
}

static void sleeps(void) { for (;;) pause(); }
static void spins(void) { while (*shared == 1) {} }

static void attach(void) {
    pid_t pid = start(sleeps);
    CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
    expect("attached to a sleeper", pid, 0);
    struct regs regs = get_regs(pid);
    CHECK(regs.value[PC] && regs.value[SP]);
    set_regs(pid, &regs);
    go_on(PTRACE_CONT, pid, 0);
    kill(pid, SIGUSR1);
    expect("signal", pid, 0);
    CHECK(ptrace(PTRACE_DETACH, pid, 0, (long)SIGUSR1) == 0);
    expect("dies", pid, 0);
    pid = start(spins);
    CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == 0);
    CHECK(ptrace(PTRACE_ATTACH, pid, 0, 0) == -1 && errno == EPERM);
    expect("attached to a runner", pid, 0);
    get_regs(pid);
    CHECK(ptrace(PTRACE_DETACH, pid, 0, 0) == 0);
    *shared = 2;
    expect("ends", pid, 0);
}

static void seize(void (*act)(void)) {
    pid_t pid = start(act);
    CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == -1);
    CHECK(ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACESYSGOOD) == 0);
    CHECK(ptrace(PTRACE_INTERRUPT, pid, 0, 0) == 0);
    expect("interrupted", pid, 0);
    CHECK(get_regs(pid).value[PC]);
    go_on(PTRACE_CONT, pid, 0);
    kill(pid, SIGSTOP);
    expect("signal", pid, 0);
    go_on(PTRACE_CONT, pid, SIGSTOP);
    expect("stopped", pid, 0);
    CHECK(get_regs(pid).value[PC]);
    CHECK(ptrace(PTRACE_LISTEN, pid, 0, 0) == 0);
    kill(pid, SIGCONT);
    expect("wakes", pid, 0);
    go_on(PTRACE_CONT, pid, 0);
    expect("signal", pid, 0);
    go_on(PTRACE_CONT, pid, SIGCONT);
    kill(pid, SIGKILL);
    expect("dies", pid, 0);
}

static volatile int probed;
__attribute__((noinline)) static void probe(void) { probed++; __asm__ volatile("nop; nop; nop; nop"); }
static void probes(void) {
    for (int i = 0; i < 100; i++) probe();
    syscall(SYS_getppid);
    probe();
    _exit(probed == 101 ? 5 : 6);
}

#if defined __x86_64__
enum { TRAP = 0xcc, TRAP_MASK = 0xff, BEHIND = 1 };
#elif defined __aarch64__
enum { TRAP = 0xd4200000, TRAP_MASK = 0xffffffff, BEHIND = 0 };
#else
enum { TRAP = 0x9002, TRAP_MASK = 0xffff, BEHIND = 0 };
#endif

static void trace_breakpoint(void) {
    pid_t pid = begin(probes, PTRACE_O_TRACESYSGOOD);
    go_on(PTRACE_SYSCALL, pid, 0);
    expect("code that ran", pid, 0);
    long text = ptrace(PTRACE_PEEKTEXT, pid, (void *)probe, 0);
    CHECK(ptrace(PTRACE_POKETEXT, pid, (void *)probe, (text & ~(long)(unsigned)TRAP_MASK) | (unsigned)TRAP) == 0);
    go_on(PTRACE_CONT, pid, 0);
    expect("breakpoint", pid, 0);
    struct regs regs = get_regs(pid);
    CHECK(regs.value[PC] == (long)probe + BEHIND);
    regs.value[PC] = (long)probe;
    set_regs(pid, &regs);
    CHECK(ptrace(PTRACE_POKETEXT, pid, (void *)probe, text) == 0);
    for (int step = 0; step < 4; step++) {
#if defined __riscv
        CHECK(ptrace(PTRACE_SINGLESTEP, pid, 0, 0) == -1 && errno == EIO);
        puts("step: 5");
#else
        go_on(PTRACE_SINGLESTEP, pid, 0);
        expect("step", pid, 0);
        CHECK(get_regs(pid).value[PC] != regs.value[PC]);
#endif
    }
    go_on(PTRACE_CONT, pid, 0);
    expect("ends", pid, 0);
}

static void tracer_ends(void) {
    for (int kills = 0; kills < 2; kills++) {
        pid_t pid = start(sleeps), tracer = fork();
        if (!tracer) {
            long options = kills ? PTRACE_O_EXITKILL : 0;
            _exit(ptrace(PTRACE_SEIZE, pid, 0, options) || ptrace(PTRACE_INTERRUPT, pid, 0, 0) ||
                  waitpid(pid, 0, __WALL) != pid);
        }
        expect("tracer", tracer, 0);
        if (!kills) kill(pid, SIGTERM);
        expect("tracee", pid, 0);
    }
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "executed")) _exit(4);
    shared = mmap(0, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    trace_family();
    trace_ends();
    trace_exec();
    attach();
    seize(sleeps);
    seize(spins);
    trace_breakpoint();
    tracer_ends();
    DONE();
}
