// madvise(MADV_POPULATE_WRITE) of pages whose faults another thread serves (userfaultfd(2)), which maps memory for that.
// flags: -D_GNU_SOURCE -pthread
#include "check.h"
#include <fcntl.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PAGE = 4096, PAGES = 4, POPULATE_WRITE = 23 };

// linux/userfaultfd.h
struct api { unsigned long api, features, ioctls; };
struct registration { unsigned long start, len, mode, ioctls; };
struct copy { unsigned long dst, src, len, mode, copied; };
struct message { unsigned char event, pad[7]; unsigned long flags, address, more; };
#define UFFDIO_API _IOWR(0xaa, 0x3f, struct api)
#define UFFDIO_REGISTER _IOWR(0xaa, 0, struct registration)
#define UFFDIO_COPY _IOWR(0xaa, 3, struct copy)

static int uffd;

static void *serve(void *arg) {
    struct message message;
    for (int served = 0; served < PAGES; served++) {
        CHECK(read(uffd, &message, sizeof message) == sizeof message && message.event == 0x12);
        char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(page, 'a' + served, PAGE);
        struct copy copy = {message.address & -PAGE, (unsigned long)page, PAGE, 0, 0};
        CHECK(ioctl(uffd, UFFDIO_COPY, &copy) == 0 && copy.copied == PAGE);
        munmap(page, PAGE);
    }
    return arg;
}

int main(void) {
    // Where there is none, or not for everybody, there is nothing to see.
    uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
    if (uffd == -1) DONE();
    alarm(60);
    struct api api = {0xaa, 0, 0};
    CHECK(ioctl(uffd, UFFDIO_API, &api) == 0);
    char *area = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct registration registration = {(unsigned long)area, PAGES * PAGE, 1, 0};
    CHECK(ioctl(uffd, UFFDIO_REGISTER, &registration) == 0);
    pthread_t server;
    pthread_create(&server, NULL, serve, NULL);
    CHECK(madvise(area, PAGES * PAGE, POPULATE_WRITE) == 0);
    pthread_join(server, NULL);
    for (int page = 0; page < PAGES; page++) CHECK(area[page * PAGE + 7] == 'a' + page);
    DONE();
}
