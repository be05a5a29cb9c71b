// What is built with a sanitizer's runtime is placed as by a kernel that the runtime knows. This is the name that tells
// Clang's programs, which define it; GCC's need a library.
// native: no
// flags: -static-pie -fPIE -Wl,--no-dynamic-linker -Wl,--export-dynamic
#include "check.h"
#include <stdint.h>

#ifdef __aarch64__
#define END (1ull << 42)
#else
#define END (1ull << 38)
#endif

__attribute__((visibility("default"))) void __tsan_init(void) {}

int main(void) {
    int local;
    // The runtimes take the highest bit of the stack's addresses for the kernel's number.
    CHECK((uintptr_t)&local >= END / 2 && (uintptr_t)&local < END);
    CHECK((uintptr_t)main < END && (uintptr_t)main > END / 2);
    DONE();
}
