// What differs between the machines in floating point: which NaN comes out, conversions out of range,
// minimum and maximum (Arm ARM A1.5.7 and FPToFixed; RISC-V unprivileged ISA 20.3, 20.6 and 20.7).
// native: no
#include "check.h"
#include <stdint.h>

static double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, 8);
    return value;
}
static const uint64_t operands[] = {0x3ff0000000000000, 0x7ff8000000000123, 0xfff8000000000456, 0x7ff0000000000789, 0x7ff0000000000000, 0x8000000000000000, 0};
enum { COUNT = sizeof operands / sizeof *operands };

#if defined __aarch64__
#define ADD "fadd %d0, %d1, %d2"
#define MUL "fmul %d0, %d1, %d2"
#define DIV "fdiv %d0, %d1, %d2"
#define MIN "fmin %d0, %d1, %d2"
#define MAX "fmax %d0, %d1, %d2"
#define MADD "fmadd %d0, %d1, %d2, %d1"
#define TO_I32 "fcvtzs %w0, %d1"
#define TO_U32 "fcvtzu %w0, %d1"
#define TO_I64 "fcvtzs %0, %d1"
#define TO_U64 "fcvtzu %0, %d1"
#define V "w"
#else
#define ADD "fadd.d %0, %1, %2"
#define MUL "fmul.d %0, %1, %2"
#define DIV "fdiv.d %0, %1, %2"
#define MIN "fmin.d %0, %1, %2"
#define MAX "fmax.d %0, %1, %2"
#define MADD "fmadd.d %0, %1, %2, %1"
#define TO_I32 "fcvt.w.d %0, %1, rtz"
#define TO_U32 "fcvt.wu.d %0, %1, rtz"
#define TO_I64 "fcvt.l.d %0, %1, rtz"
#define TO_U64 "fcvt.lu.d %0, %1, rtz"
#define V "f"
#endif

#define BINARY(name, op)                                                                              \
    for (int i = 0; i < COUNT; i++) {                                                                 \
        printf("%s %016llx:", name, (unsigned long long)operands[i]);                                 \
        for (int j = 0; j < COUNT; j++) {                                                             \
            double result;                                                                            \
            uint64_t bits;                                                                            \
            asm volatile(op : "=" V(result) : V(from_bits(operands[i])), V(from_bits(operands[j])));  \
            memcpy(&bits, &result, 8);                                                                \
            printf(" %016llx", (unsigned long long)bits);                                             \
        }                                                                                             \
        puts("");                                                                                     \
    }
#define CONVERT(name, op)                                                                             \
    do {                                                                                              \
        static const double from[] = {1e10, -1e10, 1e20, -1e20, -1.5, 0.99, 3e9, 1.8e19, __builtin_inf(), -__builtin_inf(), __builtin_nan("")}; \
        printf("%s:", name);                                                                          \
        for (int i = 0; i < 11; i++) {                                                                \
            uint64_t result;                                                                          \
            asm volatile(op : "=r"(result) : V(from[i]));                                             \
            printf(" %llx", (unsigned long long)result);                                              \
        }                                                                                             \
        puts("");                                                                                     \
    } while (0)

int main(void) {
    BINARY("add", ADD);
    BINARY("mul", MUL);
    BINARY("div", DIV);
    BINARY("min", MIN);
    BINARY("max", MAX);
    BINARY("madd", MADD);
    CONVERT("to i32", TO_I32);
    CONVERT("to u32", TO_U32);
    CONVERT("to i64", TO_I64);
    CONVERT("to u64", TO_U64);
    DONE();
}
