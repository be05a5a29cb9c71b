// setjmp and longjmp: values kept, deep unwinding, out of a signal handler with and without the mask.
// libc: musl
// flags: -Wno-infinite-recursion
#include "check.h"
#include <setjmp.h>
#include <signal.h>

static jmp_buf buffer;
static sigjmp_buf signal_buffer;

__attribute__((noinline)) static void dive(int depth) {
    if (depth == 0) longjmp(buffer, 42);
    dive(depth - 1);
    asm volatile("" ::: "memory");
}

static void handler(int number) { siglongjmp(signal_buffer, number); }

int main(void) {
    volatile int count = 0;
    volatile double kept = 3.25;
    int value = setjmp(buffer);
    if (value == 0) dive(1000);
    printf("first %d\n", value);

    value = setjmp(buffer);
    if (++count < 1000) longjmp(buffer, count);
    printf("looped %d, value %d, kept %g\n", count, value, kept);

    if (setjmp(buffer) == 0) longjmp(buffer, 0);
    else puts("longjmp of 0 returns 1");

    signal(SIGUSR1, handler);
    for (volatile int save = 0; save < 2; save++) {
        sigset_t set;
        int number = sigsetjmp(signal_buffer, save);
        if (number == 0) raise(SIGUSR1);
        sigprocmask(SIG_SETMASK, NULL, &set);
        printf("save %d: signal %d, blocked after %d\n", save, number == SIGUSR1, sigismember(&set, SIGUSR1));
        sigemptyset(&set);
        sigprocmask(SIG_SETMASK, &set, NULL);
    }
    DONE();
}
