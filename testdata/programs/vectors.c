// Who may use vectors (PR_RISCV_V_SET_CONTROL), what a tracer sees of them, and loads that pass over what can't be read.
// guests: riscv64
// libc: glibc
// native: no
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SET = 69, GET = 70, OFF = 1, ON = 2, NEXT_OFF = OFF << 2, NEXT_ON = ON << 2, INHERIT = 1 << 4 };
enum { NT_RISCV_VECTOR = 0x901 };
#define V(text, ...) asm volatile(".option push\n\t.option arch, +v\n\t" text "\n\t.option pop" __VA_ARGS__)

static int set(unsigned long word) { return prctl(SET, word, 0, 0, 0) ? -errno : 0; }
static int get(void) { return prctl(GET, 0, 0, 0, 0); }

static void use(void) { V("vsetivli x0, 4, e32, m1, ta, ma\n\tvmv.v.i v1, 3", : : : "memory"); }

static int exit_of(pid_t child) {
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

// What becomes of a program that is executed after `word` was set, and does `what`.
static int executed(int word, const char *what) {
    pid_t child = fork();
    if (child == 0) {
        if (set(word)) _exit(100);
        execl("/proc/self/exe", "vectors", what, NULL);
        _exit(101);
    }
    return exit_of(child);
}

static void *thread(void *word) {
    *(int *)word = get();
    return NULL;
}

static int child(const char *what) {
    if (!strcmp(what, "get")) return get();
    if (!strcmp(what, "use")) return use(), 50;
    if (!strcmp(what, "csr")) return ({ long vl; V("csrr %0, vl", : "=r"(vl)); vl; });
    if (!strcmp(what, "on")) return set(OFF) == 0 && get() == OFF && set(ON) == 0 ? use(), get() : 1;
    if (!strcmp(what, "thread")) {
        pthread_t other;
        int word = 0;
        return pthread_create(&other, NULL, thread, &word) || pthread_join(other, NULL) ? 1 : word;
    }
    // "again": whether the next program has it too.
    execl("/proc/self/exe", "vectors", "get", NULL);
    return 102;
}

static void control(void) {
    puts("control");
    CHECK(get() == ON && set(ON) == 0 && set(0) == 0 && set(OFF) == -EPERM && get() == ON);
    CHECK(set(3) == -EINVAL && set(3 << 2) == -EINVAL && set(1 << 5) == -EINVAL && set(OFF | 3 << 2) == -EPERM);
    CHECK(executed(0, "get") == ON && executed(0, "use") == 50 && executed(NEXT_ON, "get") == ON);
    CHECK(executed(NEXT_OFF, "get") == OFF && executed(NEXT_OFF, "again") == ON && executed(NEXT_OFF, "thread") == OFF);
    CHECK(executed(NEXT_OFF, "use") == -SIGILL && executed(NEXT_OFF, "csr") == -SIGILL && executed(NEXT_OFF, "on") == ON);
    CHECK(executed(INHERIT | NEXT_OFF, "get") == (INHERIT | NEXT_OFF | OFF));
    CHECK(executed(INHERIT | NEXT_OFF, "again") == (INHERIT | NEXT_OFF | OFF));
    CHECK(executed(INHERIT, "again") == (INHERIT | ON));
}

struct vectors {
    uint64_t vstart, vl, vtype, vcsr, vlenb;
    uint32_t v[32][4];
};

static int ask(int request, pid_t pid, struct vectors *vectors) {
    struct iovec vector = {vectors, sizeof *vectors};
    return ptrace(request, pid, NT_RISCV_VECTOR, &vector) ? -errno : (int)vector.iov_len;
}

static void tracer(void) {
    puts("tracer");
    pid_t pid = fork();
    if (pid == 0) {
        static uint32_t out[4];
        ptrace(PTRACE_TRACEME, 0, 0, 0);
        raise(SIGSTOP);
        // No call is between the two, which would end what is in the registers (psABI; Linux).
        V("vsetivli x0, 4, e32, m1, ta, ma\n\tvmv.v.i v1, 3\n\tebreak\n\tvse32.v v1, (%0)", : : "r"(out) : "memory");
        _exit(out[0] == 3 && out[1] == 0x5555 ? 7 : 1);
    }
    int status;
    struct vectors is;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    CHECK(ask(PTRACE_GETREGSET, pid, &is) == -ENODATA && ask(PTRACE_SETREGSET, pid, &is) == -ENODATA);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0 && waitpid(pid, &status, 0) == pid && WIFSTOPPED(status));
    CHECK(WSTOPSIG(status) == SIGTRAP && ask(PTRACE_GETREGSET, pid, &is) == sizeof is);
    CHECK(is.vl == 4 && is.vtype == 0xd0 && is.vlenb == 16 && is.vstart == 0 && is.vcsr == 0 && is.v[1][3] == 3);
    is.v[1][1] = 0x5555;
    struct vectors wrong = is;
    wrong.vl = 5;
    CHECK(ask(PTRACE_SETREGSET, pid, &wrong) == -EINVAL);
    wrong = is, wrong.vtype = 1ull << 63;
    CHECK(ask(PTRACE_SETREGSET, pid, &wrong) == -EINVAL);
    wrong = is, wrong.vlenb = 32;
    CHECK(ask(PTRACE_SETREGSET, pid, &wrong) == -EINVAL);
    CHECK(ask(PTRACE_SETREGSET, pid, &is) == sizeof is);
    uint64_t general[32];
    struct iovec vector = {general, sizeof general};
    CHECK(ptrace(PTRACE_GETREGSET, pid, 1, &vector) == 0);
    general[0] += *(uint16_t *)general[0] == 0x9002 ? 2 : 4;
    CHECK(ptrace(PTRACE_SETREGSET, pid, 1, &vector) == 0);
    CHECK(ptrace(PTRACE_CONT, pid, 0, 0) == 0 && exit_of(pid) == 7);
}

static int vl_of(const uint8_t *from, uint16_t active) {
    uint64_t vl;
    static uint8_t out[16];
    V("vsetivli x0, 1, e16, m1, ta, ma\n\tvmv.s.x v0, %1\n\tvsetivli x0, 16, e8, m1, ta, mu\n\tvmv.v.i v1, 0\n\tvle8ff.v v1, (%2), v0.t\n\t"
      "csrr %0, vl\n\tvse8.v v1, (%3)", : "=&r"(vl) : "r"(active), "r"(from), "r"(out) : "memory");
    for (uint64_t i = 0; i < vl; i++) CHECK(out[i] == (active >> i & 1 ? from[i] : 0));
    return vl;
}

static void first_faults(void) {
    puts("first faults");
    uint8_t *page = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 3 * 4096; i++) page[i] = i * 7 + 1;
    mprotect(page + 4096, 4096, PROT_NONE);
    uint8_t *end = page + 4096, *behind = page + 8192;
    CHECK(vl_of(end - 16, 0xffff) == 16 && vl_of(end - 5, 0xffff) == 5 && vl_of(end - 5, 0x001f) == 16);
    CHECK(vl_of(end - 5, 0x041f) == 10 && vl_of(end - 5, 0x8000) == 15 && vl_of(end - 5, 0) == 16);
    // Nothing but the first element faults, and it does not where it is not active.
    CHECK(vl_of(end, 0xfffe) == 1 && vl_of(end + 100, 0x8000) == 15 && vl_of(end, 0) == 16);
    CHECK(vl_of(behind - 3, 0xfff8) == 16 && vl_of(behind - 3, 0xfffc) == 2 && vl_of(behind - 15, 0x8000) == 16);
}

int main(int argc, char **argv) {
    if (argc > 1) return child(argv[1]);
    control();
    tracer();
    first_faults();
    use();
    DONE();
}
