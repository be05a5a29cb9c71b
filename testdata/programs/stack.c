// The main stack: it grows to its limit, holds large frames, and its overflow is a signal on the alternate stack.
// flags: -D_GNU_SOURCE -Wno-infinite-recursion
#include "check.h"
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/resource.h>

static sigjmp_buf recover;
static volatile uintptr_t fault_address;
static void handler(int number, siginfo_t *info, void *context) {
    (void)context;
    fault_address = (uintptr_t)info->si_addr;
    siglongjmp(recover, number);
}
__attribute__((noinline)) static unsigned frame(size_t size) {
    volatile char *big = __builtin_alloca(size);
    for (size_t i = 0; i < size; i += 512) big[size - 1 - i] = (char)i;
    return (unsigned char)big[size - 1 - 512];
}
__attribute__((noinline)) static int overflow(volatile char *above) {
    volatile char here[4096];
    here[0] = above[0];
    return overflow(here) + here[1];
}
static void *thread(void *argument) {
    (void)argument;
    return (void *)(long)frame(100000);
}

int main(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    size_t size = limit.rlim_cur > 8 << 20 ? 8 << 20 : limit.rlim_cur;
    CHECK(size >= 1 << 20);
    printf("frame %u %u\n", frame(size / 8), frame(size - (size >> 3)));
    char *alternate = malloc(65536);
    sigaltstack(&(stack_t){.ss_sp = alternate, .ss_size = 65536}, NULL);
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(SIGSEGV, &action, NULL);
    volatile char base = 0;
    for (volatile int i = 0; i < 3; i++) {
        int number = sigsetjmp(recover, 1);
        if (number == 0) overflow(&base);
        CHECK(number == SIGSEGV && fault_address < (uintptr_t)&base && fault_address > (uintptr_t)&base - size - (1 << 20));
    }
    puts("overflowed");
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, thread, NULL) == 0);
    for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    DONE();
}
