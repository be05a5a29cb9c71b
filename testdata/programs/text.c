// Every function of <string.h> and its like in <wchar.h>, at all alignments and at the end of a page.
// libc: musl glibc
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mman.h>
#include <wchar.h>

static uint64_t sum = 0xcbf29ce484222325;
static char *page;
#define PAGE 4096

static void add(const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3;
}

static void number(long value)
{
    add(&value, sizeof value);
}

static void sign(int value)
{
    number((value > 0) - (value < 0));
}

static void place(const char *found, const char *start)
{
    number(found ? found - start : -1);
}

static void report(const char *name)
{
    printf("%s %016llx\n", name, (unsigned long long)sum);
}

// Text of so many bytes that ends with the page.
static char *text(size_t length, int kind)
{
    char *start = page + PAGE - length - 1;
    for (size_t i = 0; i < length; i++)
        start[i] = kind ? "abcdefghijklmnopq\xff\x80"[(i * kind) % 19] : 'a';
    start[length] = 0;
    return start;
}

static void searches(const char *s, size_t length)
{
    number(strlen(s)), number(strnlen(s, length / 2)), number(strnlen(s, length + 9));
    for (const char *c = "aq\xffz"; *c; c++) {
        place(strchr(s, *c), s), place(strrchr(s, *c), s), place(strchrnul(s, *c), s);
        place(memchr(s, *c, length), s), place(memrchr(s, *c, length), s);
    }
    number(strspn(s, "abcdef")), number(strcspn(s, "pq")), number(strcspn(s, ""));
    place(strpbrk(s, "nm"), s), place(strstr(s, "hij"), s), place(strstr(s, ""), s), place(strcasestr(s, "HIJ"), s);
    place(memmem(s, length, "jkl", 3), s), place(strchr(s, 0), s);
}

static void copies(const char *s, size_t length)
{
    static char to[PAGE + 64];
    for (int at = 0; at < 17; at++) {
        memset(to, at, sizeof to);
        memcpy(to + at, s, length), add(to, length + 40);
        memmove(to + at + 3, to + at, length), add(to, length + 40);
        memmove(to + at, to + at + 5, length), add(to, length + 40);
        place(mempcpy(to + at, s, length / 2), to), place(memccpy(to + at, s, 'k', length), to), add(to, length + 40);
        place(stpcpy(to + at, s), to), strcat(to + at, "end"), strncat(to + at, s, 5), add(to, length + 40);
        place(stpncpy(to + at, s, length + 4), to), strncpy(to + at, s, length / 3), add(to, length + 40);
        memset(to + at, 'x', length), bzero(to + at + 1, length / 4), add(to, length + 40);
    }
}

static void comparisons(const char *s, size_t length)
{
    static char other[PAGE + 64];
    for (int at = 0; at < 9; at++) {
        char *o = strcpy(other + at, s);
        sign(strcmp(s, o)), sign(memcmp(s, o, length)), sign(bcmp(s, o, length)), sign(strcasecmp(s, o));
        for (size_t change = 0; change < length; change += 1 + length / 7) {
            char old = o[change];
            o[change] ^= 0x81;
            sign(strcmp(s, o)), sign(memcmp(s, o, length)), sign(strncmp(s, o, change)), sign(strncmp(s, o, change + 1));
            o[change] = old ^ 0x20;
            sign(strcasecmp(s, o)), sign(strncasecmp(s, o, change + 1)), sign(strcoll(s, o)), sign(strverscmp(s, o));
            o[change] = old;
        }
    }
}

static void tokens(void)
{
    char list[] = "one,,two;three ,;four", again[] = "a:b::c", *rest, *next = again;
    for (char *token = strtok_r(list, ",; ", &rest); token; token = strtok_r(0, ",; ", &rest))
        add(token, strlen(token));
    for (char *token; (token = strsep(&next, ":"));)
        add(token, strlen(token) + 1);
    char *copy = strdup("copied"), *part = strndup("copied", 3);
    add(copy, 7), add(part, 4);
    free(copy), free(part);
}

static void wide(size_t length)
{
    static wchar_t from[512], to[1100];
    for (size_t i = 0; i < length; i++)
        from[i] = 0x100 + i * 7 % 23;
    from[length] = 0;
    number(wcslen(from)), number(wcsnlen(from, length / 2)), wcscpy(to, from), wcscat(to, from), add(to, 8 * length + 4);
    wchar_t *found = wcschr(from, 0x107), *last = wcsrchr(from, 0x107);
    number(found ? found - from : -1), number(last ? last - from : -1), sign(wcscmp(from, to)), sign(wcsncmp(from, to, length));
    found = wmemchr(from, 0x10e, length), number(found ? found - from : -1), wmemset(to, 5, length), wmemcpy(to + 1, from, length);
    wmemmove(to + 2, to, length), add(to, 4 * length), sign(wmemcmp(from, to, length)), number(wcsspn(from, to)), number(wcscspn(from, to));
}

int main(void)
{
    page = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(page + PAGE, PAGE, PROT_NONE);
    for (size_t length = 0; length < 300; length += length < 40 ? 1 : 37) {
        for (int kind = 0; kind < 4; kind++) {
            const char *s = text(length, kind);
            searches(s, length), copies(s, length), comparisons(s, length);
        }
        wide(length);
        if (length % 10 == 0) report("so far");
    }
    tokens();
    report("all");
}
