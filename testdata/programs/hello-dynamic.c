// A dynamic program: without a sysroot, its interpreter is missing (tests/cli.rs).
// libc: dynamic
// tests: none
#include <stdio.h>

int main(void) {
    puts("Hello, library");
    return 0;
}
