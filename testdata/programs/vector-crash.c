// Ends with vectors and tags in use: tests/crash.rs looks for them in the core file.
// guests: riscv64
// libc: glibc
// native: no
// tests: none
#include <sys/prctl.h>

int main(void) {
    prctl(55, 7ul << 24 | 1, 0, 0, 0);
    asm volatile(".option push\n\t.option arch, +v\n\tvsetivli x0, 2, e64, m1, ta, ma\n\tvmv.v.x v31, %0\n\tsb x0, (x0)\n\t.option pop"
                 : : "r"(0x1122334455667788ul) : "memory");
}
