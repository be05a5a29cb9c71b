// Death by a wild store reaches the parent as SIGSEGV.
// signal: SEGV
// flags: -Wno-array-bounds
#include "check.h"

int main(void) {
    puts("about to fault");
    *(volatile int *)16 = 1;
    puts("not reached");
}
