// A recursion through 16 MiB of stack (tests/qemu.rs).
// tests: none
#include <stdio.h>

#define FRAME 4096

static int down(int depth) {
    volatile char frame[FRAME];
    frame[0] = (char)depth;
    return depth == 0 ? frame[0] : down(depth - 1) + frame[0] - (char)depth;
}

int main(void) {
    return down((16 << 20) / FRAME) || puts("deep") < 0;
}
