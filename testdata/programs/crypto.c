// The cryptographic and CRC instructions on the test vectors of their standards (FIPS 180-4, FIPS 197, RFC 3720).
// guests: aarch64
// native: no
// flags: -march=armv8-a+crypto+crc
#include "check.h"
#include <arm_acle.h>
#include <arm_neon.h>
#include <stdint.h>
#include <sys/auxv.h>

static const uint32_t k[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
    0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
    0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
    0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
    0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
    0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static const uint8_t abc[64] = {'a', 'b', 'c', 0x80, [63] = 24};
static uint32x4_t big_endian(const uint8_t *at) { return vreinterpretq_u32_u8(vrev32q_u8(vld1q_u8(at))); }
static void show(const char *name, uint32x4_t value) {
    printf("%s %08x %08x %08x %08x\n", name, value[0], value[1], value[2], value[3]);
}

static void sha256(void) {
    uint32x4_t one = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a}, two = {0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    uint32x4_t first = one, second = two, w[4];
    for (int i = 0; i < 4; i++) w[i] = big_endian(abc + 16 * i);
    for (int i = 0; i < 16; i++) {
        uint32x4_t input = vaddq_u32(w[0], vld1q_u32(k + 4 * i)), old = one;
        uint32x4_t more = vsha256su1q_u32(vsha256su0q_u32(w[0], w[1]), w[2], w[3]);
        one = vsha256hq_u32(one, two, input), two = vsha256h2q_u32(two, old, input);
        w[0] = w[1], w[1] = w[2], w[2] = w[3], w[3] = more;
    }
    show("sha256", vaddq_u32(one, first));
    show("sha256", vaddq_u32(two, second));
}

static void sha1(void) {
    uint32x4_t state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476}, first = state, w[4];
    uint32_t e = 0xc3d2e1f0, first_e = e;
    static const uint32_t constants[] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};
    for (int i = 0; i < 4; i++) w[i] = big_endian(abc + 16 * i);
    for (int i = 0; i < 20; i++) {
        uint32x4_t input = vaddq_u32(w[0], vdupq_n_u32(constants[i / 5])), more = vsha1su1q_u32(vsha1su0q_u32(w[0], w[1], w[2]), w[3]);
        uint32_t old = vgetq_lane_u32(state, 0);
        state = i / 5 == 0 ? vsha1cq_u32(state, e, input) : i / 5 == 2 ? vsha1mq_u32(state, e, input) : vsha1pq_u32(state, e, input);
        e = vsha1h_u32(old);
        w[0] = w[1], w[1] = w[2], w[2] = w[3], w[3] = more;
    }
    show("sha1", vaddq_u32(state, first));
    printf("sha1 %08x\n", e + first_e);
}

static void aes(void) {
    static const uint8_t key[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    static const uint8_t text[16] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    uint8_t round_keys[11][16], result[16];
    memcpy(round_keys[0], key, 16);
    for (int i = 1, constant = 1; i <= 10; i++, constant = constant << 1 ^ (constant & 0x80 ? 0x11b : 0)) {
        uint8_t column[16];  // the S-box of four bytes, by AESE with a zero key, undoing its ShiftRows by repeating the word
        for (int j = 0; j < 16; j++) column[j] = round_keys[i - 1][12 + (j & 3)];
        vst1q_u8(column, vaeseq_u8(vld1q_u8(column), vdupq_n_u8(0)));
        uint8_t boxed[4];
        for (int j = 0; j < 4; j++) boxed[j] = column[j];
        for (int j = 0; j < 4; j++) round_keys[i][j] = round_keys[i - 1][j] ^ boxed[(j + 1) & 3] ^ (j == 0 ? constant : 0);
        for (int j = 4; j < 16; j++) round_keys[i][j] = round_keys[i - 1][j] ^ round_keys[i][j - 4];
    }
    uint8x16_t block = vld1q_u8(text);
    for (int i = 0; i < 9; i++) block = vaesmcq_u8(vaeseq_u8(block, vld1q_u8(round_keys[i])));
    block = veorq_u8(vaeseq_u8(block, vld1q_u8(round_keys[9])), vld1q_u8(round_keys[10]));
    vst1q_u8(result, block);
    printf("aes ");
    for (int i = 0; i < 16; i++) printf("%02x", result[i]);
    block = vaesdq_u8(block, vld1q_u8(round_keys[10]));
    for (int i = 9; i > 0; i--) block = vaesdq_u8(vaesimcq_u8(block), vaesimcq_u8(vld1q_u8(round_keys[i])));
    block = veorq_u8(block, vld1q_u8(round_keys[0]));
    vst1q_u8(result, block);
    printf(" back %d\n", !memcmp(result, text, 16));
}

static void polynomials(void) {
    poly64_t a = 0x123456789abcdef0, b = 0xfedcba9876543211;
    uint64_t product[2], low = 0, high = 0;
    vst1q_u64(product, vreinterpretq_u64_p128(vmull_p64(a, b)));
    for (int i = 0; i < 64; i++)
        if (b >> i & 1) low ^= a << i, high ^= i ? a >> (64 - i) : 0;
    CHECK(product[0] == low && product[1] == high);
    vst1q_u64(product, vreinterpretq_u64_p128(vmull_high_p64((poly64x2_t){a, b}, (poly64x2_t){3, a})));
    CHECK(product[0] == low && product[1] == high);
    poly16x8_t bytes = vmull_p8(vdup_n_p8(0x53), vdup_n_p8(0xca));
    printf("pmull %016llx %04x\n", (unsigned long long)product[1], (unsigned)vgetq_lane_p16(bytes, 3));
}

int main(void) {
    CHECK((getauxval(AT_HWCAP) & 0xf8) == 0xf8);  // AES, PMULL, SHA1, SHA2, CRC32
    sha256(), sha1(), aes(), polynomials();
    uint32_t crc = ~0u, crc_c = ~0u;
    for (const char *at = "123456789"; *at; at++) crc = __crc32b(crc, *at), crc_c = __crc32cb(crc_c, *at);
    printf("crc32 %08x crc32c %08x\n", ~crc, ~crc_c);
    printf("wider %08x %08x %08x\n", __crc32h(1, 0x1234), __crc32cw(2, 0x12345678), __crc32d(3, 0x123456789abcdef0));
    DONE();
}
