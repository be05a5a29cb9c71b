// The smallest whole program: start-up, one write, exit.
// libc: musl glibc
#include <stdio.h>

int main(void) {
    puts("Hello, world");
    return 0;
}
