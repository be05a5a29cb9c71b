// A JIT compiler that writes through one mapping and runs through another, and one that writes by pwrite.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t assemble(uint32_t *at, int value) {
#if defined __aarch64__
    at[0] = 0x52800000 | value << 5;
    at[1] = 0xd65f03c0;
    return 8;
#elif defined __riscv
    at[0] = 0x00000513 | (uint32_t)value << 20;
    at[1] = 0x00008067;
    return 8;
#else
    uint8_t code[] = {0xb8, value & 255, value >> 8, 0, 0, 0xc3};
    memcpy(at, code, 6);
    return 6;
#endif
}
typedef int function(void);

int main(void) {
    int file = memfd_create("code", 0);
    CHECK(ftruncate(file, 8192) == 0);
    uint32_t *write_view = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    uint32_t *run_view = mmap(NULL, 8192, PROT_READ | PROT_EXEC, MAP_SHARED, file, 0);
    CHECK(write_view != MAP_FAILED && run_view != MAP_FAILED && write_view != run_view);
    long sum = 0;
    for (int i = 0; i < 300; i++) {
        size_t size = assemble(write_view + 16, i);
        __builtin___clear_cache((char *)(run_view + 16), (char *)(run_view + 16) + size);
        int got = ((function *)(void *)(run_view + 16))();
        CHECK(got == i);
        sum += got;
    }
    printf("views %ld\n", sum);
    uint32_t code[4];
    for (int i = 0; i < 50; i++) {
        size_t size = assemble(code, 1000 + i);
        CHECK(pwrite(file, code, size, 4096) == (ssize_t)size);
        __builtin___clear_cache((char *)(run_view + 1024), (char *)(run_view + 1024) + size);
        CHECK(((function *)(void *)(run_view + 1024))() == 1000 + i);
    }
    puts("pwrite");
    DONE();
}
