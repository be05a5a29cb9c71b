// Waiting: masks that hold while a call waits, restarts, descriptors for signals, timers, events, files.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static volatile sig_atomic_t taken;
static volatile int blocked_inside;
static void handler(int signal) {
    sigset_t now;
    sigprocmask(SIG_BLOCK, 0, &now);
    blocked_inside = sigismember(&now, SIGUSR2) * 2 + sigismember(&now, SIGUSR1);
    (void)signal;
    taken++;
}
static void on(int signal, int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    sigaction(signal, &action, 0);
}
static void alarm_in(int ms) {
    struct itimerval time = {.it_value = {ms / 1000, ms % 1000 * 1000}};
    setitimer(ITIMER_REAL, &time, 0);
}
static const char *result(long value) { return value == -1 ? errno == EINTR ? "EINTR" : strerror(errno) : "fine"; }

int main(void) {
    sigset_t block, none, old;
    sigemptyset(&none);
    sigemptyset(&block);
    sigaddset(&block, SIGUSR1);
    on(SIGUSR1, 0);
    on(SIGALRM, 0);
    sigprocmask(SIG_BLOCK, &block, &old);
    kill(getpid(), SIGUSR1);
    printf("blocked: %d", taken);
    long got = sigsuspend(&none);
    printf(", suspended: %s, taken %d, mask inside %d\n", result(got), taken, blocked_inside);
    kill(getpid(), SIGUSR1);
    struct timespec second = {1, 0};
    got = ppoll(0, 0, &second, &none);
    printf("ppoll: %s, taken %d\n", result(got), taken);
    kill(getpid(), SIGUSR1);
    got = pselect(0, 0, 0, 0, &second, &none);
    printf("pselect: %s, taken %d\n", result(got), taken);
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event;
    kill(getpid(), SIGUSR1);
    got = epoll_pwait(epoll, &event, 1, 1000, &none);
    printf("epoll_pwait: %s, taken %d\n", result(got), taken);
    sigprocmask(SIG_BLOCK, 0, &old);
    printf("mask after: %d\n", sigismember(&old, SIGUSR1));

    int pipes[2];
    CHECK(pipe2(pipes, O_CLOEXEC | O_NONBLOCK) == 0);
    printf("pipe: %d %d\n", fcntl(pipes[0], F_GETFL) & O_NONBLOCK ? 1 : 0, fcntl(pipes[0], F_GETFD));
    fcntl(pipes[0], F_SETFL, 0);
    char byte;
    taken = 0;
    alarm_in(30);
    got = read(pipes[0], &byte, 1);
    printf("read: %s, taken %d\n", result(got), taken);
    on(SIGALRM, SA_RESTART);
    pid_t child = fork();
    if (!child) { usleep(150000); CHECK(write(pipes[1], "y", 1) == 1); _exit(0); }
    alarm_in(30);
    got = read(pipes[0], &byte, 1);
    printf("restarted read: %s %c, taken %d\n", result(got), byte, taken);
    waitpid(child, 0, 0);
    alarm_in(30);
    struct timespec left = {0}, nap = {0, 300000000};
    got = nanosleep(&nap, &left);
    printf("nanosleep: %s, left %d\n", result(got), left.tv_nsec > 0 && left.tv_nsec < 290000000);
    alarm_in(30);
    got = poll(0, 0, 300);
    printf("poll: %s\n", result(got));
    child = fork();
    if (!child) { usleep(100000); _exit(1); }
    alarm_in(30);
    got = wait(0);
    printf("wait: %s, taken %d\n", result(got == child ? 0 : got), taken);

    int signals = signalfd(-1, &block, SFD_CLOEXEC);
    kill(getpid(), SIGUSR1);
    struct signalfd_siginfo info;
    CHECK(read(signals, &info, sizeof info) == sizeof info);
    printf("signalfd: %d\n", info.ssi_signo == SIGUSR1);
    int timer = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec soon = {.it_value = {0, 1000000}};
    timerfd_settime(timer, 0, &soon, 0);
    uint64_t count;
    CHECK(read(timer, &count, 8) == 8);
    printf("timerfd: %d\n", (int)count);
    int events = eventfd(3, EFD_SEMAPHORE);
    event = (struct epoll_event){.events = EPOLLIN | EPOLLET, .data.u64 = 0x123456789abcdef0};
    epoll_ctl(epoll, EPOLL_CTL_ADD, events, &event);
    event = (struct epoll_event){.events = EPOLLIN, .data.ptr = &epoll};
    epoll_ctl(epoll, EPOLL_CTL_ADD, pipes[0], &event);
    CHECK(write(pipes[1], "z", 1) == 1);
    struct epoll_event ready[4];
    got = epoll_wait(epoll, ready, 4, 0);
    int known = 0;
    for (int i = 0; i < got; i++) known += ready[i].data.u64 == 0x123456789abcdef0 || ready[i].data.ptr == &epoll;
    printf("epoll: %ld %d\n", got, known);

    char dir[] = "/tmp/transom-events-XXXXXX", path[64];
    CHECK(mkdtemp(dir) != NULL);
    int watch = inotify_init1(0);
    CHECK(inotify_add_watch(watch, dir, IN_CREATE) > 0);
    snprintf(path, sizeof path, "%s/file", dir);
    close(open(path, O_CREAT | O_WRONLY, 0640));
    char buffer[512] __attribute__((aligned(8)));
    CHECK(read(watch, buffer, sizeof buffer) > 0);
    printf("inotify: %s\n", ((struct inotify_event *)buffer)->name);
    struct stat stat;
    struct statx statx_;
    CHECK(lstat(path, &stat) == 0 && statx(AT_FDCWD, path, 0, STATX_ALL, &statx_) == 0);
    printf("stat: %o %d %d\n", stat.st_mode, (int)stat.st_size, stat.st_ino == statx_.stx_ino && stat.st_mtim.tv_nsec == statx_.stx_mtime.tv_nsec);
    int direct = open(path, O_RDONLY | O_NOFOLLOW | O_NOATIME);
    printf("flags: %d %d\n", fcntl(direct, F_GETFL) & O_NOATIME ? 1 : 0, fcntl(direct, F_GETFL) & O_NOFOLLOW ? 1 : 0);
    char link[80];
    snprintf(link, sizeof link, "%s/link", dir);
    CHECK(symlink("file", link) == 0 && open(link, O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK(open(path, O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    int temporary = open(dir, O_TMPFILE | O_RDWR, 0600);
    CHECK(temporary >= 0 && write(temporary, "t", 1) == 1);
    unlink(link);
    unlink(path);
    rmdir(dir);

    int sockets[2];
    CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sockets) == 0);
    struct iovec vector = {"hello", 5};
    union { struct cmsghdr header; char space[CMSG_SPACE(sizeof(int))]; } control = {0};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(header), &pipes[0], sizeof(int));
    CHECK(sendmsg(sockets[0], &message, 0) == 5);
    char text[8] = {0};
    vector = (struct iovec){text, 8};
    CHECK(recvmsg(sockets[1], &message, 0) == 5);
    int passed;
    memcpy(&passed, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof passed);
    CHECK(read(passed, &byte, 1) == 1);
    printf("passed: %s %c\n", text, byte);
    struct timespec clock;
    CHECK(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &clock) == 0 && clock_getres(CLOCK_MONOTONIC, &clock) == 0);
    printf("absent call: %s\n", result(syscall(999)));
    DONE();
}
