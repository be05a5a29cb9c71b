// Accesses that fault when half of them is done: vectors and pairs across a page's end, write-back, atomics. The handler
// sees all registers as they were before, gives the page, and the result is that of an access that never faulted.
// native: no
// libc: glibc
// flags: -D_GNU_SOURCE
// flags-aarch64: -march=armv8.1-a
#include "check.h"
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <ucontext.h>

enum { PAGE = 4096 };
// What an instruction starts from and ends with: six registers, the first one an address, and four vectors.
static struct state {
    uint64_t x[6];
    unsigned char v[4][16];
} before, after;
static char *edge;
static volatile int faults;

#if defined __aarch64__

static void compare(const mcontext_t *machine) {
    CHECK(!memcmp(machine->regs, before.x, sizeof before.x));
    CHECK(machine->pstate >> 28 == 6);
    const struct fpsimd_context *simd = (const void *)machine->__reserved;
    CHECK(simd->head.magic == FPSIMD_MAGIC && !memcmp(simd->vregs, before.v, sizeof before.v));
}

#define INSTRUCTION(name, text)                                                                                    \
    static void name(void) {                                                                                       \
        asm volatile("mov x10, %0\n\tmov x11, %1\n\tldp q0, q1, [x10, 48]\n\tldp q2, q3, [x10, 80]\n\t"              \
                     "ldp x0, x1, [x10]\n\tldp x2, x3, [x10, 16]\n\tldp x4, x5, [x10, 32]\n\tcmp xzr, xzr\n\t" text \
                     "\n\tstp x0, x1, [x11]\n\tstp x2, x3, [x11, 16]\n\tstp x4, x5, [x11, 32]\n\t"                  \
                     "stp q0, q1, [x11, 48]\n\tstp q2, q3, [x11, 80]"                                              \
                     :                                                                                             \
                     : "r"(&before), "r"(&after)                                                                   \
                     : "x0", "x1", "x2", "x3", "x4", "x5", "x10", "x11", "v0", "v1", "v2", "v3", "cc", "memory");  \
    }
INSTRUCTION(ldp, "ldp q0, q1, [x0]")
INSTRUCTION(ldp_post, "ldp q0, q1, [x0], 32")
INSTRUCTION(ldp_x_post, "ldp x1, x2, [x0], 16")
INSTRUCTION(stp_pre, "stp q0, q1, [x0, -32]!")
INSTRUCTION(ldr_post, "ldr q0, [x0], 16")
INSTRUCTION(ldr_pre, "ldr x1, [x0, -8]!")
INSTRUCTION(str_post, "str q3, [x0], -16")
INSTRUCTION(ld1, "ld1 {v0.16b-v3.16b}, [x0], 64")
INSTRUCTION(ld4, "ld4 {v0.4s-v3.4s}, [x0], 64")
INSTRUCTION(st3, "st3 {v0.8h-v2.8h}, [x0], 48")
INSTRUCTION(ldadd, "ldaddal x1, x2, [x0]")
INSTRUCTION(swp, "swpal x1, x2, [x0]")
INSTRUCTION(casp, "casp x2, x3, x4, x5, [x0]")

#else

struct vectors {
    uint64_t vstart, vl, vtype, vcsr, vlenb;
    const char *data;
};

static void compare(const mcontext_t *machine) {
    CHECK(!memcmp(&machine->__gregs[10], before.x, sizeof before.x));
    CHECK(!memcmp(&machine->__fpregs.__d.__f[10], before.v[0], 8));
    // The vectors' context follows floating point (arch/riscv/include/uapi/asm/sigcontext.h).
    const struct vectors *vectors = (const void *)((const char *)machine + sizeof *machine);
    CHECK(*(const uint32_t *)((const char *)vectors - 8) == 0x53465457);
    CHECK(vectors->vstart == 0 && vectors->vlenb == 16 && !memcmp(vectors->data + 8 * 16, before.v, sizeof before.v));
}

#define INSTRUCTION(name, text)                                                                                       \
    static void name(void) {                                                                                          \
        asm volatile(".option push\n\t.option arch, +v\n\t.option norvc\n\tmv t0, %0\n\tmv t1, %1\n\taddi t2, t0, 48\n\t" \
                     "vl4re8.v v8, (t2)\n\tfld fa0, 48(t0)\n\tld a0, (t0)\n\tld a1, 8(t0)\n\tld a2, 16(t0)\n\t"       \
                     "ld a3, 24(t0)\n\tld a4, 32(t0)\n\tld a5, 40(t0)\n\tvsetivli x0, 4, e64, m2, tu, mu\n\t" text     \
                     "\n\tsd a0, (t1)\n\tsd a1, 8(t1)\n\tsd a2, 16(t1)\n\tsd a3, 24(t1)\n\tsd a4, 32(t1)\n\t"         \
                     "sd a5, 40(t1)\n\taddi t1, t1, 48\n\tvs4r.v v8, (t1)\n\t" VALUE "\n\t.option pop"                \
                     :                                                                                                \
                     : "r"(&before), "r"(&after)                                                                      \
                     : "a0", "a1", "a2", "a3", "a4", "a5", "t0", "t1", "t2", "fa0", "memory");                        \
    }
#define VALUE ""
INSTRUCTION(vle, "vle64.v v8, (a0)")
INSTRUCTION(vse, "vse64.v v8, (a0)")
INSTRUCTION(vlse, "vlse64.v v8, (a0), a1")
INSTRUCTION(vlseg, "vlseg2e64.v v8, (a0)")
INSTRUCTION(vsseg, "vsseg2e64.v v8, (a0)")
INSTRUCTION(fsd, "fsd fa0, (a0)")
INSTRUCTION(amoadd, "amoadd.d.aqrl a2, a1, (a0)")
INSTRUCTION(amomax, "amomax.w a2, a1, (a0)")
INSTRUCTION(amoswap, "amoswap.d a2, a1, (a0)")
#undef VALUE
// What it loaded stands where a vector was.
#define VALUE "fsd fa0, (t1)"
INSTRUCTION(fld, "fld fa0, (a0)")

#endif

// The first address that can't be reached is that of the page, and the fault is the second half's.
static void handler(int signal, siginfo_t *info, void *raw) {
    (void)signal;
    CHECK(info->si_addr == edge);
    compare(&((ucontext_t *)raw)->uc_mcontext);
    faults++;
    mprotect(edge, PAGE, PROT_READ | PROT_WRITE);
}

// Runs an instruction on an address `back` before the edge of a page to which `prot` gives access.
static struct state run(void (*instruction)(void), int back, int prot, char *memory) {
    for (int i = 0; i < 256; i++) edge[i - 128] = i * 7 + 1;
    for (int i = 0; i < 6; i++) before.x[i] = 8 + 8 * (i == 0);
    for (int i = 0; i < (int)sizeof before.v; i++) ((unsigned char *)before.v)[i] = 200 - i;
    before.x[0] = (uint64_t)edge - back;
    memcpy(&before.x[2], edge, 16);  // what a compare and swap compares with
    memset(&after, 0, sizeof after);
    mprotect(edge, PAGE, prot);
    instruction();
    CHECK(!mprotect(edge, PAGE, PROT_READ | PROT_WRITE));
    memcpy(memory, edge - 128, 256);
    return after;
}

static void test(const char *name, void (*instruction)(void), int back, int prot) {
    char whole[256], halves[256];
    faults = 0;
    struct state expected = run(instruction, back, PROT_READ | PROT_WRITE, whole);
    CHECK(faults == 0);
    struct state state = run(instruction, back, prot, halves);
    int same = !memcmp(&state, &expected, sizeof state) && !memcmp(whole, halves, sizeof whole);
    printf("%s: %d fault, %s\n", name, faults, same ? "made once" : "not the same");
}
#define TEST(name, back, prot) test(#name, name, back, prot)

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    char *pages = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    edge = pages + PAGE;
#if defined __aarch64__
    TEST(ldp, 16, PROT_NONE);
    TEST(ldp_post, 16, PROT_NONE);
    TEST(ldp_x_post, 8, PROT_NONE);
    TEST(stp_pre, -16, PROT_READ);
    TEST(ldr_post, 8, PROT_NONE);
    TEST(ldr_pre, -4, PROT_NONE);
    TEST(str_post, 5, PROT_READ);
    TEST(ld1, 32, PROT_NONE);
    TEST(ld4, 40, PROT_NONE);
    TEST(st3, 20, PROT_READ);
    TEST(ldadd, 0, PROT_READ);
    TEST(swp, 0, PROT_READ);
    TEST(casp, 0, PROT_READ);
#else
    TEST(vle, 16, PROT_NONE);
    TEST(vse, 16, PROT_READ);
    TEST(vlse, 8, PROT_NONE);
    TEST(vlseg, 24, PROT_NONE);
    TEST(vsseg, 40, PROT_READ);
    TEST(fld, 4, PROT_NONE);
    TEST(fsd, 4, PROT_READ);
    TEST(amoadd, 0, PROT_READ);
    TEST(amomax, 0, PROT_READ);
    TEST(amoswap, 0, PROT_READ);
#endif
    DONE();
}
