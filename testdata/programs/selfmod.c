// Code that is written, run, and written again: announced by __builtin___clear_cache, by mprotect, by mmap.
#include "check.h"
#include <stdint.h>
#include <sys/mman.h>

// A function that returns `value` (12 bits at most).
static size_t assemble(uint32_t *at, int value) {
#if defined __aarch64__
    at[0] = 0x52800000 | value << 5;       // mov w0, #value
    at[1] = 0xd65f03c0;                    // ret
    return 8;
#elif defined __riscv
    at[0] = 0x00000513 | (uint32_t)value << 20;  // li a0, value
    at[1] = 0x00008067;                          // ret
    return 8;
#else
    uint8_t code[] = {0xb8, value & 255, value >> 8, 0, 0, 0xc3};  // mov eax, value; ret
    memcpy(at, code, 6);
    return 6;
#endif
}
typedef int function(void);

static void publish(void *at, size_t size) { __builtin___clear_cache((char *)at, (char *)at + size); }

int main(void) {
    uint32_t *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    long sum = 0;
    CHECK(page != MAP_FAILED);
    for (int i = 0; i < 500; i++) {  // the same place again and again
        publish(page, assemble(page, i));
        int got = ((function *)(void *)page)();
        CHECK(got == i);
        sum += got;
    }
    printf("rewritten %ld\n", sum);

    for (int i = 0; i < 100; i++) publish(page + 4 * i, assemble(page + 4 * i, 3 * i));  // many functions of a page
    sum = 0;
    for (int round = 0; round < 20; round++) {
        assemble(page + 4 * round, 1000 + round);
        publish(page + 4 * round, 8);
        for (int i = 0; i < 100; i++) sum += ((function *)(void *)(page + 4 * i))();
    }
    printf("many %ld\n", sum);

    for (int i = 0; i < 50; i++) {  // W^X, as a careful JIT compiler does it
        CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
        size_t size = assemble(page, 2000 - i);
        CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0);
        publish(page, size);
        CHECK(((function *)(void *)page)() == 2000 - i);
    }
    puts("protected");

    for (int i = 0; i < 20; i++) {  // another mapping in the same place
        CHECK(munmap(page, 8192) == 0);
        CHECK(mmap(page, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
        publish(page, assemble(page, 7 * i));
        CHECK(((function *)(void *)page)() == 7 * i);
    }
    puts("mapped");
    DONE();
}
