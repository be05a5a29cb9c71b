// A storm of timer signals over computations in integers, floating point and memory: no state may be lost.
// flags: -D_GNU_SOURCE -O2
#include "check.h"
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <sys/time.h>
#include <ucontext.h>

static volatile unsigned long ticks;
static void handler(int number) {
    double x = ticks;
    (void)number;
    for (int i = 0; i < 10; i++) x = x * 1.5 + sqrt(x + i);  // the handler uses the vector registers itself
    ticks += x >= 0;
}

__attribute__((noinline)) static uint64_t integers(int rounds) {
    uint64_t a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8;
    for (int i = 0; i < rounds; i++) {
        a += b ^ i, b = b * 5 + c, c -= d >> 3, d = (d << 7 | d >> 57) + e, e ^= f, f += g * 3, g = ~h + a, h += a < b;
    }
    return a ^ b ^ c ^ d ^ e ^ f ^ g ^ h;
}
__attribute__((noinline)) static double floats(int rounds) {
    double a = 1, b = 0.5, c = 0.25, d = 0.125;
    for (int i = 0; i < rounds; i++) a = a * 0.75 + b, b = b * 0.5 + c, c = c * 0.5 + d + 1, d = (a - b) * 0.0625;
    return a + b + c + d;
}
__attribute__((noinline)) static uint64_t memory(int rounds) {
    static uint32_t table[256];
    for (int i = 0; i < rounds; i++) table[i & 255] += table[(i * 7) & 255] + i;
    uint64_t sum = 0;
    for (int i = 0; i < 256; i++) sum = sum * 31 + table[i];
    return sum;
}

int main(void) {
    uint64_t quiet_integers = integers(20000);
    double quiet_floats = floats(20000);
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    sigaction(SIGALRM, &action, NULL);
    struct itimerval timer = {{0, 300}, {0, 300}}, off = {{0, 0}, {0, 0}};
    setitimer(ITIMER_REAL, &timer, NULL);
    int different = 0, rounds = 0;
    while (rounds < 40 || ticks < 30) {
        rounds++;
        different += integers(20000) != quiet_integers;
        different += floats(20000) != quiet_floats;
        memory(2000);
        char text[64];
        snprintf(text, sizeof text, "%d", rounds);
        different += atoi(text) != rounds;
    }
    setitimer(ITIMER_REAL, &off, NULL);
    printf("different %d\n", different);
    DONE();
}
