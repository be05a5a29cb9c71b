// io_uring: requests that hold what the guest lays out in its own way. Where the machine forbids io_uring, nothing is asked.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

struct offsets { uint32_t head, tail, mask, entries, flags, dropped, array, resv1; uint64_t user_addr; };
struct params {
    uint32_t sq_entries, cq_entries, flags, cpu, idle, features, wq_fd, resv[3];
    struct offsets sq, cq; // of the completion queue: overflow, cqes in place of flags, dropped
};
struct sqe {
    uint8_t opcode, flags;
    uint16_t ioprio;
    int32_t fd;
    uint64_t off, addr;
    uint32_t len, op_flags;
    uint64_t user_data, rest[3];
};
struct cqe { uint64_t user_data; int32_t res; uint32_t flags; };
enum { SQPOLL = 2, GETEVENTS = 1, SQ_WAKEUP = 2, NEED_WAKEUP = 1 };
enum { OPENAT = 18, CLOSE = 19, OPENAT2 = 28, EPOLL_CTL = 29, EPOLL_WAIT = 59 };

static int ring;
static char *rings;
static struct sqe *sqes;
static struct params p;

static uint32_t *word(uint32_t offset) { return (uint32_t *)(rings + offset); }

static void push(struct sqe sqe) {
    uint32_t tail = *word(p.sq.tail), slot = tail & *word(p.sq.mask);
    sqes[slot] = sqe;
    word(p.sq.array)[slot] = slot;
    __atomic_store_n(word(p.sq.tail), tail + 1, __ATOMIC_RELEASE);
}

static int take(uint64_t user_data) {
    uint32_t head = *word(p.cq.head);
    struct cqe cqe = ((struct cqe *)(rings + p.cq.dropped))[head & *word(p.cq.mask)];
    CHECK(cqe.user_data == user_data);
    __atomic_store_n(word(p.cq.head), head + 1, __ATOMIC_RELEASE);
    return cqe.res;
}

static int one(struct sqe sqe) {
    sqe.user_data = 77;
    push(sqe);
    unsigned flags = GETEVENTS;
    // The order in which liburing looks: what is in the queue, then whether its poller sleeps.
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (p.flags & SQPOLL && *word(p.sq.flags) & NEED_WAKEUP) flags |= SQ_WAKEUP;
    CHECK(syscall(SYS_io_uring_enter, ring, 1, 1, flags, NULL, 8) == 1);
    CHECK(*word(p.sq.head) == *word(p.sq.tail));
    return take(77);
}

static void requests(void) {
    int pipes[2], poll = epoll_create1(0);
    CHECK(pipe(pipes) == 0 && poll >= 0);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x1122334455667788}, got = {0};
    struct sqe add = {.opcode = EPOLL_CTL, .fd = poll, .off = pipes[0], .addr = (uintptr_t)&event, .len = EPOLL_CTL_ADD};
    CHECK(one(add) == 0);
    CHECK(write(pipes[1], "x", 1) == 1);
    CHECK(epoll_wait(poll, &got, 1, 1000) == 1);
    CHECK(got.events == EPOLLIN && got.data.u64 == 0x1122334455667788);
    CHECK(one(add) == -EEXIST);
    add.len = EPOLL_CTL_DEL;
    add.addr = 0;
    CHECK(one(add) == 0);
    add.len = EPOLL_CTL_ADD;
    add.addr = 8;
    CHECK(one(add) == -EFAULT);

    struct sqe open = {.opcode = OPENAT, .fd = AT_FDCWD, .addr = (uintptr_t) "/", .op_flags = O_RDONLY | O_DIRECTORY};
    int fd = one(open);
    CHECK(fd >= 0 && close(fd) == 0);
    open.addr = (uintptr_t) "/proc/self/stat";
    CHECK(one(open) == -ENOTDIR);
    struct { uint64_t flags, mode, resolve; } how = {O_RDONLY | O_DIRECTORY, 0, 0};
    struct sqe open2 = {.opcode = OPENAT2, .fd = AT_FDCWD, .addr = (uintptr_t) "/", .off = (uintptr_t)&how, .len = sizeof how};
    fd = one(open2);
    CHECK(fd >= 0 && close(fd) == 0);
}

// A ring, which a thread of the kernel's may poll.
static void with_ring(uint32_t flags) {
    p = (struct params){.flags = flags, .idle = 1};
    ring = syscall(SYS_io_uring_setup, 8, &p);
    if (ring < 0) {
        CHECK(errno == EPERM || errno == ENOSYS);
        return;
    }
    CHECK(p.features & 1); // both queues in one mapping
    CHECK((p.flags & flags) == flags);
    size_t size = p.cq.dropped + p.cq_entries * sizeof(struct cqe);
    size_t other = p.sq.array + p.sq_entries * 4;
    rings = mmap(NULL, size > other ? size : other, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, 0);
    sqes = mmap(NULL, p.sq_entries * sizeof(struct sqe), PROT_READ | PROT_WRITE, MAP_SHARED, ring, 0x10000000);
    CHECK(rings != MAP_FAILED && sqes != MAP_FAILED);
    requests();
    close(ring);
}

int main(void) {
    with_ring(0);
    with_ring(SQPOLL);
    DONE();
}
