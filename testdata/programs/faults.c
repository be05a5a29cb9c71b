// Faults as signals: address and code for loads, stores and fetches, recovery by siglongjmp, copies by the kernel.
// libc: musl
// flags: -D_GNU_SOURCE -Wno-array-bounds -Wno-stringop-overflow
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

static sigjmp_buf recover;
static siginfo_t seen;
static void handler(int number, siginfo_t *info, void *context) {
    (void)context;
    seen = *info;
    siglongjmp(recover, number);
}

#define TRY(name, address, action)                                                                          \
    do {                                                                                                    \
        int number = sigsetjmp(recover, 1);                                                                 \
        if (number == 0) {                                                                                  \
            action;                                                                                         \
            printf("%s: no fault\n", name);                                                                 \
        } else                                                                                              \
            printf("%s: %s code %d address %d\n", name, number == SIGSEGV ? "SEGV" : "BUS", seen.si_code,   \
                   seen.si_addr == (void *)(address));                                                      \
    } while (0)

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL), sigaction(SIGBUS, &action, NULL);
    char *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED && munmap(page + 8192, 4096) == 0);

    TRY("load null", 0, (void)*(volatile int *)0);
    TRY("store null", 24, *(volatile long *)24 = 1);
    TRY("load unmapped", page + 8192, (void)*(volatile int *)(page + 8192));
    TRY("store unmapped", page + 8200, *(volatile char *)(page + 8200) = 1);
    TRY("store across", page + 8192, *(volatile long *)(page + 8188) = -1);
    mprotect(page + 4096, 4096, PROT_READ);
    page[0] = 5;
    TRY("store read-only", page + 4100, *(volatile int *)(page + 4100) = 1);
    TRY("load read-only", 0, (void)*(volatile int *)(page + 4100));
    mprotect(page + 4096, 4096, PROT_NONE);
    TRY("load none", page + 4096, (void)*(volatile char *)(page + 4096));
    TRY("store double", page + 4096, *(volatile double *)(page + 4096) = 1.5);
    TRY("copy into none", seen.si_addr, memcpy(page + 4000, page, 200));  // which byte first is the library's choice
    TRY("fetch null", 0, ((void (*volatile)(void))0)());
    TRY("fetch not executable", page, ((void (*volatile)(void))page)());
    TRY("fetch unmapped", page + 8192, ((void (*volatile)(void))(page + 8192))());

    char name[] = "/tmp/transom-faults-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    CHECK(ftruncate(file, 4096) == 0);
    char *mapped = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    TRY("inside the file", 0, mapped[100] = 1);
    TRY("behind the file", mapped + 5000, mapped[5000] = 1);

    // The kernel's own accesses fail with EFAULT and raise nothing.
    CHECK(write(file, page + 4096, 10) == -1 && errno == EFAULT);
    CHECK(read(file, (void *)16, 10) == -1 && errno == EFAULT);
    CHECK(open((char *)-1, O_RDONLY) == -1 && errno == EFAULT);
    CHECK(pipe((int *)(page + 4096)) == -1 && errno == EFAULT);
    for (volatile int i = 0; i < 2000; i++)
        if (sigsetjmp(recover, 1) == 0) *(volatile int *)(page + 8192) = i;
    CHECK(seen.si_addr == page + 8192);
    CHECK(page[0] == 5);
    DONE();
}
