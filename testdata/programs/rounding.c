// Rounding modes that change between a call and its return: no code of the mode before may go on running.
// flags: -O1 -frounding-math -ffp-contract=off
#include "check.h"
#include <fenv.h>
#include <math.h>

static const int modes[] = {FE_TONEAREST, FE_TOWARDZERO, FE_DOWNWARD, FE_UPWARD};
static volatile double one = 1, three = 3, half = 1.5;

__attribute__((noinline)) static double quotient(void) { return one / three; }
// Rounds to even, whatever the mode is: RISC-V says so in the instruction.
__attribute__((noinline)) static long nearest(double value) {
#ifdef __riscv
    long result;
    __asm__ volatile("fcvt.l.d %0, %1, rne" : "=r"(result) : "f"(value));
    return result;
#else
    return 2 * (long)(value / 2 + 0.5);
#endif
}
__attribute__((noinline)) static void set(int mode) { fesetround(mode); }

int main(void) {
    static double direct[4], indirect[4];
    static long even[4];
    double (*volatile call)(void) = quotient;
    // The first turns make the code of the default mode and let it be found; the others must not meet it.
    for (int i = 0; i < 4; i++)
        for (int turn = 0; turn < 100; turn++) {
            set(modes[i]);
            direct[i] = quotient(), indirect[i] = call(), even[i] = nearest(half);
            set(FE_TONEAREST);
        }
    for (int i = 0; i < 4; i++) printf("%d: %a %a %ld\n", i, direct[i], indirect[i], even[i]);
    return 0;
}
