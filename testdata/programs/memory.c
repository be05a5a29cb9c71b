// mmap and its family: placement, protection, growing and moving, files private and shared, advice, limits.
// libc: musl
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAGE = 4096 };
static char *map(size_t size, int protection, int flags, int file) {
    char *at = mmap(NULL, size, protection, flags, file, 0);
    CHECK(at != MAP_FAILED);
    return at;
}

static void placement(void) {
    char *at = map(16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    CHECK((uintptr_t)at % PAGE == 0 && at[0] == 0 && at[16 * PAGE - 1] == 0);
    memset(at, 7, 16 * PAGE);
    CHECK(mmap(at + 4 * PAGE, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == at + 4 * PAGE);
    printf("fixed: %d %d %d\n", at[3 * PAGE], at[4 * PAGE], at[5 * PAGE]);
    CHECK(mmap(at, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(munmap(at + PAGE, 2 * PAGE) == 0);
    CHECK(mmap(at + PAGE, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == at + PAGE);  // a free hint is taken
    CHECK(mmap((char *)16, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED);
    CHECK(mmap(NULL, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(munmap(at + 1, PAGE) == -1 && errno == EINVAL);
    CHECK(munmap(at, 16 * PAGE) == 0);
    char *low = mmap((void *)0x10000000, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK(low == (char *)0x10000000);
    low[5] = 1;
    char *huge = mmap(NULL, (size_t)1 << 40, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(huge != MAP_FAILED && mprotect(huge + ((size_t)1 << 39), PAGE, PROT_READ | PROT_WRITE) == 0);
    huge[(size_t)1 << 39] = 3;
    CHECK(munmap(huge, (size_t)1 << 40) == 0);
}

static void moving(void) {
    char *at = map(4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    for (int i = 0; i < 4; i++) at[i * PAGE] = 'a' + i;
    char *grown = mremap(at, 4 * PAGE, 64 * PAGE, MREMAP_MAYMOVE);
    CHECK(grown != MAP_FAILED);
    printf("moved: %c%c%c%c %d\n", grown[0], grown[PAGE], grown[2 * PAGE], grown[3 * PAGE], grown[63 * PAGE]);
    char *place = map(64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    CHECK(mremap(grown, 64 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place && place[PAGE] == 'b');
    CHECK(mremap(place, 2 * PAGE, PAGE, 0) == place);
    unsigned char resident[1];
    CHECK(mincore(place + PAGE, PAGE, resident) == -1 && errno == ENOMEM);
    char *wish = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(munmap(wish, 64 * PAGE) == 0);
    CHECK(syscall(SYS_mremap, place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, wish + 1) == -1 && errno == EINVAL);
    CHECK(syscall(SYS_mremap, place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, wish) == (long)wish);
    CHECK(mremap(wish, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place) == place);
    char *twice = mremap(place, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    printf("kept: %c, left: %d\n", twice[0], place[0]);
}

static void files(void) {
    char name[] = "/tmp/transom-memory-XXXXXX", text[8] = {0};
    int file = mkstemp(name), status;
    unlink(name);
    CHECK(ftruncate(file, 2 * PAGE) == 0 && pwrite(file, "first", 5, 0) == 5 && pwrite(file, "second", 6, PAGE) == 6);
    char *shared = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file), *private = map(2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, file);
    private[0] = 'P', shared[1] = 'S';
    CHECK(pread(file, text, 6, 0) == 6);
    printf("file %s private %.5s shared %.5s\n", text, private, shared);
    CHECK(pwrite(file, "written", 7, PAGE) == 7);
    printf("seen %.7s\n", shared + PAGE);
    pid_t child = fork();
    if (child == 0) shared[0] = 'C', private[1] = 'C', _exit(0);
    waitpid(child, &status, 0);
    printf("after the child: %.5s %.5s\n", shared, private);
    CHECK(msync(shared, 2 * PAGE, MS_SYNC) == 0);
    char *offset = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, PAGE);
    printf("offset %.7s\n", offset);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 100) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, 999, 0) == MAP_FAILED && errno == EBADF);
}

static void advice(void) {
    char *at = map(8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
    int status;
    memset(at, 5, 8 * PAGE);
    CHECK(madvise(at + PAGE, PAGE, MADV_DONTNEED) == 0);
    printf("dropped: %d %d %d\n", at[0], at[PAGE], at[2 * PAGE]);
    CHECK(madvise(at + 4 * PAGE, PAGE, MADV_WIPEONFORK) == 0 && madvise(at + 5 * PAGE, PAGE, MADV_DONTFORK) == 0);
    pid_t child = fork();
    if (child == 0) _exit(at[4 * PAGE] * 16 + at[6 * PAGE] + (access(at + 5 * PAGE, F_OK) == -1 && errno == EFAULT ? 100 : 0));
    waitpid(child, &status, 0);
    printf("in the child: %d\n", WEXITSTATUS(status));
    CHECK(mlock(at, PAGE) == 0 && munlock(at, PAGE) == 0);
    CHECK(madvise(at, PAGE, 12345) == -1 && errno == EINVAL);
    CHECK(mprotect(at, 3 * PAGE, PROT_READ) == 0 && mprotect(at + PAGE, PAGE, PROT_READ | PROT_WRITE) == 0);
    at[PAGE] = 1;
    CHECK(syscall(SYS_mprotect, at + 1, PAGE, PROT_READ) == -1 && errno == EINVAL);  // musl's function rounds
}

static void big(void) {
    for (int i = 0; i < 200; i++) {
        size_t size = (size_t)(i % 7 + 1) * 100000;
        char *at = malloc(size);
        CHECK(at != NULL);
        at[0] = at[size - 1] = (char)i;
        CHECK(at[0] == (char)i);
        if (i % 3) free(at);
    }
}

int main(void) {
    placement(), moving(), files(), advice(), big();
    DONE();
}
