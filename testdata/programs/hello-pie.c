// A static-pie: the loader chooses its place, and it relocates itself.
// libc: musl
// flags: -static-pie -fPIE -Wl,--no-dynamic-linker
#include "check.h"

static int data = 5;
static int *pointer = &data;
static const char *const names[] = {"relocated", "tables", "work"};

int main(void) {
    for (int i = 0; i < 3; i++) printf("%s %d\n", names[i], *pointer + i);
    CHECK((unsigned long)&data > 0x10000);
    DONE();
}
