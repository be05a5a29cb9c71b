// Scalar floating point, bit for bit: every rounding mode, conversions, fused operations, flags.
// flags: -O1 -frounding-math -ffp-contract=off -fno-builtin
#include "check.h"
#include <fenv.h>
#include <math.h>
#include <stdint.h>

static volatile double doubles[] = {0.0, -0.0, 1.0, -1.5, 0.1, 1.0 / 3, 3.0e9, -2.5, 2.5, 3.5, 0.49999999999999994, 4503599627370497.5,
    9007199254740993.0, 9.3e18, -9.3e18, 1.9e19, 1e300, 1e-300, 2.2250738585072014e-308, 5e-324, 1e308, INFINITY, -INFINITY, 2147483647.5};
static volatile float floats[] = {0.0f, -0.0f, 1.0f, -1.5f, 0.1f, 1.0f / 3, 16777217.0f, 1e30f, 1e-30f, 1.17549435e-38f, 1.4e-45f, 3.4e38f, 0.5f};
enum { DOUBLES = sizeof doubles / sizeof *doubles, FLOATS = sizeof floats / sizeof *floats };

static uint64_t hash;
static void mix(uint64_t value) {
    for (int i = 0; i < 8; i++) hash = (hash ^ (value >> 8 * i & 255)) * 1099511628211u;
}
// NaNs are told by kind only: which one an operation makes is the machine's own (nan.c).
static void mix_double(double value) {
    uint64_t bits;
    memcpy(&bits, &value, 8);
    mix(value != value ? 0x7ff8000000000000 : bits);
}
static void mix_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    mix(value != value ? 0x7fc00000 : bits);
}
static int flags(void) {
    int raised = fetestexcept(FE_INVALID | FE_DIVBYZERO | FE_OVERFLOW | FE_INEXACT);
    feclearexcept(FE_ALL_EXCEPT);
    return !!(raised & FE_INVALID) | !!(raised & FE_DIVBYZERO) << 1 | !!(raised & FE_OVERFLOW) << 2 | !!(raised & FE_INEXACT) << 3;
}

static void arithmetic(void) {
    for (int i = 0; i < DOUBLES; i++)
        for (int j = 0; j < DOUBLES; j++) {
            double a = doubles[i], b = doubles[j];
            mix_double(a + b), mix(flags()), mix_double(a - b), mix(flags()), mix_double(a * b), mix(flags());
            mix_double(a / b), mix(flags()), mix_double(fma(a, b, 1.0)), mix_double(fma(a, b, -a)), flags();
            mix((a < b) | (a <= b) << 1 | (a == b) << 2 | (a > b) << 3 | (a >= b) << 4 | (a != b) << 5);
        }
    for (int i = 0; i < DOUBLES; i++) mix_double(sqrt(doubles[i])), mix(flags());
    for (int i = 0; i < FLOATS; i++)
        for (int j = 0; j < FLOATS; j++) {
            float a = floats[i], b = floats[j];
            mix_float(a + b), mix_float(a - b), mix_float(a * b), mix_float(a / b), mix_float(fmaf(a, b, a)), flags();
        }
}

static void convert(void) {
    for (int i = 0; i < DOUBLES; i++) {
        double value = doubles[i];
        mix_float((float)value), mix_double(rint(value)), mix_double(nearbyint(value)), flags();
        mix_double(floor(value)), mix_double(ceil(value)), mix_double(trunc(value)), mix_double(round(value)), flags();
        if (fabs(value) < 2e9) mix((int32_t)value), mix(lrint(value)), mix(flags());
        if (fabs(value) < 9e18) mix((int64_t)value), mix(llrint(value)), mix(flags());
        if (value >= 0 && value < 4e9) mix((uint32_t)value), mix(flags());
        if (value >= 0 && value < 1.8e19) mix((uint64_t)value), flags();
    }
    static volatile int64_t integers[] = {0, 1, -1, 9007199254740993, -9007199254740995, INT64_MAX, INT64_MIN, 16777217, 0x7fffffff};
    for (int i = 0; i < 9; i++) {
        mix_double((double)integers[i]), mix_float((float)integers[i]), mix(flags());
        mix_double((double)(uint64_t)integers[i]), mix_float((float)(uint64_t)integers[i]), flags();
        mix_double((double)(int32_t)integers[i]), mix_float((float)(int32_t)integers[i]), mix_float((float)(uint32_t)integers[i]), flags();
    }
}

static void sort_of_bits(void) {
    for (int i = 0; i < DOUBLES; i++) {
        double value = doubles[i];
        mix_double(fabs(value)), mix_double(-value), mix_double(copysign(value, -1.0)), mix(fpclassify(value) == FP_SUBNORMAL), mix(!!signbit(value));
        for (int j = 0; j < DOUBLES; j++) {
            if (value == 0 && doubles[j] == 0) continue;  // the sign of fmin(0, -0) is the library's choice
            mix_double(fmin(value, doubles[j])), mix_double(fmax(value, doubles[j]));
        }
    }
}

int main(void) {
    static const struct { const char *name; int mode; } modes[] = {
        {"nearest", FE_TONEAREST}, {"up", FE_UPWARD}, {"down", FE_DOWNWARD}, {"zero", FE_TOWARDZERO}};
    for (int i = 0; i < 4; i++) {
        CHECK(fesetround(modes[i].mode) == 0 && fegetround() == modes[i].mode);
        feclearexcept(FE_ALL_EXCEPT);
        hash = 14695981039346656037u;
        arithmetic();
        printf("%-8s arithmetic %016llx\n", modes[i].name, (unsigned long long)hash);
        convert();
        printf("%-8s convert    %016llx\n", modes[i].name, (unsigned long long)hash);
        sort_of_bits();
        printf("%-8s bits       %016llx\n", modes[i].name, (unsigned long long)hash);
    }
    fesetround(FE_TONEAREST);
    DONE();
}
