// Stacks that the program switches itself: predicted returns must not be believed.
// libc: glibc
#include "check.h"
#include <ucontext.h>

enum { COROUTINES = 5, STEPS = 200 };
static ucontext_t scheduler, routines[COROUTINES];
static char stacks[COROUTINES][32768];
static int turn[COROUTINES];
static unsigned long sum;

__attribute__((noinline)) static int yield_deep(int me, int depth) {
    if (depth == 0) return swapcontext(&routines[me], &scheduler);
    return yield_deep(me, depth - 1) + 1;
}
static void body(int me) {
    for (int i = 0; i < STEPS; i++) {
        double kept = me * 1000 + i;
        int deep = yield_deep(me, (me * 7 + i) % 20);
        sum = sum * 31 + (unsigned long)kept + deep;
        turn[me]++;
    }
}

int main(void) {
    for (int i = 0; i < COROUTINES; i++) {
        getcontext(&routines[i]);
        routines[i].uc_stack.ss_sp = stacks[i];
        routines[i].uc_stack.ss_size = sizeof stacks[i];
        routines[i].uc_link = &scheduler;
        makecontext(&routines[i], (void (*)(void))body, 1, i);
    }
    for (int round = 0; round <= STEPS; round++)
        for (int i = 0; i < COROUTINES; i++) swapcontext(&scheduler, &routines[i]);
    printf("turns %d %d sum %016lx\n", turn[0], turn[COROUTINES - 1], sum);
    DONE();
}
