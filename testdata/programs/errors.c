// Calls with more than one thing wrong: the error is of what the kernel looks at first.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BAD ((void *)8)
#define FAILS(error, number, ...) CHECK(syscall(number, __VA_ARGS__) == -1 && errno == error)

int main(void) {
    char buffer[64];
    // The buffer's size before the path; the mask before the path.
    FAILS(EINVAL, SYS_readlinkat, AT_FDCWD, NULL, buffer, 0);
    FAILS(EINVAL, SYS_readlinkat, AT_FDCWD, BAD, buffer, -1);
    FAILS(EFAULT, SYS_readlinkat, AT_FDCWD, BAD, buffer, sizeof buffer);
    FAILS(EINVAL, SYS_inotify_add_watch, -1, BAD, 0);
    // A signal set's size before the set; its bytes before the descriptor.
    FAILS(EINVAL, SYS_epoll_pwait, -1, buffer, 1, 0, BAD, 4);
    FAILS(EFAULT, SYS_epoll_pwait, -1, buffer, 1, 0, BAD, 8);
    FAILS(EINVAL, SYS_ppoll, NULL, 0, NULL, BAD, 4);
    FAILS(EFAULT, SYS_ppoll, NULL, 0, BAD, BAD, 4);
    int poll = epoll_create1(0);
    FAILS(EINVAL, SYS_epoll_pwait, poll, buffer, 0, 0, NULL, 8);
    FAILS(EINVAL, SYS_epoll_pwait, poll, buffer, -1, 0, NULL, 8);
    // An action's bytes before the signal's number, and both before whether it may be set.
    FAILS(EINVAL, SYS_rt_sigaction, 0, BAD, NULL, 4);
    FAILS(EFAULT, SYS_rt_sigaction, 0, BAD, NULL, 8);
    FAILS(EFAULT, SYS_rt_sigaction, SIGKILL, BAD, NULL, 8);
    FAILS(EINVAL, SYS_rt_sigaction, 65, NULL, NULL, 8);
    // The path before the flags, the program before its arguments.
    FAILS(EFAULT, SYS_execveat, AT_FDCWD, BAD, NULL, NULL, 1);
    FAILS(EACCES, SYS_execve, "/", BAD, NULL);
    FAILS(ENOENT, SYS_execve, "/nonexistent", BAD, BAD);
    DONE();
}
