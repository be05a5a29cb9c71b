// A SIGTRAP by perf_event_open(2): a breakpoint on data, whose signal is no fault of the instruction's.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef TRAP_PERF
#define TRAP_PERF 6
#endif
#define ENABLE _IO('$', 0)
#define DISABLE _IO('$', 1)

static volatile int watched;
static volatile int count, code;
static void *volatile addr;
static unsigned long data;

static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    count++;
    code = info->si_code;
    addr = info->si_addr;
    // si_perf_data, which not every libc knows.
    memcpy(&data, (char *)&info->si_addr + sizeof(void *), sizeof data);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    // struct perf_event_attr, as words: a breakpoint (5) on reading and writing (3) a byte, disabled, not in the kernel,
    // not past execve, with a signal for each event.
    unsigned long attr[16] = {5 | 128UL << 32, 0, 1, 0, 0, 1 | 3 << 5 | 3UL << 36, 3UL << 32, (long)&watched, 1, [15] = 4711};
    sigset_t set;
    sigaction(SIGTRAP, &action, NULL);
    int fd = syscall(SYS_perf_event_open, attr, 0, -1, -1, 8);
    // Not every host has such breakpoints, or lets everybody have them.
    if (fd < 0) DONE();
    CHECK(ioctl(fd, ENABLE, 0) == 0);
    // An emulator may be late with the signal, but not later than a system call.
    for (int i = 0; i < 100; i++) {
        watched = i;
        getppid();
        CHECK(count == i + 1);
    }
    CHECK(code == TRAP_PERF && addr == &watched && data == 4711);
    sigemptyset(&set);
    sigaddset(&set, SIGTRAP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    watched = 100;
    getppid();
    CHECK(count == 100);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(count == 101);
    CHECK(ioctl(fd, DISABLE, 0) == 0);
    watched = 101;
    getppid();
    CHECK(count == 101);
    DONE();
}
