// PROCMAP_QUERY: single mappings asked of /proc/self/maps, against what its text says; what is refused.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

// linux/fs.h since Linux 6.11.
struct query {
    unsigned long size, flags, addr, start, end, permissions, page_size, offset, inode;
    unsigned major, minor, name_size, build_id_size;
    unsigned long name, build_id;
};
#define QUERY _IOWR('f', 17, struct query)
enum { READABLE = 1, WRITABLE = 2, EXECUTABLE = 4, SHARED = 8, OR_NEXT = 16, FILE_BACKED = 32 };

static int maps;
static char name[4096];

static int ask(struct query *query, unsigned long addr, unsigned long flags) {
    *query = (struct query){.size = sizeof *query, .flags = flags, .addr = addr, .name_size = sizeof name, .name = (long)name};
    name[0] = 0;
    return ioctl(maps, QUERY, query) ? errno : 0;
}

// Each line of the text is what a query for the next mapping finds.
static void all(void) {
    static char text[1 << 16];
    struct query query = {0};
    int length = 0, lines = 0;
    for (ssize_t got; (got = read(maps, text + length, sizeof text - 1 - length)) > 0;) length += got;
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
        unsigned long start, end, offset, inode;
        unsigned major, minor;
        char mode[5], path[512] = "";
        CHECK(sscanf(line, "%lx-%lx %4s %lx %x:%x %lu %511[^\n]", &start, &end, mode, &offset, &major, &minor, &inode, path) >= 7);
        if (start >= 1UL << 63) break; // x86-64's [vsyscall], which is no mapping
        CHECK(ask(&query, query.end, OR_NEXT) == 0);
        if (query.start != start || query.end != end) printf("%s: %lx-%lx\n", line, query.start, query.end);
        unsigned long permissions = (mode[0] == 'r') * READABLE | (mode[1] == 'w') * WRITABLE | (mode[2] == 'x') * EXECUTABLE | (mode[3] == 's') * SHARED;
        CHECK(query.permissions == permissions && query.page_size == 4096);
        CHECK(query.offset == offset && query.inode == inode && query.major == major && query.minor == minor);
        CHECK(!strcmp(name, path) && query.name_size == (*path ? strlen(path) + 1 : 0));
        CHECK(ask(&query, end - 1, 0) == 0 && query.start == start);
    }
    CHECK(lines > 3 && ask(&query, query.end, OR_NEXT) == ENOENT);
}

static void choices(char *here, int file) {
    struct query query;
    printf("covering %d, behind %d\n", ask(&query, (long)here, 0), ask(&query, (long)here + 4096, 0));
    CHECK(ask(&query, (long)here + 4096, OR_NEXT) == 0);
    CHECK(query.start == (unsigned long)here + 8192 && query.permissions == READABLE);
    CHECK(ask(&query, (long)here, OR_NEXT | SHARED | READABLE) == 0 && query.start == (unsigned long)here + 12288);
    CHECK(query.offset == 8192 && query.permissions == (READABLE | SHARED) && strstr(name, "memfd:procmap"));
    CHECK(ask(&query, (long)here, OR_NEXT | FILE_BACKED) == 0 && query.start == (unsigned long)here + 12288);
    CHECK(ask(&query, (long)ask, EXECUTABLE) == 0 && query.start <= (unsigned long)ask && query.end > (unsigned long)ask);
    printf("not writable %d, no file %d\n", ask(&query, (long)ask, WRITABLE), ask(&query, (long)here, FILE_BACKED));
    CHECK(ask(&query, (long)&query, 0) == 0 && !strcmp(name, "[stack]"));
    // What was mapped since the file was opened is found too.
    CHECK(mmap(here + 4096, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == here + 4096);
    CHECK(ask(&query, (long)here + 4096, 0) == 0 && query.permissions == 0 && query.name_size == 0);
    close(file);
}

static int with(struct query query) { return ioctl(maps, QUERY, &query) ? errno : 0; }

static void refusals(char *here) {
    unsigned long size = sizeof(struct query), at = (long)here, text = (long)name;
    printf("short %d, long %d, larger than a page %d\n", with((struct query){.size = 23}),
           ioctl(maps, QUERY, &(struct { struct query query; long more; }){{.size = size + 8, .addr = at}, 1}) ? errno : 0,
           with((struct query){.size = 4097}));
    printf("least %d, longer with zeros %d\n", with((struct query){.size = 24, .addr = at}),
           ioctl(maps, QUERY, &(struct { struct query query; long more; }){{.size = size + 8, .addr = at}, 0}) ? errno : 0);
    printf("flags %d, name without a place %d, place without a size %d\n", with((struct query){.size = size, .flags = 64}),
           with((struct query){.size = size, .addr = at, .name_size = 9}), with((struct query){.size = size, .addr = at, .name = text}));
    printf("build id without a place %d, name that is too long %d\n", with((struct query){.size = size, .build_id_size = 9}),
           with((struct query){.size = size, .addr = (long)&at, .name = text, .name_size = 7}));
    printf("bad name %d, bad query %d\n", with((struct query){.size = size, .addr = (long)&at, .name = 8, .name_size = 99}),
           ioctl(maps, QUERY, 8L) ? errno : 0);
    struct query query = {.size = size, .addr = (long)ask, .build_id = text, .build_id_size = 99};
    CHECK(ioctl(maps, QUERY, &query) == 0 && query.build_id_size == 0 && query.name_size == 0);
}

int main(void) {
    // A mapping, a gap, one that can be read, and a shared one of a file behind that.
    char *here = mmap(NULL, 5 * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int file = memfd_create("procmap", 0);
    CHECK(ftruncate(file, 4 * 4096) == 0 && munmap(here + 4096, 4096) == 0);
    CHECK(mprotect(here, 4096, PROT_READ | PROT_WRITE) == 0 && mprotect(here + 8192, 4096, PROT_READ) == 0);
    CHECK(mmap(here + 12288, 4096, PROT_READ, MAP_SHARED | MAP_FIXED, file, 8192) == here + 12288);
    maps = open("/proc/self/maps", O_RDONLY);
    struct query query;
    if (ask(&query, (long)here, 0) == ENOTTY) return puts("older than Linux 6.11"), 0;
    all();
    choices(here, file);
    refusals(here);
    DONE();
}
