// The release of Linux that it runs on, uname(2) (tests/qemu.rs).
// tests: none
#include <stdio.h>
#include <sys/utsname.h>

int main(void) {
    struct utsname name;
    return uname(&name) || puts(name.release) < 0;
}
