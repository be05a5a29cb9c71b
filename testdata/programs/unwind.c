// Stack traces: through plain calls, and out of a signal handler through the kernel's frame.
// libc: glibc
// flags: -O1 -fexceptions -fasynchronous-unwind-tables -fno-optimize-sibling-calls -D_GNU_SOURCE -rdynamic
#include "check.h"
#include <signal.h>
#include <unwind.h>

static int frames;
static void *pcs[64];
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *unused) {
    (void)unused;
    if (frames < 64) pcs[frames++] = (void *)_Unwind_GetIP(context);
    return _URC_NO_REASON;
}
static void trace(void) {
    frames = 0;
    _Unwind_Backtrace(step, NULL);
}
__attribute__((noinline)) static int nest(int depth, void (*leaf)(void)) {
    if (depth == 0) return leaf(), 1;
    return nest(depth - 1, leaf) + 1;
}
static int seen_in_handler;
static void handler(int number) {
    (void)number;
    trace();
    seen_in_handler = frames;
}
static void signalled(void) { raise(SIGUSR1); }

__attribute__((noinline)) static void cleanup(int *cell) { *cell += 100; }
static _Unwind_Reason_Code stop(int version, _Unwind_Action actions, _Unwind_Exception_Class class, struct _Unwind_Exception *exception,
                                struct _Unwind_Context *context, void *target) {
    (void)version, (void)class, (void)exception, (void)context;
    if (actions & _UA_END_OF_STACK) __builtin_longjmp(target, 1);
    return _URC_NO_REASON;
}
static int cleaned;
static struct _Unwind_Exception exception;
static void *buffer[5];
static void unwinds(void) { _Unwind_ForcedUnwind(&exception, stop, buffer); }
__attribute__((noinline)) static void guarded(int depth) {
    __attribute__((cleanup(cleanup))) int cell = depth;
    cleaned++;
    depth ? guarded(depth - 1) : unwinds();
    cleaned += cell;
}

int main(void) {
    nest(10, trace);
    int plain = frames;
    CHECK(plain >= 13);
    signal(SIGUSR1, handler);
    nest(10, signalled);
    CHECK(seen_in_handler > plain);
    nest(20, signalled);
    CHECK(seen_in_handler > plain + 10);
    if (__builtin_setjmp(buffer) == 0) guarded(5);
    printf("entered %d\n", cleaned);
    DONE();
}
