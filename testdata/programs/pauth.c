// Pointer authentication: what is advertised, whose the keys are, what a failure raises, prctl(2), ptrace(2). Its own functions
// sign their return addresses. Codes have 7 bits: keys are told from each other by the codes of many addresses.
// guests: aarch64
// libc: glibc
// native: no
// env: TRANSOM_CPU=max,+pauth
// flags: -D_GNU_SOURCE -O2 -march=armv8.3-a -mbranch-protection=pac-ret+leaf -fexceptions -fno-optimize-sibling-calls
#include "check.h"
#include <elf.h>
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#ifndef NT_ARM_PAC_MASK
#define NT_ARM_PAC_MASK 0x406
#endif
#define ENABLED_KEYS 0x40a
#define FLIP (1ull << 50)

typedef uint64_t Sign(uint64_t, uint64_t);
#define SIGN(name, text)                                                             \
    __attribute__((noinline)) static uint64_t name(uint64_t value, uint64_t other) { \
        asm volatile(text : "+r"(value) : "r"(other));                               \
        return value;                                                                \
    }
SIGN(pacia, "pacia %0, %1")
SIGN(pacib, "pacib %0, %1")
SIGN(pacda, "pacda %0, %1")
SIGN(pacdb, "pacdb %0, %1")
SIGN(pacga, "pacga %0, %0, %1")
SIGN(autia, "autia %0, %1")
SIGN(autdb, "autdb %0, %1")

static Sign *const signs[] = {pacia, pacib, pacda, pacdb, pacga};

// What tells the five keys.
struct keys {
    uint64_t of[5];
};

static struct keys keys(void) {
    struct keys found = {0};
    for (int key = 0; key < 5; key++)
        for (uint64_t i = 0; i < 16; i++) found.of[key] = found.of[key] * 131 + signs[key](0x7fff0000 + i, i * i);
    return found;
}

// Which of the five differ, a bit each.
static int changes(struct keys a, struct keys b) {
    int bits = 0;
    for (int key = 0; key < 5; key++) bits |= (a.of[key] != b.of[key]) << key;
    return bits;
}

static sigjmp_buf back;
static volatile int number, code;
static volatile uint64_t address, pc, x0;

static void handler(int signal, siginfo_t *info, void *raw) {
    mcontext_t *machine = &((ucontext_t *)raw)->uc_mcontext;
    number = signal, code = info->si_code, address = (uint64_t)info->si_addr;
    pc = machine->pc, x0 = machine->regs[0];
    siglongjmp(back, 1);
}

#define FAILS(what, value, ...)                                                                                        \
    do {                                                                                                               \
        number = 0;                                                                                                    \
        if (!sigsetjmp(back, 1)) {                                                                                     \
            __VA_ARGS__;                                                                                               \
            puts("nothing raised");                                                                                    \
        }                                                                                                              \
        printf("%s: signal %d code %d%s%s\n", what, number, code, address == pc ? "" : ", another address",            \
               x0 == (uint64_t)(value) ? "" : ", register changed");                                                   \
    } while (0)

static void failures_raise(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL);
    uint64_t value = pacia(0x1234567, 7) ^ FLIP, data = pacda((uint64_t)&value, 0) ^ FLIP;
    FAILS("autia", value, asm volatile("mov x0, %0\n mov x1, 7\n autia x0, x1" : : "r"(value) : "x0", "x1"));
    FAILS("braa", value, asm volatile("mov x0, %0\n mov x1, 7\n braa x0, x1" : : "r"(value) : "x0", "x1"));
    FAILS("blraa", value, asm volatile("mov x0, %0\n mov x1, 7\n blraa x0, x1" : : "r"(value) : "x0", "x1", "x30"));
    FAILS("retaa", 5, asm volatile("mov x0, 5\n paciasp\n eor x30, x30, %0\n retaa" : : "i"(FLIP) : "x0", "x30"));
    FAILS("autiasp", 6, asm volatile("mov x0, 6\n paciasp\n eor x30, x30, %0\n autiasp" : : "i"(FLIP) : "x0", "x30"));
    FAILS("ldraa", data, asm volatile("mov x0, %0\n ldraa x1, [x0, 8]!" : : "r"(data) : "x0", "x1"));
    // A wrong modifier is mostly found; a wrong key too.
    volatile int found = 0;
    for (volatile uint64_t i = 0; i < 64; i++) {
        if (sigsetjmp(back, 1)) found++;
        else if (i & 1) autia(pacia(0x1234567, i), i + 1);
        else autdb(pacda(0x1234567, i), i);
    }
    CHECK(found > 32);
}

static struct keys of_thread;

static void *thread(void *resets) {
    // Its own return address is signed with the first key.
    if (resets) CHECK(prctl(PR_PAC_RESET_KEYS, 0x1e, 0, 0, 0) == 0);
    of_thread = keys();
    return NULL;
}

static int in_thread(struct keys own, void *resets) {
    pthread_t id;
    pthread_create(&id, NULL, thread, resets);
    pthread_join(id, NULL);
    return changes(own, of_thread);
}

static struct keys child(const char *program) {
    int ends[2];
    struct keys found = {0};
    CHECK(pipe(ends) == 0);
    pid_t pid = fork();
    if (!pid) {
        dup2(ends[1], 1);
        if (program) execl(program, "pauth", "keys", NULL);
        found = keys();
        _exit(write(1, &found, sizeof found) != sizeof found);
    }
    CHECK(read(ends[0], &found, sizeof found) == sizeof found);
    waitpid(pid, NULL, 0);
    close(ends[0]), close(ends[1]);
    return found;
}

static void keys_are_whose(void) {
    struct keys own = keys();
    CHECK(changes(own, keys()) == 0);
    printf("fork %#x execve %#x", changes(own, child(NULL)), changes(own, child("/proc/self/exe")));
    printf(" thread %#x its reset %#x mine then %#x\n", in_thread(own, NULL), in_thread(own, &own), changes(own, keys()));
}

static int code_of(int result) { return result < 0 ? -errno : result; }
#define PRCTL(...) code_of(prctl(__VA_ARGS__))

// PR_PAC_SET_ENABLED_KEYS of key A of instructions, within one statement as returns need it.
#define SWITCH_IA(on) "mov x0, 60\n mov x1, 1\n mov x2, " on "\n mov x3, 0\n mov x4, 0\n mov x8, 167\n svc 0\n"

static void disabled(void) {
    uint64_t odd = 0x55123400001234, value = odd, link, loaded;
    CHECK(PRCTL(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APDAKEY | PR_PAC_APDBKEY, PR_PAC_APDBKEY, 0, 0) == 0);
    printf("enabled %#x, pacda changes %d\n", PRCTL(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0), pacda(odd, 1) != odd);
    asm volatile("ldraa %0, [%1]" : "=r"(loaded) : "r"(&odd) : "memory");
    CHECK(loaded == odd);
    CHECK(PRCTL(PR_PAC_SET_ENABLED_KEYS, PR_PAC_APDAKEY, PR_PAC_APDAKEY, 0, 0) == 0);
    asm volatile(SWITCH_IA("0") "pacia %0, x0\n autia %0, x8\n adr x30, 1f\n paciasp\n mov %1, x30\n retaa\n brk 1\n 1:"
                                "adr x9, 2f\n braaz x9\n brk 1\n 2:" SWITCH_IA("1")
                 : "+r"(value), "=&r"(link)
                 :
                 : "x0", "x1", "x2", "x3", "x4", "x8", "x9", "x30", "memory");
    CHECK(value == odd);
    printf("with A off the link's code is %#x\n", (int)(link >> 48));
}

static void by_prctl(void) {
    struct keys before = keys();
    printf("refused %d %d %d %d %d %d %d\n", PRCTL(PR_PAC_RESET_KEYS, 0x20, 0, 0, 0), PRCTL(PR_PAC_RESET_KEYS, 0, 1, 0, 0),
           PRCTL(PR_PAC_SET_ENABLED_KEYS, 0x10, 0, 0, 0), PRCTL(PR_PAC_SET_ENABLED_KEYS, 1, 2, 0, 0),
           PRCTL(PR_PAC_SET_ENABLED_KEYS, 1, 1, 1, 0), PRCTL(PR_PAC_GET_ENABLED_KEYS, 1, 0, 0, 0),
           PRCTL(PR_PAC_SET_ENABLED_KEYS, 1ul << 32, 0, 0, 0));
    printf("enabled %#x, changed %#x\n", PRCTL(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0), changes(before, keys()));
    printf("reset of two: %d", PRCTL(PR_PAC_RESET_KEYS, PR_PAC_APIBKEY | PR_PAC_APGAKEY, 0, 0, 0));
    printf(", changed %#x\n", changes(before, keys()));
    before = keys();
    disabled();
    printf("changed %#x\n", changes(before, keys()));
}

static void by_ptrace(void) {
    uint64_t masks[2] = {0}, enabled = 0;
    struct iovec mask = {masks, sizeof masks}, word = {&enabled, sizeof enabled};
    pid_t pid = fork();
    if (!pid) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        _exit(PRCTL(PR_PAC_GET_ENABLED_KEYS, 0, 0, 0, 0));
    }
    waitpid(pid, NULL, 0);
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_ARM_PAC_MASK, &mask) == 0 && mask.iov_len == sizeof masks);
    CHECK(ptrace(PTRACE_GETREGSET, pid, ENABLED_KEYS, &word) == 0 && word.iov_len == sizeof enabled);
    printf("masks %#lx %#lx enabled %#lx\n", masks[0], masks[1], enabled);
    enabled = 0x1d;
    CHECK(code_of(ptrace(PTRACE_SETREGSET, pid, ENABLED_KEYS, &word)) == -EINVAL);
    enabled = 9;
    CHECK(ptrace(PTRACE_SETREGSET, pid, ENABLED_KEYS, &word) == 0);
    ptrace(PTRACE_CONT, pid, 0, 0);
    int status = 0;
    waitpid(pid, &status, 0);
    printf("the child's %#x\n", WEXITSTATUS(status));
}

static _Unwind_Reason_Code count(struct _Unwind_Context *context, void *frames) {
    (void)context;
    ++*(int *)frames;
    return _URC_NO_REASON;
}

// Frames whose return addresses are signed, each with another stack pointer.
__attribute__((noinline)) static int deep(int depth, jmp_buf *out) {
    volatile int frames = 0;
    if (depth) frames = deep(depth - 1, out);
    else if (out) longjmp(*out, 1);
    else _Unwind_Backtrace(count, (void *)&frames);
    return frames;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "keys")) {
        struct keys own = keys();
        return write(1, &own, sizeof own) != sizeof own;
    }
    uint64_t id, stripped = 0x2a00123400001234;
    asm("mrs %0, id_aa64isar1_el1" : "=r"(id));
    asm("xpacd %0" : "+r"(stripped));
    CHECK(stripped == 0x2a00123400001234);
    printf("hwcap %lx id %lx\n", getauxval(AT_HWCAP) >> 30 & 3, id & 0xff000ff0);
    keys_are_whose();
    failures_raise();
    by_prctl();
    by_ptrace();
    jmp_buf out;
    if (!setjmp(out)) deep(50, &out);
    CHECK(deep(40, NULL) - deep(10, NULL) == 30);
    DONE();
}
