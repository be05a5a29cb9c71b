// Waiting for descriptors: select, poll, epoll (whose structure is packed only on x86), eventfd, timerfd, signalfd.
// flags: -D_GNU_SOURCE -Wno-stringop-overflow
#include "check.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static int ends[2], other[2];

static void classic(void) {
    fd_set readable, writable;
    struct timeval soon = {0, 1000};
    FD_ZERO(&readable);
    FD_ZERO(&writable);
    FD_SET(ends[0], &readable);
    FD_SET(other[0], &readable);
    FD_SET(ends[1], &writable);
    int ready = select(other[1] + 1, &readable, &writable, NULL, &soon);
    printf("select %d %d %d\n", ready, FD_ISSET(ends[0], &readable), FD_ISSET(ends[1], &writable));
    CHECK(write(other[1], "x", 1) == 1);
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    FD_SET(other[0], &readable);
    struct timespec limit = {5, 0};
    ready = pselect(other[1] + 1, &readable, NULL, NULL, &limit, NULL);
    printf("pselect %d %d %d\n", ready, FD_ISSET(ends[0], &readable), FD_ISSET(other[0], &readable));
    struct pollfd polled[] = {{ends[0], POLLIN, 0}, {other[0], POLLIN, 0}, {-1, POLLIN, 0}, {99, POLLIN, 0}};
    ready = poll(polled, 4, 1000);
    printf("poll %d: %d %d %d %d\n", ready, polled[0].revents, polled[1].revents, polled[2].revents, polled[3].revents);
    CHECK(ppoll(polled, 1, &(struct timespec){0, 1000}, NULL) == 0);
}

static void modern(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[4], one = {.events = EPOLLIN, .data.u64 = 0x1122334455667788}, two = {.events = EPOLLIN | EPOLLET, .data.u64 = 0x99aabbccddeeff00};
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, ends[0], &one) == 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, other[0], &two) == 0);
    CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, other[0], &two) == -1 && errno == EEXIST);
    int ready = epoll_wait(epoll, events, 4, 1000);
    printf("epoll %d: %x %llx\n", ready, events[0].events, (unsigned long long)events[0].data.u64);
    CHECK(epoll_wait(epoll, events, 4, 10) == 0);  // edge-triggered: once
    CHECK(write(ends[1], "y", 1) == 1 && write(other[1], "z", 1) == 1);
    ready = epoll_wait(epoll, events, 4, 1000);
    int first = events[0].data.u64 != one.data.u64;
    printf("epoll %d: %llx %llx\n", ready, (unsigned long long)events[first].data.u64, (unsigned long long)events[!first].data.u64);
    one.data.u64 = 5;
    CHECK(epoll_ctl(epoll, EPOLL_CTL_MOD, ends[0], &one) == 0 && epoll_ctl(epoll, EPOLL_CTL_DEL, other[0], NULL) == 0);
    sigset_t none;
    sigemptyset(&none);
    ready = epoll_pwait(epoll, events, 4, -1, &none);
    printf("epoll %d: %d\n", ready, (int)events[0].data.u64);
    CHECK(epoll_wait(epoll, (void *)8, 4, 0) == -1 && errno == EFAULT);
    close(epoll);
}

static void counters(void) {
    uint64_t value = 5;
    int event = eventfd(3, EFD_NONBLOCK | EFD_CLOEXEC), timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
    CHECK(write(event, &value, 8) == 8 && read(event, &value, 8) == 8);
    printf("eventfd %d\n", (int)value);
    CHECK(read(event, &value, 8) == -1 && errno == EAGAIN);
    struct itimerspec every = {{0, 2000000}, {0, 2000000}}, now;
    CHECK(timerfd_settime(timer, 0, &every, NULL) == 0 && read(timer, &value, 8) == 8 && value >= 1);
    CHECK(timerfd_gettime(timer, &now) == 0 && now.it_interval.tv_nsec == 2000000);
    sigset_t set;
    struct signalfd_siginfo info;
    sigemptyset(&set), sigaddset(&set, SIGUSR1), sigprocmask(SIG_BLOCK, &set, NULL);
    int signals = signalfd(-1, &set, SFD_CLOEXEC);
    sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 77});
    CHECK(read(signals, &info, sizeof info) == sizeof info && info.ssi_pid == (uint32_t)getpid());
    printf("signalfd %d value %d\n", info.ssi_signo, info.ssi_int);
    close(event), close(timer), close(signals);
}

static void notifications(void) {
    char folder[] = "/tmp/transom-poll-XXXXXX", name[64];
    union { struct inotify_event event; char bytes[512]; } got;
    int notify = inotify_init1(IN_CLOEXEC);
    CHECK(mkdtemp(folder) && inotify_add_watch(notify, folder, IN_CREATE) > 0);
    snprintf(name, sizeof name, "%s/made", folder);
    FILE *file = fopen(name, "w");
    CHECK(file && read(notify, &got, sizeof got) > 0);
    printf("inotify %x %s\n", got.event.mask, got.event.name);
    fclose(file), unlink(name), rmdir(folder), close(notify);
}

int main(void) {
    CHECK(pipe(ends) == 0 && pipe(other) == 0);
    classic(), modern(), counters(), notifications();
    DONE();
}
