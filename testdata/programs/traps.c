// Undefined and breakpoint instructions as signals, with code and address.
// native: no
// flags: -D_GNU_SOURCE
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>
#include <unistd.h>

static volatile siginfo_t seen;
static volatile uint64_t at;
static int skip;

static void handler(int number, siginfo_t *info, void *raw) {
    mcontext_t *machine = &((ucontext_t *)raw)->uc_mcontext;
    (void)number;
    seen = *info;
#if defined __aarch64__
    at = machine->pc, machine->pc += skip;
#else
    at = machine->__gregs[0], machine->__gregs[0] += skip;
#endif
}

// `before` is the address of the instruction that traps.
#define TRAP(name, size, text)                                                                               \
    do {                                                                                                     \
        uint64_t before;                                                                                     \
        skip = size;                                                                                         \
        asm volatile(ADDRESS "\n\t" text : "=&r"(before)::"memory");                                         \
        printf("%s: signal %d code %d address %d pc %d\n", name, seen.si_signo, seen.si_code,                \
               (uint64_t)seen.si_addr == before, at == before);                                              \
    } while (0)

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGILL, &action, NULL), sigaction(SIGTRAP, &action, NULL), sigaction(SIGFPE, &action, NULL);
#if defined __aarch64__
#define ADDRESS "adr %0, 1f"
    TRAP("udf", 4, "1: .word 0");
    TRAP("unallocated", 4, "1: .word 0xffffffff");
    TRAP("brk", 4, "1: brk #0");
    TRAP("brk 1000", 4, "1: brk #1000");
    TRAP("kernel register", 4, "1: mrs x0, sctlr_el1");
#else
#define ADDRESS ".option push\n\t.option norvc\n\tlla %0, 1f\n\t.option pop"
    TRAP("unimp", 4, "1: .word 0xc0001073");
    TRAP("zero", 2, "1: .half 0");
    TRAP("reserved", 4, "1: .word 0xffffffff");
    TRAP("c.ebreak", 2, "1: .half 0x9002");
    TRAP("ebreak", 4, "1: .word 0x00100073");
#endif
    skip = 0;
    raise(SIGFPE);
    printf("raised: signal %d code %d\n", seen.si_signo, seen.si_code);
    DONE();
}
