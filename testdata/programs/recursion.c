// Deep and wide recursion: returns are predicted by the host's call stack, whose depth is bounded.
#include "check.h"

static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
static unsigned ackermann(unsigned m, unsigned n) {
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}
static int is_odd(unsigned n);
__attribute__((noinline, optimize("no-optimize-sibling-calls"))) static int is_even(unsigned n) { return n == 0 || is_odd(n - 1); }
__attribute__((noinline, optimize("no-optimize-sibling-calls"))) static int is_odd(unsigned n) { return n != 0 && is_even(n - 1); }
__attribute__((noinline)) static unsigned long depth(unsigned long n, volatile char *above) {
    volatile char here[32];
    here[0] = (char)n;
    return n == 0 ? 0 : depth(n - 1, here) + 1 + (above[0] & 0);
}
static void hanoi(int n, int from, int to, int via, unsigned *moves) {
    if (n == 0) return;
    hanoi(n - 1, from, via, to, moves);
    *moves = *moves * 3 + from * 4 + to;
    hanoi(n - 1, via, to, from, moves);
}

int main(void) {
    volatile char base = 0;
    unsigned moves = 0;
    hanoi(14, 0, 1, 2, &moves);
    printf("fib %u\nackermann %u\neven %d odd %d\n", fib(24), ackermann(2, 300), is_even(40000), is_odd(40001));
    printf("depth %lu\nhanoi %u\n", depth(40000, &base), moves);
    DONE();
}
