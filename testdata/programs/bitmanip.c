// Zba, Zbb and Zbs, each instruction beside the same in plain C.
// guests: riscv64
// native: no
// flags: -march=rv64gc_zba_zbb_zbs -O1
#include "check.h"
#include <stdint.h>

static const uint64_t values[] = {0, 1, 2, 0x7f, 0x80, 0xff00, 0x80000000, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000,
    0xffffffffffffffff, 0x0123456789abcdef, 0xfedcba9876543210, 0x5555aaaa0000ffff, 0x00ff00ff00ff00ff};
enum { COUNT = sizeof values / sizeof *values };

#define BINARY(name, plain)                                                              \
    for (int i = 0; i < COUNT; i++)                                                      \
        for (int j = 0; j < COUNT; j++) {                                                \
            uint64_t a = values[i], b = values[j], found, wanted = (uint64_t)(plain);    \
            asm volatile(name " %0, %1, %2" : "=r"(found) : "r"(a), "r"(b));             \
            if (found != wanted) failures++, printf("%s %lx %lx = %lx, not %lx\n", name, a, b, found, wanted); \
        }
#define UNARY(name, plain)                                                               \
    for (int i = 0; i < COUNT; i++) {                                                    \
        uint64_t a = values[i], found, wanted = (uint64_t)(plain);                       \
        asm volatile(name " %0, %1" : "=r"(found) : "r"(a));                             \
        if (found != wanted) failures++, printf("%s %lx = %lx, not %lx\n", name, a, found, wanted); \
    }
#define IMMEDIATE(name, n, plain)                                                        \
    for (int i = 0; i < COUNT; i++) {                                                    \
        uint64_t a = values[i], found, wanted = (uint64_t)(plain);                       \
        asm volatile(name " %0, %1, " #n : "=r"(found) : "r"(a));                        \
        if (found != wanted) failures++, printf("%s %lx " #n " = %lx, not %lx\n", name, a, found, wanted); \
    }

static uint64_t orc_b(uint64_t a) {
    uint64_t result = 0;
    for (int i = 0; i < 64; i += 8) result |= a >> i & 255 ? (uint64_t)255 << i : 0;
    return result;
}
static int64_t w(uint64_t value) { return (int32_t)value; }
#define WORD(x) ((uint32_t)(x))

int main(void) {
    BINARY("sh1add", (a << 1) + b)
    BINARY("sh2add", (a << 2) + b)
    BINARY("sh3add", (a << 3) + b)
    BINARY("add.uw", (uint64_t)WORD(a) + b)
    BINARY("sh1add.uw", ((uint64_t)WORD(a) << 1) + b)
    BINARY("sh2add.uw", ((uint64_t)WORD(a) << 2) + b)
    BINARY("sh3add.uw", ((uint64_t)WORD(a) << 3) + b)
    IMMEDIATE("slli.uw", 37, (uint64_t)WORD(a) << 37)
    puts("Zba");
    BINARY("andn", a & ~b)
    BINARY("orn", a | ~b)
    BINARY("xnor", ~(a ^ b))
    BINARY("max", (int64_t)a > (int64_t)b ? a : b)
    BINARY("maxu", a > b ? a : b)
    BINARY("min", (int64_t)a < (int64_t)b ? a : b)
    BINARY("minu", a < b ? a : b)
    BINARY("rol", a << (b & 63) | a >> (-b & 63))
    BINARY("ror", a >> (b & 63) | a << (-b & 63))
    BINARY("rolw", w(WORD(a) << (b & 31) | WORD(a) >> (-b & 31)))
    BINARY("rorw", w(WORD(a) >> (b & 31) | WORD(a) << (-b & 31)))
    IMMEDIATE("rori", 43, a >> 43 | a << 21)
    IMMEDIATE("roriw", 11, w(WORD(a) >> 11 | WORD(a) << 21))
    UNARY("clz", a ? __builtin_clzll(a) : 64)
    UNARY("ctz", a ? __builtin_ctzll(a) : 64)
    UNARY("cpop", __builtin_popcountll(a))
    UNARY("clzw", WORD(a) ? __builtin_clz(WORD(a)) : 32)
    UNARY("ctzw", WORD(a) ? __builtin_ctz(WORD(a)) : 32)
    UNARY("cpopw", __builtin_popcount(WORD(a)))
    UNARY("sext.b", (int64_t)(int8_t)a)
    UNARY("sext.h", (int64_t)(int16_t)a)
    UNARY("zext.h", (uint16_t)a)
    UNARY("orc.b", orc_b(a))
    UNARY("rev8", __builtin_bswap64(a))
    puts("Zbb");
    BINARY("bclr", a & ~(UINT64_C(1) << (b & 63)))
    BINARY("bset", a | UINT64_C(1) << (b & 63))
    BINARY("binv", a ^ UINT64_C(1) << (b & 63))
    BINARY("bext", a >> (b & 63) & 1)
    IMMEDIATE("bclri", 40, a & ~(UINT64_C(1) << 40))
    IMMEDIATE("bseti", 63, a | UINT64_C(1) << 63)
    IMMEDIATE("binvi", 31, a ^ UINT64_C(1) << 31)
    IMMEDIATE("bexti", 33, a >> 33 & 1)
    puts("Zbs");
    DONE();
}
