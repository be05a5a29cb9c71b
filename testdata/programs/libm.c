// Every function of <math.h> and the arithmetic of long double, in each rounding mode: a sum over results and exceptions.
// What must come out is what qemu-user 11.1 prints: a long double has 128 bits on the guests, and 80 on the host.
// native: no
// flags: -fno-builtin -frounding-math
#define _GNU_SOURCE
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint64_t sum;

static void add(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
}

static void add_state(void)
{
    int flags = fetestexcept(FE_ALL_EXCEPT);
    add(&flags, sizeof flags);
    feclearexcept(FE_ALL_EXCEPT);
}

static void begin(void)
{
    sum = 0xcbf29ce484222325;
    feclearexcept(FE_ALL_EXCEPT);
}

static uint64_t seed = 1;

static uint64_t next(void)
{
    seed = seed * 6364136223846793005 + 1442695040888963407;
    return seed ^ seed >> 29;
}

#define COUNT 72
static double values[COUNT];
static float values_f[COUNT];
static long double values_l[COUNT];
static const int modes[] = { FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO };

static void fill(void)
{
    static const double special[] = { 0, -0.0, 1, -1, 0.5, -0.5, 1.5, -2.5, 2, 3, -3, 10, 100.25, 0.1, -0.7, 1e-3, 1e3, -1e5, 1e15,
        4503599627370497.5, 9007199254740993, 1e19, -1e19, 1e-20, 1e100, -1e-100, 1e300, 1e-300, DBL_MAX, -DBL_MAX, DBL_MIN,
        DBL_MIN / 3, -4.9e-324, INFINITY, -INFINITY, NAN, -NAN, M_PI, M_PI_2, -M_E, 709.5, -745.5, 88.7, -103.9, 2147483647.5 };
    int known = sizeof special / sizeof *special;
    for (int i = 0; i < COUNT; i++) {
        if (i < known) {
            values[i] = special[i];
        } else {
            // Exponents around one.
            uint64_t bits = (next() & 0x807fffffffffffff) | 0x3fc0000000000000 + ((next() & 0x7f) << 49);
            memcpy(&values[i], &bits, 8);
        }
        values_f[i] = values[i];
        values_l[i] = i % 3 ? values[i] : values[i] * (1 + 0x1p-70L);
    }
    values_f[5] = 0x1p-126f, values_f[6] = 0x1.8p-130f;
    values_l[5] = LDBL_MIN, values_l[6] = LDBL_MIN / 5, values_l[7] = LDBL_MAX;
}

#define EACH(type, list, call) \
    for (int mode = 0; mode < 4; mode++) { \
        fesetround(modes[mode]); \
        for (int i = 0; i < COUNT; i++) { \
            volatile type x = list[i]; \
            (void)x; \
            call; \
        } \
        fesetround(FE_TONEAREST); \
    }
#define KEEP(expression) { volatile __typeof__(expression) r = (expression); __typeof__(expression) v = r; add(&v, sizeof v); add_state(); }
#define PAIRS(type, list, expression) EACH(type, list, for (int j = 0; j < COUNT; j += 5) { volatile type y = list[(i * 7 + j) % COUNT]; (void)y; KEEP(expression) })
#define REPORT(name) printf("%s %016llx\n", name, (unsigned long long)sum);
#define ONE(f, s, type, list) { begin(); EACH(type, list, KEEP(f##s(x))) REPORT(#f #s) }
#define TWO(f, s, type, list) { begin(); PAIRS(type, list, f##s(x, y)) REPORT(#f #s) }
#define MIX(name, type, list, expression) { begin(); PAIRS(type, list, expression) REPORT(name) }
#define ONES(F) F(acos) F(acosh) F(asin) F(asinh) F(atan) F(atanh) F(cbrt) F(ceil) F(cos) F(cosh) F(erf) F(erfc) F(exp) F(exp2) \
    F(expm1) F(fabs) F(floor) F(ilogb) F(lgamma) F(llrint) F(llround) F(log) F(log10) F(log1p) F(log2) F(logb) F(lrint) F(lround) \
    F(nearbyint) F(rint) F(round) F(sin) F(sinh) F(sqrt) F(tan) F(tanh) F(tgamma) F(trunc)
#define TWOS(F) F(atan2) F(copysign) F(fdim) F(fmax) F(fmin) F(fmod) F(hypot) F(nextafter) F(pow) F(remainder)

#define D(fn) ONE(fn, , double, values)
#define S(fn) ONE(fn, f, float, values_f)
#define L(fn) ONE(fn, l, long double, values_l)
#define D2(fn) TWO(fn, , double, values)
#define S2(fn) TWO(fn, f, float, values_f)
#define L2(fn) TWO(fn, l, long double, values_l)

static void doubles(void) { ONES(D) TWOS(D2) }
static void floats(void) { ONES(S) TWOS(S2) }
static void quads(void) { ONES(L) TWOS(L2) }

static int quotient;
static double whole;

#define ARITHMETIC(type, list, s) \
    MIX(#type " +", type, list, x + y) MIX(#type " -", type, list, x - y) MIX(#type " *", type, list, x * y) \
    MIX(#type " /", type, list, x / y) MIX(#type " <", type, list, x < y) MIX(#type " ==", type, list, x == y) \
    MIX(#type " unordered", type, list, isunordered(x, y)) MIX(#type " fma", type, list, fma##s(x, y, -x)) \
    MIX(#type " to int", type, list, (int)(x < 2e9 && x > -2e9 ? x : y < 2e9 && y > -2e9 ? y : 0)) \
    MIX(#type " to unsigned long", type, list, (unsigned long)(x < 1e19 && x > -1 ? x : 7)) \
    MIX(#type " from long", type, list, (type)(long)next()) MIX(#type " from unsigned long", type, list, (type)(unsigned long)next()) \
    MIX(#type " from int", type, list, (type)(int)next()) MIX(#type " from unsigned", type, list, (type)(unsigned)next()) \
    MIX(#type " to float", type, list, (float)x) MIX(#type " to double", type, list, (double)x) \
    MIX(#type " to long double", type, list, (long double)x) \
    MIX(#type " scalbn", type, list, scalbn##s(x, (int)(i * 7) - 250)) \
    MIX(#type " nexttoward", type, list, nexttoward##s(x, values_l[i])) \
    MIX(#type " frexp", type, list, frexp##s(isfinite(x) ? x : 1, &quotient) * 4 + quotient) \
    MIX(#type " remquo", type, list, remquo##s(x, y, &quotient))

int main(void)
{
    fill();
    doubles();
    floats();
    quads();
    ARITHMETIC(double, values, )
    ARITHMETIC(float, values_f, f)
    ARITHMETIC(long double, values_l, l)
    MIX("modf", double, values, modf(x, &whole) + whole)
    MIX("j0", double, values, j0(x) + j1(y))
    MIX("y0", double, values, y0(fabs(x)) + jn(3, y))
}
