// The exit status reaches the parent, and atexit handlers run in reverse order.
// exit: 42
#include "check.h"

static void first(void) { puts("registered first, runs last"); }
static void second(void) { puts("registered second, runs first"); }

int main(void) {
    atexit(first);
    atexit(second);
    exit(42 + 256);
}
