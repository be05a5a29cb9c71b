// Indirect calls and jumps: function pointers, switch tables, computed goto, variable arguments, structs by value.
#include "check.h"
#include <stdarg.h>

static int add(int a, int b) { return a + b; }
static int subtract(int a, int b) { return a - b; }
static int multiply(int a, int b) { return a * b; }
static int (*volatile table[])(int, int) = {add, subtract, multiply};

struct small { int a, b; };
struct floats { double x, y; float z; };
struct large { long words[9]; };
__attribute__((noinline)) static struct small make_small(int a) { return (struct small){a, a * 2}; }
__attribute__((noinline)) static struct floats make_floats(double x) { return (struct floats){x, x / 2, (float)x / 4}; }
__attribute__((noinline)) static struct large make_large(struct large from, long n) {
    for (int i = 0; i < 9; i++) from.words[i] += n * i;
    return from;
}
__attribute__((noinline)) static double many(int a, double b, long c, float d, int e, double f, long g, int h, int i, int j, double k, float l) {
    return a + b * c + d - e * f + g - h + i * j + k * l;
}

static long sum(int count, ...) {
    va_list list;
    va_start(list, count);
    long total = 0;
    for (int i = 0; i < count; i++) total += i % 2 ? (long)va_arg(list, double) : va_arg(list, long);
    va_end(list);
    return total;
}

static const char *word(int n) {
    switch (n) {
    case 0: return "zero";
    case 1: return "one";
    case 2: return "two";
    case 3: return "three";
    case 4: return "four";
    case 5: return "five";
    case 9: return "nine";
    default: return "many";
    }
}

// A small machine with computed goto: each handler jumps to the next through a table.
static long run(const unsigned char *code) {
    static void *const labels[] = {&&push, &&plus, &&times, &&loop, &&stop};
    long stack[8], *top = stack, counter = 0;
#define NEXT goto *labels[*code++]
    NEXT;
push: *top++ = *code++; NEXT;
plus: top--; top[-1] += *top; NEXT;
times: top--; top[-1] = top[-1] * *top % 1000003; NEXT;
loop: if (++counter < 1000) code -= *code + 1; else code++; NEXT;
stop: return top[-1];
}

int main(void) {
    int value = 7;
    for (int i = 0; i < 300; i++) value = table[i * 7 % 3](value % 10007, i);
    printf("table %d\n", value);
    struct small s = make_small(21);
    struct floats f = make_floats(10);
    struct large l = make_large((struct large){{1, 2, 3, 4, 5, 6, 7, 8, 9}}, 100);
    printf("structs %d %d %g %g %g %ld %ld\n", s.a, s.b, f.x, f.y, f.z, l.words[0], l.words[8]);
    printf("many %g\n", many(1, 2.5, 3, 4.5f, 5, 6.5, 7, 8, 9, 10, 11.5, 12.5f));
    printf("sum %ld\n", sum(10, 1L, 2.0, 3L, 4.0, 5L, 6.0, 7L, 8.0, 9L, 10.0));
    for (int i = -1; i < 11; i += 2) printf("%s ", word(i));
    printf("%s\n", word(4));
    const unsigned char code[] = {0, 3, 0, 5, 2, 0, 1, 1, 3, 6, 4};
    printf("machine %ld\n", run(code));
    DONE();
}
