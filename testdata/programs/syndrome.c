// The fault's address and syndrome (esr_context) in AArch64's signal frames: what was wanted of memory, and why it was refused.
// guests: aarch64
// libc: glibc
// native: no
// flags: -D_GNU_SOURCE -march=armv8.1-a
#include "check.h"
#include <asm/sigcontext.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

static sigjmp_buf back;
static volatile uint64_t syndrome, address;
static volatile int number, code;

static void handler(int signal, siginfo_t *info, void *raw) {
    mcontext_t *machine = &((ucontext_t *)raw)->uc_mcontext;
    number = signal, code = info->si_code, address = machine->fault_address, syndrome = 0;
    for (struct _aarch64_ctx *at = (void *)machine->__reserved; at->magic; at = (void *)((char *)at + at->size))
        if (at->magic == ESR_MAGIC) syndrome = ((struct esr_context *)at)->esr;
    siglongjmp(back, 1);
}

// Asks for EL1, which rt_sigreturn refuses (arm64_notify_segfault).
static void mangle(int signal, siginfo_t *info, void *raw) {
    (void)signal, (void)info;
    ((ucontext_t *)raw)->uc_mcontext.pstate |= 5;
}

static void show(const char *what, uint64_t expected) {
    printf("%s: signal %d code %d class %#x write %d status %#x%s\n", what, number, code, (int)(syndrome >> 26),
           (int)(syndrome >> 6 & 1), (int)(syndrome & 63), address == expected ? "" : ", wrong address");
}

#define FAULT(what, expected, ...)                        \
    do {                                                  \
        if (!sigsetjmp(back, 1)) {                        \
            __VA_ARGS__;                                  \
            puts("no fault");                             \
        }                                                 \
        show(what, (uint64_t)(expected));                 \
    } while (0)
#define ASM(text, place) asm volatile(text : : "r"(place) : "x1", "x2", "x3", "x4", "x5", "v0", "v1", "memory")

static void all(const char *page, char *p) {
    printf("%s\n", page);
    FAULT("ldr", p, ASM("ldr x1, [%0]", p));
    FAULT("str", p, ASM("str x1, [%0]", p));
    FAULT("stp", p, ASM("stp q0, q1, [%0]", p));
    FAULT("ldxr", p, ASM("ldxr x1, [%0]", p));
    FAULT("ldadd", p, ASM("ldadd x1, x2, [%0]", p));
    FAULT("swp", p, ASM("swp x1, x2, [%0]", p));
    FAULT("cas", p, ASM("mov x1, 0\n\tmov x2, 1\n\tcas x1, x2, [%0]", p));
    FAULT("casp", p, ASM("mov x2, 0\n\tmov x3, 0\n\tcasp x2, x3, x4, x5, [%0]", p));
    FAULT("zva", p, ASM("dc zva, %0", p));
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL), sigaction(SIGBUS, &action, NULL), sigaction(SIGILL, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    FAULT("at first", 0, raise(SIGUSR1));
    char *p = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    all("no access", p);
    FAULT("execute", p, ((void (*)(void))p)());
    FAULT("later", p, raise(SIGUSR1));
    mprotect(p, 4096, PROT_READ);
    // Only what writes faults here.
    puts("read-only");
    FAULT("str", p + 8, ASM("str x1, [%0]", p + 8));
    FAULT("ldadd", p + 8, ASM("ldadd x1, x2, [%0]", p + 8));
    FAULT("cas", p + 8, ASM("mov x1, 0\n\tmov x2, 1\n\tcas x1, x2, [%0]", p + 8));
    munmap(p, 4096);
    all("unmapped", p);
    char *far = (char *)0x0010000000000000;
    FAULT("far ldr", far, ASM("ldr x1, [%0]", far));
    FAULT("far str", far, ASM("str x1, [%0]", far));
    FAULT("far ldadd", far, ASM("ldadd x1, x2, [%0]", far));
    FAULT("udf", 0, asm volatile("udf #0"));
    FAULT("after udf", 0, raise(SIGUSR1));
    action.sa_sigaction = mangle;
    sigaction(SIGUSR2, &action, NULL);
    FAULT("str", far, ASM("str x1, [%0]", far));
    FAULT("refused frame", 0, raise(SIGUSR2));
    DONE();
}
