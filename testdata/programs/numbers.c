// Every number below RLIMIT_NOFILE is the program's to choose for a descriptor: by dup3, F_DUPFD, in a child of vfork
// and across execve, whatever else has descriptors in the process.
// libc: musl glibc
// flags: -D_GNU_SOURCE -pthread
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LIMIT = 1536, FILES_FROM = 3 };
static char *self;

static int is_pipe(int fd) {
    struct stat stat;
    return fstat(fd, &stat) == 0 && S_ISFIFO(stat.st_mode);
}

// Whether a program can be executed: it answers by its status.
static int executes(const char *word) {
    int status = 0;
    pid_t child = vfork();
    if (child == 0) {
        execl(self, self, word, NULL);
        _exit(99);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7;
}

static void one_at_a_time(int fd) {
    int wrong = 0;
    for (int number = FILES_FROM + 2; number < LIMIT; number++) {
        wrong += dup3(fd, number, O_CLOEXEC) != number || !is_pipe(number) || fcntl(number, F_GETFD) != FD_CLOEXEC;
        wrong += close(number) != 0;
    }
    printf("dup3: %d wrong\n", wrong);
    wrong = 0;
    for (int number = FILES_FROM + 2; number < LIMIT; number++) {
        wrong += fcntl(fd, F_DUPFD, number) != number || !is_pipe(number);
        wrong += close(number) != 0;
    }
    printf("F_DUPFD: %d wrong\n", wrong);
}

static atomic_int stop;
static void *execute(void *wrong) {
    while (!stop) *(int *)wrong += !executes("answer");
    return NULL;
}

// One thread takes numbers while another needs whatever has them.
static void beside_a_thread(int fd) {
    pthread_t thread;
    int wrong = 0, missed = 0;
    CHECK(pthread_create(&thread, NULL, execute, &missed) == 0);
    for (int round = 0; round < 4; round++)
        for (int number = 400; number < LIMIT; number++)
            // The other thread's own may stand there for a moment.
            wrong += dup2(fd, number) != number || !is_pipe(number) || close(number) != 0;
    stop = 1;
    pthread_join(thread, NULL);
    printf("with a thread: %d wrong, %d missed\n", wrong, missed);
}

// All of them: first in a child on the same memory, whose table is another one, and for the program it executes.
static void all(int fd) {
    int status = 0;
    pid_t child = vfork();
    if (child == 0) {
        for (int number = FILES_FROM + 2; number < LIMIT; number++)
            if (dup2(fd, number) != number) _exit(98);
        if (open("/", O_RDONLY) != -1 || errno != EMFILE) _exit(97);
        // execve needs numbers for a moment.
        for (int number = FILES_FROM + 2; number < 20; number++) close(number);
        execl(self, self, "count", NULL);
        _exit(99);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child);
    printf("the child's status: %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
    for (int number = FILES_FROM + 2; number < LIMIT; number++) CHECK(fcntl(number, F_GETFD) == -1 && errno == EBADF);
    printf("executes: %d\n", executes("answer"));
    for (int number = FILES_FROM + 2; number < LIMIT; number++) CHECK(dup2(fd, number) == number);
    CHECK(syscall(SYS_close_range, FILES_FROM + 2, ~0u, 0) == 0);
    printf("executes: %d\n", executes("answer"));
}

static int count(void) {
    int pipes = 0;
    for (int number = 20; number < LIMIT; number++) pipes += is_pipe(number);
    printf("pipes: %d\n", pipes);
    return 5;
}

int main(int argc, char **argv) {
    if (argc > 1) return strcmp(argv[1], "count") ? 7 : count();
    struct rlimit limit;
    int fds[2];
    self = argv[0];
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    limit.rlim_cur = LIMIT;
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    CHECK(syscall(SYS_close_range, FILES_FROM, ~0u, 0) == 0); // what whoever started this has left open
    CHECK(pipe(fds) == 0 && fds[1] == FILES_FROM + 1);
    CHECK(dup2(fds[0], LIMIT) == -1 && errno == EBADF);
    one_at_a_time(fds[0]);
    all(fds[0]);
    beside_a_thread(fds[0]);
    DONE();
}
