// NZCV as a handler sees it, where a branch lies between the comparison and the fault or the signal, and what follows
// writes the flags anew.
// libc: glibc
// guests: aarch64
// native: no
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile int seen, wrong;
static unsigned long wanted;
extern char loop[], loop_end[];

static unsigned nzcv(const ucontext_t *context) { return context->uc_mcontext.pstate >> 28; }

static void fault(int number, siginfo_t *info, void *context) {
    ucontext_t *at = context;
    (void)info;
    printf("signal %d: nzcv %x\n", number, nzcv(at));
    at->uc_mcontext.pc += 4;
}

static void tick(int number, siginfo_t *info, void *context) {
    const ucontext_t *at = context;
    const char *pc = (const char *)at->uc_mcontext.pc;
    (void)number, (void)info;
    if (pc < loop || pc >= loop_end) return;
    wrong += nzcv(at) != wanted;
    seen++;
}

static void faults(long a, long b) {
    __asm__ volatile("cmp %0, %1\n cbz xzr, 1f\n nop\n1: ldr x2, [%2]\n cmp %1, %0"
                     : : "r"(a), "r"(b), "r"(8L) : "x2", "cc", "memory");
    __asm__ volatile("cmp %0, %1\n b 1f\n nop\n1: ldr x2, [%2]\n cmp %1, %0"
                     : : "r"(a), "r"(b), "r"(8L) : "x2", "cc", "memory");
    __asm__ volatile("cmp %0, %1\n cbnz %2, 1f\n nop\n1: udf #0\n cmp %1, %0"
                     : : "r"(a), "r"(b), "r"(8L) : "cc", "memory");
}

static void ticks(long a, long b) {
    unsigned long flags;
    __asm__ volatile("cmp %1, %2\n mrs %0, nzcv" : "=r"(flags) : "r"(a), "r"(b) : "cc");
    wanted = flags >> 28;
    seen = 0;
    __asm__ volatile("cmp %0, %1\n"
                     ".globl loop, loop_end\n loop: cbz xzr, 1f\n nop\n"
                     "1: add x2, x2, #1\n cmp %0, %1\n cbz xzr, 2f\n nop\n"
                     "2: add x2, x2, #1\n cmp %0, %1\n ldr w3, [%2]\n cmp %0, %1\n cbz w3, loop\n"
                     "loop_end:"
                     : : "r"(a), "r"(b), "r"(&seen) : "x2", "x3", "cc", "memory");
    printf("a signal came; %d were wrong\n", wrong);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    const long values[][2] = {{0, 1}, {1, 0}, {1, 1}, {(long)(1UL << 63), 1}};
    for (int i = 0; i < 4; i++) faults(values[i][0], values[i][1]);
    action.sa_sigaction = tick;
    sigaction(SIGALRM, &action, NULL);
    const struct itimerval often = {{0, 1000}, {0, 1000}};
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 40; i++) ticks(values[i % 4][0], values[i % 4][1]);
    return 0;
}
