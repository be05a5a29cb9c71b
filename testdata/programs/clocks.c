// Clocks and sleeping: what the library reads without a system call agrees with what the kernel says.
// libc: musl glibc
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>

static int64_t nanoseconds(struct timespec at) { return at.tv_sec * INT64_C(1000000000) + at.tv_nsec; }
static int64_t now(clockid_t clock) {
    struct timespec at;
    CHECK(clock_gettime(clock, &at) == 0 && at.tv_nsec >= 0 && at.tv_nsec < 1000000000);
    return nanoseconds(at);
}

int main(void) {
    static const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
                                       CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE, CLOCK_MONOTONIC_COARSE, CLOCK_BOOTTIME};
    CHECK(getauxval(AT_SYSINFO_EHDR) != 0);
    for (unsigned i = 0; i < sizeof clocks / sizeof *clocks; i++) {
        struct timespec raw, resolution;
        int64_t before = now(clocks[i]);
        CHECK(syscall(SYS_clock_gettime, clocks[i], &raw) == 0);
        int64_t after = now(clocks[i]);
        CHECK(before <= nanoseconds(raw) && nanoseconds(raw) <= after);
        CHECK(clock_getres(clocks[i], &resolution) == 0 && resolution.tv_sec == 0 && resolution.tv_nsec > 0);
    }
    int64_t last = now(CLOCK_MONOTONIC), first = last;
    for (int i = 0; i < 20000; i++) {
        int64_t next = now(CLOCK_MONOTONIC);
        CHECK(next >= last);
        last = next;
    }
    CHECK(last > first);
    CHECK(clock_gettime(12345, &(struct timespec){0}) == -1 && errno == EINVAL);

    struct timeval of_day;
    CHECK(gettimeofday(&of_day, NULL) == 0);
    int64_t difference = now(CLOCK_REALTIME) / 1000 - (of_day.tv_sec * INT64_C(1000000) + of_day.tv_usec);
    CHECK(difference >= 0 && difference < 1000000);
    CHECK(time(NULL) - of_day.tv_sec <= 1);

    int64_t start = now(CLOCK_MONOTONIC);
    CHECK(nanosleep(&(struct timespec){0, 20000000}, NULL) == 0);
    CHECK(now(CLOCK_MONOTONIC) - start >= 20000000);
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    at.tv_sec -= 1;
    CHECK(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == 0);  // in the past
    struct tms spent;
    struct rusage usage;
    CHECK(times(&spent) != (clock_t)-1 && getrusage(RUSAGE_SELF, &usage) == 0);
    CHECK(now(CLOCK_PROCESS_CPUTIME_ID) > 0);
    time_t when = 1000000000;
    char text[64];
    strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", gmtime(&when));
    puts(text);
    DONE();
}
