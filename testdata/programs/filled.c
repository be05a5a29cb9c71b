// All address space taken: what needs more fails with its error, and the program goes on. libc tests fill it so.
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

static char *largest;

static void *map(size_t size, int fd) { return mmap(NULL, size, PROT_NONE, MAP_PRIVATE, fd, 0); }

// The largest mapping that can be had, by halving.
static size_t room(size_t *from, int fd) {
    size_t found = 0, size = *from;
    for (size_t step = *from / 2; step >= 2048; step /= 2) {
        void *mapping = map(size, fd);
        if (mapping == MAP_FAILED) {
            size -= step;
            continue;
        }
        munmap(mapping, size);
        found = size;
        size += step;
    }
    if (found) *from = (size_t)1 << (63 - __builtin_clzl(found));
    return found & -4096ul;
}

static int fill(void) {
    int fd = open("/dev/zero", O_RDWR), count = 0;
    for (size_t from = (size_t)1 << 62, size; (size = room(&from, fd)) != 0; count++) {
        void *mapping = map(size, fd);
        CHECK(mapping != MAP_FAILED);
        if (!count) largest = mapping;
    }
    close(fd);
    return count;
}

static void *start(void *argument) { return argument; }

// Code that was not run before, for each number a function of its own.
#define FUNCTION(n) __attribute__((noinline)) static int fresh##n(int x) { return x * (n + 3) ^ (x >> n); }
FUNCTION(1) FUNCTION(2) FUNCTION(3) FUNCTION(4) FUNCTION(5) FUNCTION(6) FUNCTION(7) FUNCTION(8)

int main(void) {
    CHECK(fill() > 0);
    puts("filled");
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, start, NULL) == EAGAIN);
    errno = 0;
    CHECK(malloc(50 << 20) == NULL && errno == ENOMEM);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    puts("refused");
    int sum = fresh1(1) + fresh2(2) + fresh3(3) + fresh4(4) + fresh5(5) + fresh6(6) + fresh7(7) + fresh8(8);
    printf("%d\n", sum);
    pid_t child = fork();
    if (child == 0) _exit(7);
    int status = 0;
    CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7);
    CHECK(munmap(largest, 16 << 20) == 0);
    CHECK(pthread_create(&thread, NULL, start, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    puts("room");
    DONE();
}
