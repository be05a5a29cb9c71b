/* What a profile is made of: functions with names, a child, and another program in the same process. No library. */

#ifdef __aarch64__
__asm__(".globl _start\n.type _start, %function\n_start: mov x0, sp\n bl begin\n.size _start, . - _start");
static long call(long number, long x0, long x1, long x2, long x3, long x4) {
    register long a __asm__("x0") = x0, b __asm__("x1") = x1, c __asm__("x2") = x2, d __asm__("x3") = x3, e __asm__("x4") = x4;
    register long nr __asm__("x8") = number;
    __asm__ volatile("svc 0" : "+r"(a) : "r"(nr), "r"(b), "r"(c), "r"(d), "r"(e) : "memory");
    return a;
}
#else
__asm__(".globl _start\n.type _start, @function\n_start: mv a0, sp\n call begin\n.size _start, . - _start");
static long call(long number, long x0, long x1, long x2, long x3, long x4) {
    register long a __asm__("a0") = x0, b __asm__("a1") = x1, c __asm__("a2") = x2, d __asm__("a3") = x3, e __asm__("a4") = x4;
    register long nr __asm__("a7") = number;
    __asm__ volatile("ecall" : "+r"(a) : "r"(nr), "r"(b), "r"(c), "r"(d), "r"(e) : "memory");
    return a;
}
#endif

enum { EXIT = 93, CLONE = 220, EXECVE = 221, WAIT4 = 260, SIGCHLD = 17 };

__attribute__((noinline)) unsigned spin(unsigned n) {
    unsigned sum = 1;
    for (unsigned i = 0; i < n; i++)
        sum = sum * 1664525 + i;
    return sum;
}

__attribute__((noinline)) unsigned child_spin(unsigned n) {
    unsigned sum = 1;
    for (unsigned i = 0; i < n; i++)
        sum ^= sum << 3 | i;
    return sum;
}

__attribute__((noinline)) unsigned second_spin(unsigned n) {
    unsigned sum = n;
    while (n--)
        sum += sum >> 1 ^ n;
    return sum;
}

void begin(long *stack) {
    /* Volatile, so that nothing is computed or left out by the compiler. */
    volatile unsigned sum, rounds = stack[0] > 2 ? 500000000 : 1000;
    const char *again[] = {"spin", 0};
    if (stack[0] == 1) {
        sum = second_spin(rounds);
        call(EXIT, sum ? 7 : 0, 0, 0, 0, 0);
    }
    sum = spin(rounds);
    if (call(CLONE, SIGCHLD, 0, 0, 0, 0) == 0) {
        sum = child_spin(rounds);
        call(EXIT, sum == 0, 0, 0, 0, 0);
    }
    call(WAIT4, -1, 0, 0, 0, 0);
    call(EXECVE, (long)"/proc/self/exe", (long)again, 0, 0, 0);
    call(EXIT, sum == 0 ? 2 : 1, 0, 0, 0, 0);
}
