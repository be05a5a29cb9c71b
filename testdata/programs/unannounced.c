// Code that is written and run without a word: RISC-V programs do it, as x86 lets them. AArch64 does not promise it.
// guests: riscv64
// flags: -D_GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

// A function that returns `value` (11 bits at most).
static size_t assemble(void *at, int value) {
#if defined __riscv
    uint32_t code[] = {0x00000513 | (uint32_t)value << 20, 0x00008067};  // li a0, value; ret
#else
    uint8_t code[] = {0xb8, value & 255, value >> 8, 0, 0, 0xc3};  // mov eax, value; ret
#endif
    memcpy(at, code, sizeof code);
    return sizeof code;
}

typedef int function(void);
static int call(void *at) {
    __asm__ volatile("" ::: "memory");
    return ((function *)at)();
}

static char *map(int prot, int flags, int file) {
    char *at = mmap(NULL, 16384, prot, flags, file, 0);
    CHECK(at != MAP_FAILED);
    return at;
}

enum { RWX = PROT_READ | PROT_WRITE | PROT_EXEC };

static void plainly(void) {
    char *page = map(RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (int i = 0; i < 2000; i++) {
        assemble(page + i % 7 * 64, i);
        CHECK(call(page + i % 7 * 64) == i);
    }
    // A function and what it counts on one page.
    volatile int *data = (int *)(page + 2048);
    for (int i = 0; i < 20000; i++) *data += call(page);
    printf("plainly %d\n", *data);
    assemble(page + 4092 - 4, 77);  // across the border of two pages
    CHECK(call(page + 4088) == 77);
    assemble(page + 4088, 78);
    CHECK(call(page + 4088) == 78);
    CHECK(mprotect(page, 4096, RWX) == 0);
    assemble(page, 5);
    CHECK(call(page) == 5);
    char *moved = mremap(page, 16384, 32768, MREMAP_MAYMOVE);
    CHECK(moved != MAP_FAILED && call(moved) == 5);
    assemble(moved, 6);
    CHECK(call(moved) == 6);
}

static void by_views(void) {
    int file = memfd_create("code", 0);
    CHECK(ftruncate(file, 16384) == 0);
    char *run = map(PROT_READ | PROT_EXEC, MAP_SHARED, file);
    char *early = map(PROT_READ | PROT_WRITE, MAP_SHARED, file);
    for (int i = 0; i < 500; i++) {
        assemble(early + 128, i);
        CHECK(call(run + 128) == i);
    }
    char *late = map(PROT_READ | PROT_WRITE, MAP_SHARED, file);  // once the code was run
    char *none = map(PROT_NONE, MAP_SHARED, file);
    CHECK(mprotect(none, 16384, PROT_READ | PROT_WRITE) == 0);
    for (int i = 0; i < 500; i++) {
        assemble((i % 2 ? late : none) + 128, i + 1);
        CHECK(call(run + 128) == i + 1);
    }
    char *private = map(PROT_READ | PROT_EXEC, MAP_PRIVATE, file);
    assemble(late, 1);
    CHECK(call(private) == 1);
    assemble(late, 2);
    CHECK(call(private) == 2);
    uint32_t code[4];
    struct iovec vector = {code, assemble(code, 900)};
    CHECK(pwritev(file, &vector, 1, 256) == (ssize_t)vector.iov_len && call(run + 256) == 900);
    for (int i = 0; i < 100; i++) {
        size_t size = assemble(code, i);
        CHECK(pwrite(file, code, size, 256) == (ssize_t)size && call(run + 256) == i && call(private + 256) == i);
    }
    puts("by views");
}

static void by_calls(void) {
    char *page = map(RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    uint32_t code[4];
    int ends[2];
    CHECK(pipe(ends) == 0);
    for (int i = 0; i < 100; i++) {
        assemble(page + 512, 3);
        CHECK(call(page + 512) == 3);
        size_t size = assemble(code, i);
        CHECK(write(ends[1], code, size) == (ssize_t)size);
        struct iovec to[2] = {{page + 512, 4}, {page + 516, size - 4}};
        if (i % 2) CHECK(read(ends[0], page + 512, size) == (ssize_t)size);
        else CHECK(readv(ends[0], to, 2) == (ssize_t)size);
        CHECK(call(page + 512) == i);
    }
    assemble(code, 33);
    struct iovec local = {code, 8}, remote = {page + 512, 8};
    CHECK(process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == 8 && call(page + 512) == 33);
    // Read-only code and no code are no less so.
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 && write(ends[1], code, 8) == 8);
    CHECK(read(ends[0], page + 512, 8) == -1 && call(page + 512) == 33);
    puts("by calls");
}

static void after_fork(void) {
    char *page = map(RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    assemble(page, 10);
    CHECK(call(page) == 10);
    pid_t child = fork();
    if (child == 0) {
        assemble(page, 11);
        _exit(call(page));
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 11);
    CHECK(call(page) == 10);
    assemble(page, 12);
    CHECK(call(page) == 12);
    puts("after fork");
}

static char *shared_page;
static void *writer(void *at) {
    for (int i = 0; i < 3000; i++) assemble((char *)at, i % 1000);
    return NULL;
}

static void by_threads(void) {
    shared_page = map(RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) CHECK(pthread_create(&threads[i], NULL, writer, shared_page + 1024 * (i + 1)) == 0);
    for (int i = 0; i < 3000; i++) {
        assemble(shared_page, i % 1000);
        CHECK(call(shared_page) == i % 1000);
    }
    for (int i = 0; i < 2; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(call(shared_page + 1024) == 999 && call(shared_page + 2048) == 999);
    puts("by threads");
}

static char *stack_page;
static void on_signal(int signal) { (void)signal; }
// A signal's frame on a page that holds code.
static void by_frames(void) {
    stack_page = map(RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    stack_t stack = {.ss_sp = stack_page, .ss_size = 16384};
    CHECK(sigaltstack(&stack, NULL) == 0);
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    for (int i = 0; i < 100; i++) {
        assemble(stack_page + 16384 - 64, i);
        CHECK(call(stack_page + 16384 - 64) == i);
        CHECK(raise(SIGUSR1) == 0);
    }
    puts("by frames");
}

int main(void) {
    plainly();
    by_views();
    by_calls();
    after_fork();
    by_threads();
    by_frames();
    DONE();
}
