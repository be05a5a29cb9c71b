// Pointer masking (Supm): what PR_SET_TAGGED_ADDR_CTRL says of tags, which instructions and system calls leave them out of
// account, and who inherits that.
// guests: riscv64
// libc: glibc
// native: no
// flags: -D_GNU_SOURCE -fno-strict-aliasing
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SET = 55, GET = 56, ENABLE = 1, REGSET = 0x902 };
#define LENGTH(bits) ((unsigned long)(bits) << 24)

static int set(unsigned long word) { return prctl(SET, word, 0, 0, 0) ? -errno : 0; }
static long get(void) { return prctl(GET, 0, 0, 0, 0); }
static void *tag(const volatile void *p, int bits, uint64_t tag) { return (void *)((uintptr_t)p | tag << (64 - bits)); }

static sigjmp_buf back;
static volatile uintptr_t fault;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    fault = (uintptr_t)info->si_addr;
    siglongjmp(back, 1);
}

#define FAULTS(...) (sigsetjmp(back, 1) ? 1 : (__VA_ARGS__, 0))

static void words(void) {
    puts("control words");
    for (int bits = 0; bits < 128; bits++) {
        int result = set(LENGTH(bits));
        CHECK(result == (bits <= 16 ? 0 : -EINVAL));
        int is = bits == 0 ? 0 : bits <= 7 ? 7 : 16;
        if (bits <= 16) CHECK(get() == (long)LENGTH(is));
    }
    CHECK(get() == (long)LENGTH(16));
    CHECK(set(ENABLE) == -EINVAL && set(LENGTH(7) | 2) == -EINVAL && set(1ul << 31) == -EINVAL);
    CHECK(set(LENGTH(17) | ENABLE) == -EINVAL && get() == (long)LENGTH(16));
    CHECK(prctl(SET, LENGTH(7), 1, 0, 0) == -1 && errno == EINVAL);
    CHECK(prctl(GET, 1, 0, 0, 0) == -1 && errno == EINVAL);
    CHECK(set(LENGTH(1) | ENABLE) == 0 && get() == (long)(LENGTH(7) | ENABLE));
    CHECK(set(0) == 0 && get() == 0);
}

static _Alignas(64) volatile uint64_t place[64];

// Each instruction's result is in place[0], or what it returns.
static void accesses(int bits, uint64_t t) {
    volatile uint64_t *p = tag(place, bits, t);
    for (int i = 0; i < 64; i++) place[i] = 0x0102030405060708 * (i + 1);
    CHECK(p[1] == place[1] && *(volatile int8_t *)p == 8 && *(volatile uint16_t *)p == 0x708);
    p[2] = 5, *(volatile uint32_t *)&p[3] = 7;
    CHECK(place[2] == 5 && (uint32_t)place[3] == 7);
    *(volatile double *)&p[4] = 2.5;
    CHECK(*(volatile double *)&place[4] == 2.5 && *(volatile double *)&p[4] == 2.5 && *(volatile float *)&p[4] == 0);
    place[0] = 40;
    CHECK(__atomic_fetch_add((uint64_t *)p, 2, __ATOMIC_SEQ_CST) == 40 && place[0] == 42);
    uint64_t old, fail;
    // The tags of the two need not be the same.
    asm volatile("lr.d %0, (%2)\n\tsc.d %1, %4, (%3)" : "=&r"(old), "=&r"(fail) : "r"(p), "r"(place), "r"(9ul) : "memory");
    CHECK(old == 42 && fail == 0 && place[0] == 9);
    asm volatile(".option push\n\t.option arch, +zicboz, +zicbom\n\tcbo.zero (%0)\n\tcbo.flush (%0)\n\t.option pop" : : "r"(p + 8) : "memory");
    CHECK(place[8] == 0 && place[15] == 0 && place[16] != 0);
    asm volatile(".insn i 0x13, 6, x0, %0, 1\n\t.insn i 0x13, 6, x0, %0, 35" : : "r"(p));  // prefetch.r, prefetch.w
}

static void vectors(int bits, uint64_t t) {
    for (int i = 0; i < 64; i++) place[i] = i;
    volatile uint64_t *p = tag(place, bits, t), *q = tag(place + 32, bits, ~t & 1);
    uint64_t offsets[] = {(uintptr_t)(p + 5), (uintptr_t)(place + 7)}, vl;
#define V(text, ...) asm volatile(".option push\n\t.option arch, +v\n\t" text "\n\t.option pop" __VA_ARGS__)
    V("vsetivli x0, 2, e64, m1, ta, ma\n\tvle64.v v1, (%0)\n\tvse64.v v1, (%1)", : : "r"(p + 3), "r"(q) : "memory");
    CHECK(place[32] == 3 && place[33] == 4);
    V("vsetivli x0, 2, e64, m1, ta, ma\n\tvlse64.v v1, (%0), %2\n\tvsse64.v v1, (%1), %2", : : "r"(p + 5), "r"(q), "r"(16ul) : "memory");
    CHECK(place[32] == 5 && place[34] == 7);
    // The sum has the tag.
    V("vsetivli x0, 2, e64, m1, ta, ma\n\tvle64.v v2, (%0)\n\tvluxei64.v v1, (zero), v2\n\tvse64.v v1, (%1)", : : "r"(offsets), "r"(q) : "memory");
    CHECK(place[32] == 5 && place[33] == 7);
    V("vsetivli x0, 2, e64, m1, ta, ma\n\tvle64.v v2, (%0)\n\tvid.v v1\n\tvsuxei64.v v1, (zero), v2", : : "r"(offsets) : "memory");
    CHECK(place[5] == 0 && place[7] == 1);
    V("vsetivli x0, 2, e64, m1, ta, ma\n\tvmset.m v0\n\tvlse64.v v1, (%0), %2, v0.t\n\tvsseg2e64.v v1, (%1), v0.t", : : "r"(p + 10), "r"(q), "r"(16ul) : "memory");
    CHECK(place[32] == 10 && place[34] == 12);
    V("vsetivli x0, 2, e64, m1, ta, ma\n\tvle64ff.v v1, (%1)\n\tcsrr %0, vl\n\tvse64.v v1, (%2)", : "=r"(vl) : "r"(p + 20), "r"(q) : "memory");
    CHECK(vl == 2 && place[32] == 20 && place[33] == 21);
    V("vl2re64.v v2, (%0)\n\tvs2r.v v2, (%1)", : : "r"(p + 22), "r"(q) : "memory");
    CHECK(place[32] == 22 && place[35] == 25);
}

static void faults(int bits) {
    // Of what is left the highest bit is the sign; the address is told without its tag.
    volatile char *kernel = tag((char *)(1ul << (63 - bits)), bits, 1);
    CHECK(FAULTS(*kernel) && fault == (uintptr_t)((intptr_t)((uintptr_t)kernel << bits) >> bits));
    char *none = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(FAULTS(*(volatile char *)tag(none + 3, bits, 3)) && fault == (uintptr_t)none + 3);
    CHECK(FAULTS(*(volatile char *)tag(none + 4, bits, 2) = 1) && fault == (uintptr_t)none + 4);
    // Instructions are fetched from where the address says.
    CHECK(FAULTS(((void (*)(void))tag((void *)words, bits, 1))()));
}

static void lengths(int bits) {
    CHECK(set(LENGTH(bits)) == 0);
    for (uint64_t t = 1; t >> bits == 0; t += t < 4 ? 1 : t < 128 ? 12 : 1000) {
        accesses(bits, t);
        vectors(bits, t);
    }
    accesses(bits, (1 << bits) - 1);
    faults(bits);
}

static void memory(void) {
    puts("loads and stores");
    CHECK(FAULTS(*(volatile int *)tag(place, 7, 1)));
    lengths(7);
    lengths(16);
    CHECK(set(LENGTH(7)) == 0 && FAULTS(*(volatile int *)tag(place, 16, 1)));
    CHECK(set(0) == 0 && FAULTS(*(volatile int *)tag(place, 7, 1)) && FAULTS(*(volatile int *)tag(place, 16, 1)));
}

static void messages(int bits) {
    int pair[2];
    char text[] = "efgh", to[8] = "", name[64];
    CHECK(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    struct iovec out = {tag(text, bits, 1), 4}, in = {tag(to, bits, 2), 8};
    struct msghdr sent = {.msg_iov = tag(&out, bits, 3), .msg_iovlen = 1};
    struct msghdr got = {.msg_name = tag(name, bits, 4), .msg_namelen = sizeof name, .msg_iov = tag(&in, bits, 5), .msg_iovlen = 1};
    CHECK(sendmsg(pair[0], tag(&sent, bits, 6), 0) == 4 && recvmsg(pair[1], tag(&got, bits, 7), 0) == 4 && !memcmp(to, text, 4));
    CHECK(got.msg_namelen == 0 && got.msg_iov == tag(&in, bits, 5));
    struct mmsghdr several[2] = {{.msg_hdr = sent}, {.msg_hdr = sent}}, others[2] = {{.msg_hdr = got}, {.msg_hdr = got}};
    in.iov_len = 3;
    CHECK(sendmmsg(pair[0], tag(several, bits, 1), 2, 0) == 2 && several[0].msg_len == 4 && several[1].msg_len == 4);
    CHECK(recvmmsg(pair[1], tag(others, bits, 1), 2, 0, NULL) == 2 && others[1].msg_len == 3);
    CHECK(others[1].msg_hdr.msg_flags == MSG_TRUNC);
    close(pair[0]), close(pair[1]);
}

static void calls(void) {
    puts("system calls");
    int ends[2];
    CHECK(pipe(ends) == 0);
    char text[] = "abcd", read_to[8] = "";
    for (int bits = 7; bits <= 16; bits += 9) {
        CHECK(set(LENGTH(bits)) == 0);
        CHECK(write(ends[1], tag(text, bits, 1), 4) == -1 && errno == EFAULT);
        CHECK(set(LENGTH(bits) | ENABLE) == 0);
        CHECK(write(ends[1], tag(text, bits, 1), 4) == 4);
        CHECK(read(ends[0], tag(read_to, bits, 2), 4) == 4 && !memcmp(read_to, "abcd", 4));
        struct iovec vectors[] = {{tag(text, bits, 1), 1}, {text + 1, 1}, {tag(text + 2, bits, 3), 2}};
        CHECK(writev(ends[1], tag(vectors, bits, 5), 3) == 4 && vectors[0].iov_base == tag(text, bits, 1));
        memset(read_to, 0, 4);
        struct iovec to = {tag(read_to, bits, 9), 4};
        CHECK(readv(ends[0], &to, 1) == 4 && !memcmp(read_to, "abcd", 4));
        messages(bits);
        CHECK(access(tag("/", bits, 1), F_OK) == 0);
        void *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(mprotect(tag(page, bits, 1), 4096, PROT_NONE) == 0 && munmap(tag(page, bits, 1), 4096) == 0);
        // A bit below the tag.
        CHECK(write(ends[1], tag(text, bits + 1, 1), 4) == -1 && errno == EFAULT);
    }
    CHECK(set(0) == 0 && write(ends[1], tag(text, 7, 1), 4) == -1 && errno == EFAULT);
}

static int exit_of(pid_t child) {
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void *thread(void *result) {
    place[0] = 77;
    *(long *)result = *(volatile uint64_t *)tag(place, 7, 9) == 77 ? get() : -1;
    return NULL;
}

static void heirs(void) {
    puts("heirs");
    CHECK(set(LENGTH(7)) == 0);
    pid_t child = fork();
    if (child == 0) {
        place[0] = 12;
        // It has its own memory: the length may change.
        int is = *(volatile uint64_t *)tag(place, 7, 1) == 12 && set(LENGTH(16) | ENABLE) == 0 && set(0) == 0;
        _exit(is ? 21 : 1);
    }
    CHECK(exit_of(child) == 21 && get() == (long)LENGTH(7));
    child = vfork();
    if (child == 0) execl("/proc/self/exe", "masking", "child", NULL), _exit(1);
    CHECK(exit_of(child) == 22);

    // Since then another task was on this memory: whether calls take tags stays, each thread's own length does not.
    CHECK(set(LENGTH(7) | ENABLE) == -EBUSY && get() == (long)LENGTH(7));
    CHECK(set(LENGTH(16)) == 0 && set(LENGTH(7)) == 0);
    pthread_t other;
    long word = 0;
    CHECK(pthread_create(&other, NULL, thread, &word) == 0 && pthread_join(other, NULL) == 0 && word == (long)LENGTH(7));
    child = fork();
    if (child == 0) {
        if (set(LENGTH(16) | ENABLE) || pthread_create(&other, NULL, thread, &word) || pthread_join(other, NULL)) _exit(1);
        int is = set(0) == -EBUSY && set(LENGTH(16)) == -EBUSY && set(LENGTH(7) | ENABLE) == -EBUSY && get() == word;
        _exit(is && word == (long)(LENGTH(16) | ENABLE) && set(LENGTH(8) | ENABLE) == 0 ? 23 : 2);
    }
    CHECK(exit_of(child) == 23);
}

static void tracer(void) {
    puts("tracer");
    CHECK(set(0) == 0);
    pid_t child = fork();
    if (child == 0) {
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        place[0] = 24;
        _exit(get() == (long)LENGTH(7) ? *(volatile uint64_t *)tag(place, 7, 3) : 1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSTOPPED(status));
    uint64_t word = 1;
    struct iovec vector = {&word, sizeof word};
    CHECK(ptrace(PTRACE_GETREGSET, child, REGSET, &vector) == 0 && vector.iov_len == 8 && word == 0);
    word = ENABLE;
    CHECK(ptrace(PTRACE_SETREGSET, child, REGSET, &vector) == -1 && errno == EINVAL);
    word = LENGTH(3);
    CHECK(ptrace(PTRACE_SETREGSET, child, REGSET, &vector) == 0);
    CHECK(ptrace(PTRACE_GETREGSET, child, REGSET, &vector) == 0 && word == LENGTH(7));
    CHECK(ptrace(PTRACE_CONT, child, 0, 0) == 0 && exit_of(child) == 24);
}

int main(int argc, char **argv) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL), sigaction(SIGBUS, &action, NULL);
    if (argc > 1 && argv[1]) return get() == 0 && FAULTS(*(volatile int *)tag(place, 7, 1)) ? 22 : 1;
    words();
    memory();
    calls();
    tracer();
    heirs();
    DONE();
}
