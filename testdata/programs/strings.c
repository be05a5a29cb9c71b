// The string and memory functions of the library at every alignment, and number formatting.
// libc: musl glibc
#include "check.h"
#include <ctype.h>
#include <strings.h>

static char a[512], b[512];

static void alignments(void) {
    unsigned long sum = 0;
    for (int from = 0; from < 17; from++)
        for (int to = 0; to < 17; to++)
            for (int size = 0; size < 140; size += 3) {
                memset(a, '.', sizeof a), memset(b, '#', sizeof b);
                for (int i = 0; i < size; i++) a[from + i] = 'a' + i % 26;
                a[from + size] = 0;
                CHECK(strlen(a + from) == (size_t)size);
                strcpy(b + to, a + from);
                CHECK(strcmp(a + from, b + to) == 0 && b[to + size + 1] == '#');
                CHECK(size == 0 || strchr(b + to, 'a' + (size - 1) % 26) != NULL);
                CHECK(memchr(b + to, 0, size + 1) == b + to + size);
                memmove(b + to + 3, b + to, size);
                CHECK(memcmp(b + to + 3, a + from, size) == 0);
                for (int i = 0; i < 200; i++) sum = sum * 31 + (unsigned char)b[i];
            }
    printf("sum %016lx\n", sum);
}

static int by_value(const void *x, const void *y) { return *(const int *)x - *(const int *)y; }

int main(void) {
    alignments();
    int numbers[100];
    unsigned seed = 1;
    for (int i = 0; i < 100; i++) numbers[i] = (seed = seed * 1103515245 + 12345) >> 16 & 0x3ff;
    qsort(numbers, 100, sizeof *numbers, by_value);
    for (int i = 0; i < 100; i += 9) printf("%d ", numbers[i]);
    printf("\n%d %5d|%-5d|%05d %x %o %c %s %.3s %%\n", -5, 42, 42, 42, 0xbeef, 8, 'c', "string", "truncated");
    printf("%g %e %.10f %a %g %g\n", 1.0 / 3, 12345.678, 2.0 / 3, 0.1, 1e300 * 1e10, -0.0);
    printf("%lld %llu %zu %hhd\n", -1LL, ~0ULL, sizeof a, (char)200);
    printf("%ld %lx %.17g %s\n", strtol("-123xyz", NULL, 10), strtoul("0xfeed", NULL, 0), strtod("1.7976931348623157e308", NULL),
           strstr("needle in a haystack", "hay"));
    int day, year;
    char month[16];
    printf("%d ", sscanf("17 March 1969", "%d %15s %d", &day, month, &year));
    printf("%d %s %d\n", day, month, year);
    char words[] = "split,these;words";
    for (char *word = strtok(words, ",;"); word; word = strtok(NULL, ",;")) printf("[%s]", word);
    printf("\n%d %d\n", strcasecmp("HeLLo", "hEllO"), !!isalpha('x'));
    DONE();
}
