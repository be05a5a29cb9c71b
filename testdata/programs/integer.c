// Integer arithmetic that C defines: wide products, division at the edges, variable shifts, bit counts, overflow.
#include "check.h"
#include <stdint.h>

static volatile uint64_t values[] = {0, 1, 2, 3, 7, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000,
    0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff, 0x0123456789abcdef,
    0xfedcba9876543210, 0x5555555555555555, 0xaaaaaaaaaaaaaaaa};
enum { COUNT = sizeof values / sizeof *values };

static uint64_t hash = 14695981039346656037u;
static void mix(uint64_t value) {
    for (int i = 0; i < 8; i++) hash = (hash ^ (value >> 8 * i & 255)) * 1099511628211u;
}
static void section(const char *name) {
    printf("%-10s %016llx\n", name, (unsigned long long)hash);
    hash = 14695981039346656037u;
}
#define EACH for (int i = 0; i < COUNT; i++) for (int j = 0; j < COUNT; j++)
#define A values[i]
#define B values[j]

static void multiply(void) {
    EACH {
        unsigned __int128 u = (unsigned __int128)A * B;
        __int128 s = (__int128)(int64_t)A * (int64_t)B;
        __int128 m = (__int128)(int64_t)A * (unsigned __int128)B;
        mix(u >> 64), mix(u), mix(s >> 64), mix(m >> 64), mix((int64_t)(int32_t)A * (int32_t)B);
        mix((uint64_t)(uint32_t)A * (uint32_t)B), mix((int32_t)((uint32_t)A * (uint32_t)B));
    }
    section("multiply");
}

static void divide(void) {
    EACH {
        if (B == 0) continue;
        mix(A / B), mix(A % B);
        if (!((int64_t)A == INT64_MIN && (int64_t)B == -1)) mix((int64_t)A / (int64_t)B), mix((int64_t)A % (int64_t)B);
        if ((uint32_t)B == 0) continue;
        mix((uint32_t)A / (uint32_t)B), mix((uint32_t)A % (uint32_t)B);
        if (!((int32_t)A == INT32_MIN && (int32_t)B == -1)) mix((int32_t)A / (int32_t)B), mix((int32_t)A % (int32_t)B);
    }
    section("divide");
}

static void shift(void) {
    EACH {
        unsigned n = B & 63, w = B & 31;
        mix(A << n), mix(A >> n), mix((int64_t)A >> n), mix((uint32_t)A << w), mix((uint32_t)A >> w), mix((int32_t)A >> w);
        mix(A << n | A >> (-n & 63)), mix((uint32_t)((uint32_t)A << w | (uint32_t)A >> (-w & 31)));
    }
    section("shift");
}

static void logic(void) {
    EACH {
        mix(A & B), mix(A | B), mix(A ^ B), mix(A & ~B), mix(A | ~B), mix(A ^ ~B), mix(~A), mix(-A);
        mix(A + B), mix(A - B), mix((int32_t)(A + B)), mix((uint32_t)(A - B));
        mix((int8_t)A), mix((int16_t)A), mix((uint8_t)A), mix((uint16_t)A), mix((int32_t)A);
    }
    section("logic");
}

static void compare(void) {
    EACH {
        mix((A < B) | (A <= B) << 1 | ((int64_t)A < (int64_t)B) << 2 | ((int64_t)A <= (int64_t)B) << 3 | (A == B) << 4);
        mix(((uint32_t)A < (uint32_t)B) | ((int32_t)A < (int32_t)B) << 1 | ((int32_t)A > (int32_t)B) << 2);
        mix((int64_t)A > (int64_t)B ? A : B), mix(A > B ? A + 1 : ~B), mix((int64_t)A < 0 ? -A : A);
    }
    section("compare");
}

static void bits(void) {
    for (int i = 0; i < COUNT; i++) {
        mix(__builtin_popcountll(A)), mix(__builtin_bswap64(A)), mix(__builtin_bswap32(A)), mix(__builtin_bswap16(A));
        mix(__builtin_clrsbll(A)), mix(__builtin_parityll(A)), mix(__builtin_ffsll(A));
        if (A) mix(__builtin_clzll(A)), mix(__builtin_ctzll(A));
        if ((uint32_t)A) mix(__builtin_clz(A)), mix(__builtin_ctz(A));
    }
    section("bits");
}

static void overflow(void) {
    EACH {
        int64_t s;
        uint64_t u;
        int32_t w;
        mix(__builtin_add_overflow((int64_t)A, (int64_t)B, &s)), mix(s);
        mix(__builtin_sub_overflow((int64_t)A, (int64_t)B, &s)), mix(s);
        mix(__builtin_mul_overflow((int64_t)A, (int64_t)B, &s)), mix(s);
        mix(__builtin_add_overflow(A, B, &u)), mix(u), mix(__builtin_sub_overflow(A, B, &u)), mix(u);
        mix(__builtin_mul_overflow((int32_t)A, (int32_t)B, &w)), mix(w);
        unsigned __int128 wide = ((unsigned __int128)A << 64 | B) + ((unsigned __int128)B << 64 | A);
        mix(wide), mix(wide >> 64);
        wide = ((unsigned __int128)A << 64 | B) - ((unsigned __int128)B << 64 | A);
        mix(wide), mix(wide >> 64);
    }
    section("overflow");
}

int main(void) {
    multiply(), divide(), shift(), logic(), compare(), bits(), overflow();
    DONE();
}
