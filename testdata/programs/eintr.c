// A signal during a blocking call: EINTR without SA_RESTART, invisible with it, remaining time for a sleep.
// libc: musl
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile int handled;
static void handler(int number) { handled += number == SIGALRM; }
static void alarm_in(int milliseconds) {
    struct itimerval timer = {{0, 0}, {0, milliseconds * 1000}};
    setitimer(ITIMER_REAL, &timer, NULL);
}
static void handle(int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(SIGALRM, &action, NULL);
}

int main(void) {
    int ends[2], status;
    char byte = 0;
    CHECK(pipe(ends) == 0);
    handle(0);
    alarm_in(20);
    int result = (int)read(ends[0], &byte, 1);
    printf("read %d %d\n", result, errno == EINTR);
    alarm_in(20);
    result = pause();
    printf("pause %d %d\n", result, errno == EINTR);
    alarm_in(20);
    result = poll(NULL, 0, 5000);
    printf("poll %d %d\n", result, errno == EINTR);

    struct timespec want = {5, 0}, left = {0, 0};
    alarm_in(20);
    result = nanosleep(&want, &left);
    printf("sleep %d %d\n", result, errno == EINTR);
    CHECK(left.tv_sec == 4 && left.tv_nsec > 0);

    handle(SA_RESTART);
    pid_t child = fork();
    if (child == 0) usleep(100000), _exit(write(ends[1], "x", 1) == 1 ? 4 : 5);
    alarm_in(20);
    result = (int)read(ends[0], &byte, 1);
    printf("restarted read %d '%c'\n", result, byte);
    alarm_in(10);
    pid_t got = waitpid(child, &status, 0);
    printf("restarted wait %d %d\n", got == child, WEXITSTATUS(status));
    alarm_in(20);
    result = poll(NULL, 0, 5000);
    printf("poll is never restarted %d %d\n", result, errno == EINTR);
    printf("handled %d\n", handled);
    DONE();
}
