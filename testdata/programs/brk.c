// The program break: it grows far, keeps its values, shrinks, and what comes back is zero.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

static uintptr_t set(uintptr_t to) { return (uintptr_t)syscall(SYS_brk, to); }

int main(void) {
    uintptr_t start = set(0), size = 128 << 20;
    CHECK(start != 0 && set(0) == start);
    CHECK(set(start + 100) == start + 100);
    *(volatile char *)(start + 99) = 1;
    CHECK(set(start + size) == start + size);
    for (uintptr_t at = start; at < start + size; at += 1 << 20) *(volatile uintptr_t *)at = at;
    for (uintptr_t at = start; at < start + size; at += 1 << 20) CHECK(*(volatile uintptr_t *)at == at);
    CHECK(*(volatile char *)(start + 99) == 1);
    CHECK(set(start + 8192) == start + 8192 && set(start + size) == start + size);
    CHECK(*(volatile uintptr_t *)(start + (64 << 20)) == 0 && *(volatile uintptr_t *)start == start);
    CHECK(set(1) == start + size);  // a break below the start is refused by telling the present one
    CHECK(set(start) == start);
    DONE();
}
