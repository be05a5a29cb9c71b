// The computations of compute.c and compute-O3.c.
#include "check.h"
#include <stdint.h>

static uint32_t sha_k[64];
static uint32_t rotate(uint32_t value, int by) { return value >> by | value << (32 - by); }

// FIPS 180-4; the constants are computed: the first 32 bits of the fractional parts of cube roots of primes.
static void sha_constants(void) {
    int count = 0;
    for (int n = 2; count < 64; n++) {
        int prime = 1;
        for (int d = 2; d * d <= n; d++) prime &= n % d != 0;
        if (!prime) continue;
        unsigned __int128 low = 0, high = (unsigned __int128)8 << 32;  // the root times 2^32, by bisection
        while (low + 1 < high) {
            unsigned __int128 middle = (low + high) / 2;
            if (middle * middle * middle <= (unsigned __int128)n << 96) low = middle;
            else high = middle;
        }
        sha_k[count++] = (uint32_t)low;
    }
}

static void sha_block(uint32_t state[8], const uint8_t *data) {
    uint32_t w[64], s[8];
    for (int i = 0; i < 16; i++) w[i] = (uint32_t)data[4 * i] << 24 | data[4 * i + 1] << 16 | data[4 * i + 2] << 8 | data[4 * i + 3];
    for (int i = 16; i < 64; i++)
        w[i] = w[i - 16] + w[i - 7] + (rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3) +
               (rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10);
    memcpy(s, state, sizeof s);
    for (int i = 0; i < 64; i++) {
        uint32_t one = s[7] + (rotate(s[4], 6) ^ rotate(s[4], 11) ^ rotate(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6])) + sha_k[i] + w[i];
        uint32_t two = (rotate(s[0], 2) ^ rotate(s[0], 13) ^ rotate(s[0], 22)) + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += one, s[0] = one + two;
    }
    for (int i = 0; i < 8; i++) state[i] += s[i];
}

static void digest(void) {
    uint32_t state[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint8_t block[64] = {'a', 'b', 'c', 0x80, [63] = 24};
    sha_constants();
    for (int i = 0; i < 300; i++) {
        sha_block(state, block);
        if (i == 0) printf("sha256(abc) %08x%08x\n", state[0], state[7]);
    }
    printf("chain %08x\n", state[0]);
}

static void sieve(void) {
    static uint8_t composite[20000];
    int count = 0;
    for (int i = 2; i < 20000; i++) {
        if (composite[i]) continue;
        count++;
        for (int j = 2 * i; j < 20000; j += i) composite[j] = 1;
    }
    printf("primes %d\n", count);
}

static int queens(unsigned all, unsigned columns, unsigned left, unsigned right) {
    int count = columns == all;
    for (unsigned free = all & ~(columns | left | right); free; free &= free - 1) {
        unsigned bit = free & -free;
        count += queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return count;
}

static void matrices(void) {
    enum { N = 24 };
    static double a[N][N], b[N][N], c[N][N];
    static float f[N * N], g[N * N];
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) a[i][j] = i * 3 - j, b[i][j] = i ^ j;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++)
            for (int k = 0; k < N; k++) c[i][j] += a[i][k] * b[k][j];
    double trace = 0;
    for (int i = 0; i < N; i++) trace += c[i][i] - c[i][N - 1 - i];
    for (int i = 0; i < N * N; i++) f[i] = (float)(i % 64) / 8, g[i] = f[i] * 0.5f + 1;
    float sum = 0;
    for (int i = 0; i < N * N; i++) sum += (f[i] > 3 ? f[i] : -g[i]) * 0.25f;
    printf("trace %.1f sum %.6f\n", trace, sum);
}

static void lanes(void) {
    static uint8_t bytes[1024];
    static int16_t shorts[1024];
    static uint32_t words[1024];
    static int64_t longs[256];
    for (int i = 0; i < 1024; i++) bytes[i] = i * 37, shorts[i] = i * 2654435761u >> 16, words[i] = i * 2654435761u;
    for (int i = 0; i < 1024; i++) bytes[i] = bytes[i] > 100 ? bytes[i] - 50 : bytes[i] << 1;
    for (int i = 0; i < 1024; i++) shorts[i] = shorts[i] * 3 + bytes[i];
    for (int i = 0; i < 1024; i++) words[i] = (words[i] >> 3) ^ (words[i] << 7) ^ bytes[1023 - i];
    for (int i = 0; i < 256; i++) longs[i] = (int64_t)words[4 * i] * shorts[i] - words[4 * i + 3];
    uint64_t sum = 0;
    unsigned most = 0;
    int least = 0;
    for (int i = 0; i < 1024; i++) sum += bytes[i], most = words[i] > most ? words[i] : most, least = shorts[i] < least ? shorts[i] : least;
    for (int i = 0; i < 256; i++) sum = sum * 3 + longs[i];
    printf("lanes %016llx %08x %d\n", (unsigned long long)sum, most, least);
}

static void mandelbrot(void) {
    int inside = 0, steps = 0;
    for (int y = -12; y <= 12; y++)
        for (int x = -30; x <= 10; x++) {
            double zr = 0, zi = 0, cr = x / 16.0, ci = y / 8.0;
            int n = 0;
            while (n < 100 && zr * zr + zi * zi < 4) {
                double t = zr * zr - zi * zi + cr;
                zi = 2 * zr * zi + ci, zr = t, n++;
            }
            inside += n == 100, steps += n;
        }
    printf("mandelbrot %d %d\n", inside, steps / 100);
}

static void table(void) {
    static uint32_t keys[4096], counts[4096];
    uint32_t seed = 12345, longest = 0;
    for (int i = 0; i < 20000; i++) {
        seed = seed * 1664525 + 1013904223;
        uint32_t key = (seed >> 20) | 1, slot = key * 0x9e3779b1u >> 20, probes = 0;
        while (keys[slot] && keys[slot] != key) slot = (slot + 1) & 4095, probes++;
        keys[slot] = key, counts[slot]++;
        if (probes > longest) longest = probes;
    }
    uint32_t sum = 0;
    for (int i = 0; i < 4096; i++) sum = sum * 31 + keys[i] * counts[i];
    printf("table %08x %u\n", sum, longest);
}

int main(void) {
    digest(), sieve();
    printf("queens %d\n", queens(0xff, 0, 0, 0));
    matrices(), lanes(), mandelbrot(), table();
    DONE();
}
