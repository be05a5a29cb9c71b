// Memory: mremap, growing stacks, protection, advice, sharing, files that shrink, what is behind addresses.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SHM_HUGETLB
#define SHM_HUGETLB 04000
#endif

static sigjmp_buf back;
static volatile int code, number;
static void *volatile address;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)context;
    number = signal; code = info->si_code; address = info->si_addr;
    siglongjmp(back, 1);
}
static const char *touch(volatile char *at, int write) {
    if (sigsetjmp(back, 1)) {
        CHECK((char *)address == at);
        return number == SIGBUS ? code == BUS_ADRERR ? "BUS_ADRERR" : "bus" : code == SEGV_MAPERR ? "SEGV_MAPERR" : code == SEGV_ACCERR ? "SEGV_ACCERR" : "segv";
    }
    if (write) *at = 1; else (void)*at;
    return "fine";
}
#define PAGE 4096
#define HUGE (2 << 20)
static char *map(int pages, int prot) { return mmap(0, pages * PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

// Kilobytes locked.
static long locked(void) {
    char line[128];
    long kilobytes = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status)) sscanf(line, "VmLck: %ld", &kilobytes);
    if (status) fclose(status);
    return kilobytes;
}

// The program's memory is small; all of it and what comes may be locked where anything may. A child starts without.
static void lock_all(void) {
    if (mlockall(MCL_CURRENT | MCL_FUTURE) != 0) {
        CHECK(errno == EPERM || errno == ENOMEM);
        return;
    }
    // Memory that may be dropped is never locked. Linux has it since 6.11.
    char *dropped = mmap(0, 64 * PAGE, PROT_READ | PROT_WRITE, 8 | MAP_ANONYMOUS, -1, 0);
    if (dropped != MAP_FAILED) CHECK(*dropped == 0);
    else CHECK(errno == EINVAL);
    long before = locked();
    char *more = map(64, PROT_READ | PROT_WRITE);
    CHECK(before > 0 && before < 4096 && more != MAP_FAILED && locked() >= before + 256);
    pid_t child = fork();
    if (!child) _exit(locked() != 0 || map(64, PROT_READ) == MAP_FAILED || locked() != 0);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(munlockall() == 0 && locked() == 0 && map(1, PROT_READ) != MAP_FAILED && locked() == 0);
    CHECK(mlockall(MCL_FUTURE | MCL_ONFAULT) == 0 && map(4, PROT_READ) != MAP_FAILED && locked() >= 16);
    CHECK(munlockall() == 0 && munmap(more, 64 * PAGE) == 0);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, 0);
    sigaction(SIGBUS, &action, 0);
    char *a = map(4, PROT_READ | PROT_WRITE);
    printf("none: %s\n", touch((char *)8, 0));
    mprotect(a + PAGE, PAGE, PROT_READ);
    mprotect(a + 2 * PAGE, PAGE, PROT_NONE);
    printf("read only: %s %s; no access: %s\n", touch(a + PAGE, 0), touch(a + PAGE, 1), touch(a + 2 * PAGE, 0));
    munmap(a + 3 * PAGE, PAGE);
    printf("unmapped: %s\n", touch(a + 3 * PAGE, 0));
    char *b = map(2, PROT_READ | PROT_WRITE);
    strcpy(b, "moved");
    char *c = mremap(b, 2 * PAGE, 300 * PAGE, MREMAP_MAYMOVE);
    printf("mremap: %s, end %s\n", c, touch(c + 299 * PAGE, 1));
    char *d = mremap(c, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
    printf("dontunmap: %s, left '%s'\n", d, c);

    // What is cut off may have holes, and mappings of other kinds.
    char *e = map(10, PROT_READ | PROT_WRITE);
    CHECK(munmap(e + 3 * PAGE, PAGE) == 0 && mprotect(e + 5 * PAGE, PAGE, PROT_READ) == 0 && munmap(e + 8 * PAGE, 2 * PAGE) == 0);
    CHECK(mremap(e, 10 * PAGE, 11 * PAGE, 0) == MAP_FAILED && errno == EFAULT);
    CHECK(mremap(e, 10 * PAGE, 2 * PAGE, 0) == e);
    printf("cut: %s %s %s %s\n", touch(e + PAGE, 1), touch(e + 2 * PAGE, 0), touch(e + 5 * PAGE, 0), touch(e + 7 * PAGE, 0));

    char name[] = "/tmp/transom-maps-XXXXXX";
    int file = mkstemp(name);
    unlink(name);
    CHECK(ftruncate(file, 2 * PAGE) == 0);
    char *f = mmap(0, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    f[PAGE] = 'x';
    CHECK(ftruncate(file, PAGE) == 0);
    printf("truncated: %s %s\n", touch(f, 0), touch(f + PAGE, 0));
    errno = 0;
    ssize_t got = pread(file, a + 2 * PAGE, 10, 0);
    printf("read to no access: %zd %s\n", got, strerror(errno));
    errno = 0;
    char *volatile nowhere = (char *)8;
    got = write(file, nowhere, 10);
    printf("write from nowhere: %zd %s\n", got, strerror(errno));
    struct iovec vectors[2] = {{a, 10}, {(void *)8, 10}};
    got = pwritev(file, vectors, 2, 0);
    printf("half a vector: %zd\n", got);

    char *validated = mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE, file, 0);
    CHECK(validated != MAP_FAILED && memcmp(validated, f, PAGE) == 0);
    CHECK(mmap(0, PAGE, PROT_READ, MAP_SHARED_VALIDATE | 1 << 21, file, 0) == MAP_FAILED && errno == EOPNOTSUPP);
    lock_all();
    strcpy(a, "advice");
    CHECK(madvise(a, PAGE, MADV_DONTNEED) == 0);
    printf("discarded: '%s'\n", a);
    CHECK(madvise(a, PAGE, 9999) == -1 && errno == EINVAL);
    CHECK(mmap((void *)0x10000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == (void *)0x10000000);
    CHECK(mmap((void *)0x10000000, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(mmap(0, 0, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap((void *)1, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, 999, 0) == MAP_FAILED && errno == EBADF);
    CHECK(mmap(0, PAGE, PROT_READ, MAP_PRIVATE, file, 5) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(0, (size_t)1 << 60, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED && errno == ENOMEM);
    CHECK(munmap(a + 1, PAGE) == -1 && errno == EINVAL);
    CHECK(mprotect((void *)0x20000000, PAGE, PROT_READ) == -1 && errno == ENOMEM);
    CHECK(mincore(a, PAGE, (unsigned char *)b) == -1 || 1);
    char *down = mmap(0, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, -1, 0);
    CHECK(down != MAP_FAILED);

    int id = shmget(IPC_PRIVATE, 3 * PAGE, 0600 | IPC_CREAT);
    char *s = shmat(id, 0, 0), *t = shmat(id, 0, SHM_RDONLY);
    strcpy(s, "segment");
    struct shmid_ds ds;
    CHECK(shmctl(id, IPC_STAT, &ds) == 0 && ds.shm_segsz == 3 * PAGE && ds.shm_nattch == 2);
    printf("shared: %s, %s\n", t, touch(t, 1));
    shmctl(id, IPC_RMID, 0);
    shmdt(s);
    CHECK(shmdt(s) == -1 && errno == EINVAL && shmdt(t) == 0);
    // Huge pages, where the host has any; the end of the last one is unused.
    id = shmget(IPC_PRIVATE, HUGE + PAGE, 0600 | IPC_CREAT | SHM_HUGETLB);
    if (id != -1) {
        s = shmat(id, 0, 0);
        shmctl(id, IPC_RMID, 0);
        CHECK(s != (void *)-1 && (long)s % HUGE == 0 && (s[2 * HUGE - 1] = 5) && shmdt(s) == 0);
    }
    id = semget(IPC_PRIVATE, 2, 0600);
    struct semid_ds sds;
    union { int val; struct semid_ds *buf; } arg = {.buf = &sds};
    CHECK(semctl(id, 0, IPC_STAT, arg) == 0);
    printf("semaphores: %d\n", (int)sds.sem_nsems);
    semctl(id, 0, IPC_RMID);
    id = msgget(IPC_PRIVATE, 0600);
    struct { long type; char text[16]; } message = {3, "queued"}, out;
    CHECK(msgsnd(id, &message, 7, 0) == 0 && msgrcv(id, &out, 16, 3, 0) == 7);
    printf("message: %s\n", out.text);
    msgctl(id, IPC_RMID, 0);

    // Another process's memory.
    char *shared = map(1, PROT_READ | PROT_WRITE);
    strcpy(shared, "parent");
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    pid_t child = fork();
    if (!child) { strcpy(shared, "child"); CHECK(write(pipes[1], "x", 1) == 1); pause(); }
    char byte, text[16] = {0};
    CHECK(read(pipes[0], &byte, 1) == 1);
    struct iovec local = {text, 16}, remote = {shared, 16};
    got = process_vm_readv(child, &local, 1, &remote, 1, 0);
    printf("their memory: %zd %s, ours: %s\n", got, text, shared);
    kill(child, SIGKILL);
    waitpid(child, 0, 0);
    char *wipe = map(1, PROT_READ | PROT_WRITE);
    strcpy(wipe, "secret");
    CHECK(madvise(wipe, PAGE, MADV_WIPEONFORK) == 0);
    child = fork();
    if (!child) _exit(wipe[0]);
    int status;
    waitpid(child, &status, 0);
    printf("wiped: %d\n", WEXITSTATUS(status));
    DONE();
}
