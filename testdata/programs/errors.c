// Calls with more than one thing wrong: the error is of what the kernel looks at first.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

// linux/prctl.h; musl has no such names.
#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif
#define BAD ((void *)8)
#define BAD_PAGE ((void *)4096)
#define BEYOND ((void *)(1ul << 47))
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
    // Where events go to, though there be none.
    FAILS(EFAULT, SYS_epoll_pwait, poll, -4096L, 1, 0, NULL, 8);
    // An action's bytes before the signal's number, and both before whether it may be set.
    FAILS(EINVAL, SYS_rt_sigaction, 0, BAD, NULL, 4);
    FAILS(EFAULT, SYS_rt_sigaction, 0, BAD, NULL, 8);
    FAILS(EFAULT, SYS_rt_sigaction, SIGKILL, BAD, NULL, 8);
    FAILS(EINVAL, SYS_rt_sigaction, 65, NULL, NULL, 8);
    // The path before the flags, the program before its arguments.
    FAILS(EFAULT, SYS_execveat, AT_FDCWD, BAD, NULL, NULL, 1);
    FAILS(EACCES, SYS_execve, "/", BAD, NULL);
    FAILS(ENOENT, SYS_execve, "/nonexistent", BAD, BAD);
    FAILS(ENOENT, SYS_execveat, AT_FDCWD, "", NULL, NULL, 1);
    FAILS(EACCES, SYS_execveat, AT_FDCWD, "", NULL, NULL, AT_EMPTY_PATH);
    // How to open before the path, each byte of it.
    unsigned long how[3] = {1ul << 40, 0, 0};
    FAILS(EINVAL, SYS_openat2, AT_FDCWD, BAD, how, sizeof how);
    how[0] = O_RDONLY;
    FAILS(EFAULT, SYS_openat2, AT_FDCWD, BAD, how, sizeof how);
    // A range, then what is to be done with it; a descriptor before a length.
    char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED && syscall(SYS_mprotect, page, 0, 0x100) == 0);
    FAILS(EINVAL, SYS_mprotect, page + 1, 0, 0x100);
    FAILS(EINVAL, SYS_mprotect, page, 1, 0x100);
    FAILS(ENOMEM, SYS_mprotect, page, -4096L, 0x100);
    FAILS(EINVAL, SYS_madvise, BEYOND, 4096, 7);
    FAILS(ENOMEM, SYS_madvise, BEYOND, 4096, MADV_NORMAL);
    FAILS(EBADF, SYS_mmap, NULL, 0, PROT_READ, MAP_PRIVATE, -1, 0);
    FAILS(EINVAL, SYS_mremap, page, 4096, 4096, 1L << 52, 0);
    FAILS(EFAULT, SYS_mremap, BEYOND, 4096, 4096, 0, 0);
    FAILS(EINVAL, SYS_mremap, BAD_PAGE, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, page + 1);
    FAILS(EFAULT, SYS_mremap, BAD_PAGE, -1L, 4096, MREMAP_MAYMOVE, 0);
    // A mapping's name before the mapping, where the kernel has names.
    if (syscall(SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, page, 4096, "name") == 0) {
        FAILS(EFAULT, SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, BAD_PAGE, 4096, BAD);
        FAILS(EINVAL, SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, BAD_PAGE, 4096, "$");
        FAILS(ENOMEM, SYS_prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, BAD_PAGE, 4096, "name");
        FAILS(EINVAL, SYS_prctl, PR_SET_VMA, 1, BAD_PAGE, 4096, "name");
    }
    FAILS(EINVAL, SYS_prctl, PR_SET_MM, PR_SET_MM_START_CODE, 0, 0, 1);
    // Huge pages of no size before the place.
    FAILS(EINVAL, SYS_mmap, page, 4096, PROT_READ, -1, -1, 0);
    FAILS(EINVAL, SYS_mlockall, 0);
    FAILS(EINVAL, SYS_mlockall, 4);
    FAILS(EINVAL, SYS_mlockall, 8);
    // A stack that is too small is taken where it is none, as there is none.
    stack_t none = {0}, small = {.ss_sp = buffer, .ss_size = sizeof buffer};
    CHECK(syscall(SYS_sigaltstack, &none, NULL) == 0);
    FAILS(ENOMEM, SYS_sigaltstack, &small, NULL);
    // A flag that no thread has.
    unsigned long clone[8] = {1ul << 40 | CLONE_THREAD | CLONE_SIGHAND | CLONE_VM};
    FAILS(EINVAL, SYS_clone3, clone, sizeof clone);
    // No number below the limit is taken already.
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_NOFILE, &limit) == 0);
    if (limit.rlim_cur > 1000 && limit.rlim_max > 4096) CHECK(dup2(0, 1000) == 1000 && close(1000) == 0);
    DONE();
}
