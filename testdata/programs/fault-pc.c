// A handler that mends the machine's state: it moves the pc, sets registers, and sees them exactly as they were.
// native: no
// flags: -D_GNU_SOURCE -O1
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

static volatile int count;
static char *page;

#if defined __aarch64__
static void handler(int number, siginfo_t *info, void *raw) {
    mcontext_t *machine = &((ucontext_t *)raw)->uc_mcontext;
    count++;
    if (number != SIGSEGV) return;
    CHECK(machine->fault_address == (uint64_t)info->si_addr);
    CHECK(machine->regs[20] == 0x2020202020202020 && machine->regs[7] == 0x77);
    machine->regs[9] = 0x1234567812345678;
    machine->pstate ^= 0xf0000000;  // the flags too
    machine->pc += 4;
}
// The load is skipped: its result register holds what the handler put there.
static uint64_t trapped(char *address, uint64_t *flags) {
    register uint64_t result asm("x9") = 5;
    register uint64_t seven asm("x7") = 0x77, twenty asm("x20") = 0x2020202020202020;
    register char *where asm("x10") = address;
    asm volatile("cmp xzr, xzr\n\tldr %0, [%2]\n\tmrs %1, nzcv" : "+r"(result), "=&r"(*flags) : "r"(where), "r"(seven), "r"(twenty) : "cc");
    return result;
}
static const uint64_t expected_flags = (uint64_t)(0x60000000 ^ 0xf0000000);
#else
static void handler(int number, siginfo_t *info, void *raw) {
    mcontext_t *machine = &((ucontext_t *)raw)->uc_mcontext;
    count++;
    if (number != SIGSEGV) return;
    CHECK(info->si_addr == page);
    CHECK(machine->__gregs[18] == 0x2020202020202020 && machine->__gregs[17] == 0x77);
    machine->__gregs[9] = 0x1234567812345678;
    machine->__gregs[0] += 4;
}
static uint64_t trapped(char *address, uint64_t *flags) {
    register uint64_t result asm("s1") = 5;
    register uint64_t seven asm("a7") = 0x77, twenty asm("s2") = 0x2020202020202020;
    register char *where asm("a0") = address;
    asm volatile(".option push\n\t.option norvc\n\tld %0, 0(%1)\n\t.option pop" : "+r"(result) : "r"(where), "r"(seven), "r"(twenty));
    *flags = 0;
    return result;
}
static const uint64_t expected_flags = 0;
#endif

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 1000; i++) {
        uint64_t flags, value = trapped(page, &flags);
        CHECK(value == 0x1234567812345678 && flags == expected_flags);
        if (failures) break;
    }
    mprotect(page, 4096, PROT_READ | PROT_WRITE);
    *(uint64_t *)page = 99;
    uint64_t flags;
    printf("value %lu, faults %d\n", (unsigned long)trapped(page, &flags), count);
    DONE();
}
