// Division by zero, overflowing division and over-long shifts give results on both guests and trap on none
// (Arm ARM C6.2 SDIV/UDIV and LSLV; RISC-V unprivileged ISA 7.2, table of division by zero and overflow).
// native: no
#include "check.h"
#include <stdint.h>

#if defined __aarch64__
#define SDIV "sdiv %0, %1, %2"
#define UDIV "udiv %0, %1, %2"
#define SDIVW "sdiv %w0, %w1, %w2"
#define UDIVW "udiv %w0, %w1, %w2"
#define SHL "lsl %0, %1, %2"
#define SHLW "lsl %w0, %w1, %w2"
#define SARW "asr %w0, %w1, %w2"
#else
#define SDIV "div %0, %1, %2"
#define UDIV "divu %0, %1, %2"
#define SDIVW "divw %0, %1, %2"
#define UDIVW "divuw %0, %1, %2"
#define SHL "sll %0, %1, %2"
#define SHLW "sllw %0, %1, %2"
#define SARW "sraw %0, %1, %2"
#endif

#define SHOW(name, op, a, b)                                                                  \
    do {                                                                                      \
        uint64_t result;                                                                      \
        asm volatile(op : "=r"(result) : "r"((uint64_t)(a)), "r"((uint64_t)(b)));             \
        printf("%-5s %016llx %016llx = %016llx\n", name, (unsigned long long)(a),             \
               (unsigned long long)(b), (unsigned long long)result);                          \
    } while (0)

int main(void) {
    SHOW("sdiv", SDIV, 42, 0);
    SHOW("sdiv", SDIV, INT64_MIN, -1);
    SHOW("sdiv", SDIV, -7, 2);
    SHOW("udiv", UDIV, 42, 0);
    SHOW("udiv", UDIV, -1, 10);
    SHOW("sdivw", SDIVW, 42, 0);
    SHOW("sdivw", SDIVW, 0x80000000, 0xffffffff);
    SHOW("sdivw", SDIVW, 0x100000007, 0x500000002);
    SHOW("udivw", UDIVW, 42, 0x700000000);
    SHOW("udivw", UDIVW, 0xffffffff, 10);
    SHOW("shl", SHL, 1, 64);
    SHOW("shl", SHL, 3, 127);
    SHOW("shlw", SHLW, 1, 32);
    SHOW("shlw", SHLW, 3, 63);
    SHOW("sarw", SARW, 0x80000000, 36);
#ifdef __riscv
    uint64_t result;
#define SHOWR(op, a, b) (({ asm volatile(op " %0, %1, %2" : "=r"(result) : "r"((uint64_t)(a)), "r"((uint64_t)(b))); }), \
                         printf("%-5s = %016llx\n", op, (unsigned long long)result))
    SHOWR("rem", 42, 0);
    SHOWR("rem", INT64_MIN, -1);
    SHOWR("remu", 42, 0);
    SHOWR("remw", 0x80000000, 0xffffffff);
    SHOWR("remw", 0x180000000, 0);
    SHOWR("remuw", 0xffffffff, 0);
    SHOWR("mulhsu", -1, -1);
#endif
    DONE();
}
