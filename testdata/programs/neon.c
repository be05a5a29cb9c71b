// Advanced SIMD by the compiler's intrinsics, each beside the same in plain C.
// guests: aarch64
// native: no
// flags: -O2 -ffp-contract=off
#include "check.h"
#include <arm_neon.h>
#include <stdint.h>

static uint64_t seed = 88172645463325252u;
static uint64_t next(void) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return seed;
}

// Random bytes, with the extremes often among them.
static void fill(void *at, size_t size) {
    static const uint8_t extremes[] = {0, 0xff, 0x80, 0x7f, 1};
    for (size_t i = 0; i < size; i++) {
        uint64_t value = next();
        ((uint8_t *)at)[i] = value % 3 ? value >> 8 : extremes[(value >> 8) % 5];
    }
}

static int64_t clamp(int64_t value, int64_t low, int64_t high) { return value < low ? low : value > high ? high : value; }

// For each lane of two random vectors: what the intrinsic gives must be `plain`, in which x and y are the lanes.
#define BINARY(suffix, type, lanes, intrinsic, plain)                                       \
    for (int round = 0; round < 50; round++) {                                              \
        type a[lanes], b[lanes], c[lanes];                                                  \
        fill(a, sizeof a), fill(b, sizeof b);                                               \
        vst1q_##suffix(c, intrinsic##_##suffix(vld1q_##suffix(a), vld1q_##suffix(b)));      \
        for (int i = 0; i < lanes; i++) {                                                   \
            type x = a[i], y = b[i];                                                        \
            (void)x, (void)y;                                                               \
            CHECK(c[i] == (type)(plain));                                                   \
        }                                                                                   \
    }
#define INTEGERS(intrinsic, plain)                                                                                          \
    BINARY(u8, uint8_t, 16, intrinsic, plain) BINARY(u16, uint16_t, 8, intrinsic, plain) BINARY(u32, uint32_t, 4, intrinsic, plain) \
    BINARY(s8, int8_t, 16, intrinsic, plain) BINARY(s16, int16_t, 8, intrinsic, plain) BINARY(s32, int32_t, 4, intrinsic, plain)
#define SIGNED(intrinsic, plain) \
    BINARY(s8, int8_t, 16, intrinsic, plain) BINARY(s16, int16_t, 8, intrinsic, plain) BINARY(s32, int32_t, 4, intrinsic, plain)
#define LOW(x) (sizeof(x) == 1 ? -128 : sizeof(x) == 2 ? -32768 : -2147483648LL)
#define HIGH(x) (-1 - LOW(x))

static void integers(void) {
    INTEGERS(vaddq, x + y)
    INTEGERS(vsubq, x - y)
    INTEGERS(vmulq, (uint32_t)x * (uint32_t)y)
    INTEGERS(vandq, x & y)
    INTEGERS(vorrq, x | y)
    INTEGERS(veorq, x ^ y)
    INTEGERS(vbicq, x & ~y)
    INTEGERS(vornq, x | ~y)
    INTEGERS(vmaxq, x > y ? x : y)
    INTEGERS(vminq, x < y ? x : y)
    INTEGERS(vabdq, x > y ? (uint64_t)x - y : (uint64_t)y - x)
    INTEGERS(vhaddq, ((int64_t)x + y) >> 1)
    INTEGERS(vrhaddq, ((int64_t)x + y + 1) >> 1)
    INTEGERS(vhsubq, ((int64_t)x - y) >> 1)
    SIGNED(vqaddq, clamp((int64_t)x + y, LOW(x), HIGH(x)))
    SIGNED(vqsubq, clamp((int64_t)x - y, LOW(x), HIGH(x)))
    BINARY(u8, uint8_t, 16, vqaddq, clamp(x + y, 0, 255))
    BINARY(u16, uint16_t, 8, vqsubq, clamp(x - y, 0, 65535))
    BINARY(s16, int16_t, 8, vqdmulhq, clamp((2 * (int64_t)x * y) >> 16, LOW(x), HIGH(x)))
    BINARY(s32, int32_t, 4, vqrdmulhq, clamp(((__int128)2 * x * y + (1LL << 31)) >> 32, LOW(x), HIGH(x)))
    BINARY(u64, uint64_t, 2, vaddq, x + y)
    BINARY(s64, int64_t, 2, vsubq, (uint64_t)x - (uint64_t)y)
    puts("integers");
}

static void comparisons(void) {
    for (int round = 0; round < 50; round++) {
        int16_t a[8], b[8];
        uint16_t equal[8], greater[8], test[8], chosen[8];
        fill(a, sizeof a), fill(b, sizeof b);
        b[round % 8] = a[round % 8];
        int16x8_t x = vld1q_s16(a), y = vld1q_s16(b);
        vst1q_u16(equal, vceqq_s16(x, y)), vst1q_u16(greater, vcgtq_s16(x, y)), vst1q_u16(test, vtstq_s16(x, y));
        vst1q_u16(chosen, vbslq_u16(vdupq_n_u16(0xf0f0), vreinterpretq_u16_s16(x), vreinterpretq_u16_s16(y)));
        for (int i = 0; i < 8; i++) {
            CHECK(equal[i] == (a[i] == b[i] ? 0xffff : 0) && greater[i] == (a[i] > b[i] ? 0xffff : 0));
            CHECK(test[i] == (a[i] & b[i] ? 0xffff : 0) && chosen[i] == (uint16_t)((a[i] & 0xf0f0) | (b[i] & 0x0f0f)));
        }
    }
    puts("comparisons");
}

static void shifts(void) {
    for (int round = 0; round < 100; round++) {
        int32_t a[4], by[4], c[4];
        uint32_t d[4];
        int16_t narrow[4];
        fill(a, sizeof a), fill(by, sizeof by);
        vst1q_s32(c, vshlq_s32(vld1q_s32(a), vld1q_s32(by)));
        for (int i = 0; i < 4; i++) {
            int n = (int8_t)by[i];
            CHECK(c[i] == (n >= 32 ? 0 : n >= 0 ? (int32_t)((uint32_t)a[i] << n) : n <= -32 ? a[i] >> 31 : a[i] >> -n));
        }
        vst1q_s32(c, vshrq_n_s32(vld1q_s32(a), 5));
        for (int i = 0; i < 4; i++) CHECK(c[i] == a[i] >> 5);
        vst1q_u32(d, vsriq_n_u32(vdupq_n_u32(0xabcdef01), vld1q_u32((uint32_t *)a), 12));
        for (int i = 0; i < 4; i++) CHECK(d[i] == ((uint32_t)a[i] >> 12 | (0xabcdef01 & 0xfff00000)));
        vst1q_s32(c, vrshrq_n_s32(vld1q_s32(a), 7));
        for (int i = 0; i < 4; i++) CHECK(c[i] == (int32_t)(((int64_t)a[i] + 64) >> 7));
        vst1_s16(narrow, vqrshrn_n_s32(vld1q_s32(a), 9));
        for (int i = 0; i < 4; i++) CHECK(narrow[i] == clamp(((int64_t)a[i] + 256) >> 9, -32768, 32767));
        vst1q_s32(c, vqshlq_n_s32(vld1q_s32(a), 3));
        for (int i = 0; i < 4; i++) CHECK(c[i] == clamp((int64_t)a[i] * 8, LOW(a[0]), HIGH(a[0])));
    }
    puts("shifts");
}

static void widths(void) {
    for (int round = 0; round < 50; round++) {
        uint8_t a[16], b[16], narrow[8];
        uint16_t wide[8];
        uint32_t sums[4];
        int8_t s[8];
        int16_t products[8];
        fill(a, sizeof a), fill(b, sizeof b), fill(s, sizeof s);
        vst1q_u16(wide, vmlal_u8(vdupq_n_u16(1000), vld1_u8(a), vld1_u8(b)));
        for (int i = 0; i < 8; i++) CHECK(wide[i] == (uint16_t)(1000 + a[i] * b[i]));
        vst1q_u16(wide, vaddl_high_u8(vld1q_u8(a), vld1q_u8(b)));
        for (int i = 0; i < 8; i++) CHECK(wide[i] == a[i + 8] + b[i + 8]);
        vst1_u8(narrow, vaddhn_u16(vreinterpretq_u16_u8(vld1q_u8(a)), vreinterpretq_u16_u8(vld1q_u8(b))));
        for (int i = 0; i < 8; i++) CHECK(narrow[i] == (uint8_t)((a[2 * i] + b[2 * i] + ((a[2 * i + 1] + b[2 * i + 1]) << 8)) >> 8));
        vst1q_s16(products, vmull_s8(vld1_s8(s), vdup_n_s8(-7)));
        for (int i = 0; i < 8; i++) CHECK(products[i] == s[i] * -7);
        vst1_u8(narrow, vqmovun_s16(vld1q_s16(products)));
        for (int i = 0; i < 8; i++) CHECK(narrow[i] == clamp(products[i], 0, 255));
        vst1q_u32(sums, vpaddlq_u16(vpaddlq_u8(vld1q_u8(a))));
        for (int i = 0; i < 4; i++) CHECK(sums[i] == (uint32_t)a[4 * i] + a[4 * i + 1] + a[4 * i + 2] + a[4 * i + 3]);
        unsigned total = 0, most = 0;
        for (int i = 0; i < 16; i++) total += a[i], most = a[i] > most ? a[i] : most;
        CHECK(vaddlvq_u8(vld1q_u8(a)) == total && vmaxvq_u8(vld1q_u8(a)) == most && vaddvq_u8(vld1q_u8(a)) == (uint8_t)total);
    }
    puts("widths");
}

static void permutations(void) {
    for (int round = 0; round < 50; round++) {
        uint8_t a[64], index[16], c[16], d[48];
        fill(a, sizeof a), fill(index, sizeof index);
        for (int i = 0; i < 16; i++) index[i] &= 63;
        uint8x16x3_t table = {{vld1q_u8(a), vld1q_u8(a + 16), vld1q_u8(a + 32)}};
        vst1q_u8(c, vqtbl3q_u8(table, vld1q_u8(index)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == (index[i] < 48 ? a[index[i]] : 0));
        vst1q_u8(c, vqtbx1q_u8(vdupq_n_u8(9), vld1q_u8(a), vld1q_u8(index)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == (index[i] < 16 ? a[index[i]] : 9));
        vst1q_u8(c, vextq_u8(vld1q_u8(a), vld1q_u8(a + 16), 5));
        CHECK(!memcmp(c, a + 5, 16));
        vst1q_u8(c, vzip1q_u8(vld1q_u8(a), vld1q_u8(a + 16)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == a[i / 2 + (i & 1) * 16]);
        vst1q_u8(c, vuzp2q_u8(vld1q_u8(a), vld1q_u8(a + 16)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == a[2 * i + 1]);
        vst1q_u8(c, vtrn1q_u8(vld1q_u8(a), vld1q_u8(a + 16)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == a[(i & ~1) + (i & 1) * 16]);
        vst1q_u8(c, vrev32q_u8(vld1q_u8(a)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == a[i ^ 3]);
        uint8x16x3_t three = vld3q_u8(a);
        for (int i = 0; i < 16; i++) CHECK(vgetq_lane_u8(three.val[1], 3) == a[10]);
        vst3q_u8(d, three);
        CHECK(!memcmp(d, a, 48));
        uint8x16x4_t four = vld4q_u8(a);
        vst1q_u8(c, four.val[2]);
        for (int i = 0; i < 16; i++) CHECK(c[i] == a[4 * i + 2]);
        vst1q_u8(c, vcntq_u8(vld1q_u8(a)));
        for (int i = 0; i < 16; i++) CHECK(c[i] == __builtin_popcount(a[i]));
        vst1q_u8(c, vclzq_u8(vrbitq_u8(vld1q_u8(a))));
        for (int i = 0; i < 16; i++) CHECK(c[i] == (a[i] ? __builtin_ctz(a[i]) : 8));
    }
    puts("permutations");
}

static void floats(void) {
    for (int round = 0; round < 200; round++) {
        float a[4], b[4], c[4];
        double d[2], e[2];
        int32_t n[4];
        for (int i = 0; i < 4; i++) a[i] = (float)(int32_t)next() / 1024, b[i] = (float)(int16_t)next() / 64;
        float32x4_t x = vld1q_f32(a), y = vld1q_f32(b);
        vst1q_f32(c, vfmaq_f32(x, x, y));
        for (int i = 0; i < 4; i++) CHECK(c[i] == __builtin_fmaf(a[i], b[i], a[i]));
        vst1q_f32(c, vsubq_f32(vmulq_f32(x, y), vdivq_f32(x, vaddq_f32(y, vdupq_n_f32(0.3f)))));
        for (int i = 0; i < 4; i++) {
            volatile float product = a[i] * b[i], quotient = a[i] / (b[i] + 0.3f);
            CHECK(c[i] == product - quotient);
        }
        vst1q_s32(n, vcvtnq_s32_f32(y));
        for (int i = 0; i < 4; i++) CHECK(n[i] == (int32_t)__builtin_rintf(b[i]));
        vst1q_s32(n, vcvtmq_s32_f32(y));
        for (int i = 0; i < 4; i++) CHECK(n[i] == (int32_t)__builtin_floorf(b[i]));
        vst1q_f32(c, vsqrtq_f32(vabsq_f32(x)));
        for (int i = 0; i < 4; i++) CHECK(c[i] == __builtin_sqrtf(__builtin_fabsf(a[i])));
        vst1q_f64(d, vcvt_f64_f32(vget_low_f32(x))), vst1q_f64(e, vmulq_laneq_f64(vld1q_f64(d), vld1q_f64(d), 1));
        CHECK(d[0] == a[0] && e[0] == d[0] * d[1] && e[1] == d[1] * d[1]);
        CHECK(vaddvq_f32(x) == (a[0] + a[1]) + (a[2] + a[3]));
        vst1q_s32(n, vcvtq_n_s32_f32(y, 6));
        for (int i = 0; i < 4; i++) CHECK(n[i] == (int32_t)(b[i] * 64));
        uint32x4_t estimate = vrecpeq_u32(vreinterpretq_u32_f32(x));
        (void)estimate;
    }
    float32x4_t estimates = vrecpeq_f32((float32x4_t){3, 0.7f, -12345, 1e-3f}), roots = vrsqrteq_f32((float32x4_t){3, 0.7f, 12345, 1e-3f});
    for (int i = 0; i < 4; i++) {
        uint32_t one, two;
        float f = estimates[i], g = roots[i];
        memcpy(&one, &f, 4), memcpy(&two, &g, 4);
        printf("estimates %08x %08x\n", one, two);
    }
    puts("floats");
}

int main(void) {
    integers(), comparisons(), shifts(), widths(), permutations(), floats();
    DONE();
}
