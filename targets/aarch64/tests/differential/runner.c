// Runs instruction sequences on the CPU it is on and prints what became of the registers: the other side of
// tests/differential.rs. Cases come on standard input, results go to standard output, as `struct state`.
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

struct state {
	uint64_t x[31], sp, nzcv, fpcr, fpsr, pc;
	uint64_t trap; // signal, or 0
	uint64_t words; // instructions of the case
	unsigned __int128 v[32];
	uint32_t code[16];
	uint8_t memory[256];
};

#define CODE ((uint32_t *)0x20000000)
#define SCRATCH ((uint8_t *)0x10000000)

extern void enter(struct state *state);
extern uint32_t leave_template[], leave_end[];
struct state *current;
static sigjmp_buf back;

// The code is copied behind the case; it saves everything and returns from `enter`.
__asm__(
	".globl enter\n"
	"enter:\n"
	"	stp x29, x30, [sp, #-176]!\n"
	"	stp x19, x20, [sp, #16]\n	stp x21, x22, [sp, #32]\n	stp x23, x24, [sp, #48]\n"
	"	stp x25, x26, [sp, #64]\n	stp x27, x28, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]\n	stp d10, d11, [sp, #112]\n	stp d12, d13, [sp, #128]\n	stp d14, d15, [sp, #144]\n"
	"	mrs x1, tpidr_el0\n	str x1, [sp, #160]\n"
	"	ldr x1, =host_sp\n	mov x2, sp\n	str x2, [x1]\n"
	"	mov x30, x0\n"
	"	ldr x0, [x30, #248]\n	mov sp, x0\n"
	"	ldr x0, [x30, #256]\n	msr nzcv, x0\n"
	"	ldr x0, [x30, #264]\n	msr fpcr, x0\n"
	"	ldr x0, [x30, #272]\n	msr fpsr, x0\n"
	"	add x0, x30, #304\n"
	"	ldp q0, q1, [x0]\n	ldp q2, q3, [x0, #32]\n	ldp q4, q5, [x0, #64]\n	ldp q6, q7, [x0, #96]\n"
	"	ldp q8, q9, [x0, #128]\n	ldp q10, q11, [x0, #160]\n	ldp q12, q13, [x0, #192]\n	ldp q14, q15, [x0, #224]\n"
	"	ldp q16, q17, [x0, #256]\n	ldp q18, q19, [x0, #288]\n	ldp q20, q21, [x0, #320]\n	ldp q22, q23, [x0, #352]\n"
	"	ldp q24, q25, [x0, #384]\n	ldp q26, q27, [x0, #416]\n	ldp q28, q29, [x0, #448]\n	ldp q30, q31, [x0, #480]\n"
	"	ldp x0, x1, [x30]\n	ldp x2, x3, [x30, #16]\n	ldp x4, x5, [x30, #32]\n	ldp x6, x7, [x30, #48]\n"
	"	ldp x8, x9, [x30, #64]\n	ldp x10, x11, [x30, #80]\n	ldp x12, x13, [x30, #96]\n	ldp x14, x15, [x30, #112]\n"
	"	ldp x16, x17, [x30, #128]\n	ldp x18, x19, [x30, #144]\n	ldp x20, x21, [x30, #160]\n	ldp x22, x23, [x30, #176]\n"
	"	ldp x24, x25, [x30, #192]\n	ldp x26, x27, [x30, #208]\n	ldp x28, x29, [x30, #224]\n"
	// The case's page begins with a load of x30.
	"	ldr x30, =0x20000000\n	br x30\n"
	".globl leave_template\n"
	"leave_template:\n"
	"	msr tpidr_el0, x30\n"
	"	ldr x30, 1f\n	ldr x30, [x30]\n"
	"	stp x0, x1, [x30]\n	stp x2, x3, [x30, #16]\n	stp x4, x5, [x30, #32]\n	stp x6, x7, [x30, #48]\n"
	"	stp x8, x9, [x30, #64]\n	stp x10, x11, [x30, #80]\n	stp x12, x13, [x30, #96]\n	stp x14, x15, [x30, #112]\n"
	"	stp x16, x17, [x30, #128]\n	stp x18, x19, [x30, #144]\n	stp x20, x21, [x30, #160]\n	stp x22, x23, [x30, #176]\n"
	"	stp x24, x25, [x30, #192]\n	stp x26, x27, [x30, #208]\n	stp x28, x29, [x30, #224]\n"
	"	mrs x0, tpidr_el0\n	str x0, [x30, #240]\n	mov x0, sp\n	str x0, [x30, #248]\n"
	"	mrs x0, nzcv\n	str x0, [x30, #256]\n	mrs x0, fpcr\n	str x0, [x30, #264]\n	mrs x0, fpsr\n	str x0, [x30, #272]\n"
	"	add x0, x30, #304\n"
	"	stp q0, q1, [x0]\n	stp q2, q3, [x0, #32]\n	stp q4, q5, [x0, #64]\n	stp q6, q7, [x0, #96]\n"
	"	stp q8, q9, [x0, #128]\n	stp q10, q11, [x0, #160]\n	stp q12, q13, [x0, #192]\n	stp q14, q15, [x0, #224]\n"
	"	stp q16, q17, [x0, #256]\n	stp q18, q19, [x0, #288]\n	stp q20, q21, [x0, #320]\n	stp q22, q23, [x0, #352]\n"
	"	stp q24, q25, [x0, #384]\n	stp q26, q27, [x0, #416]\n	stp q28, q29, [x0, #448]\n	stp q30, q31, [x0, #480]\n"
	"	msr fpcr, xzr\n"
	"	ldr x1, 2f\n	ldr x1, [x1]\n	mov sp, x1\n"
	"	ldr x1, [sp, #160]\n	msr tpidr_el0, x1\n"
	"	ldp x19, x20, [sp, #16]\n	ldp x21, x22, [sp, #32]\n	ldp x23, x24, [sp, #48]\n"
	"	ldp x25, x26, [sp, #64]\n	ldp x27, x28, [sp, #80]\n"
	"	ldp d8, d9, [sp, #96]\n	ldp d10, d11, [sp, #112]\n	ldp d12, d13, [sp, #128]\n	ldp d14, d15, [sp, #144]\n"
	"	ldp x29, x30, [sp], #176\n	ret\n"
	"	.balign 8\n"
	"1:	.xword current\n2:	.xword host_sp\n"
	".globl leave_end\n"
	"leave_end:\n"
	".data\n	.balign 8\nhost_sp: .xword 0\n.text\n");

static void trapped(int signal, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;
	struct fpsimd_context *fp = (struct fpsimd_context *)uc->uc_mcontext.__reserved;
	(void)info;
	memcpy(current->x, uc->uc_mcontext.regs, sizeof current->x);
	current->sp = uc->uc_mcontext.sp;
	current->pc = uc->uc_mcontext.pc;
	current->nzcv = uc->uc_mcontext.pstate & 0xf0000000;
	current->fpcr = fp->fpcr;
	current->fpsr = fp->fpsr;
	memcpy(current->v, fp->vregs, sizeof current->v);
	current->trap = signal;
	siglongjmp(back, 1);
}

static int read_all(void *to, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = read(0, (char *)to + done, size - done);
		if (n <= 0)
			return 0;
		done += n;
	}
	return 1;
}

int main(void)
{
	static struct state state;
	static char stack[65536];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof stack };
	struct sigaction action = { .sa_sigaction = trapped, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	sigaltstack(&alt, 0);
	sigaction(SIGILL, &action, 0);
	sigaction(SIGSEGV, &action, 0);
	sigaction(SIGBUS, &action, 0);
	sigaction(SIGTRAP, &action, 0);
	mmap(CODE, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	mmap(SCRATCH, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	current = &state;
	while (read_all(&state, sizeof state)) {
		memset(SCRATCH, 0, 4096);
		memcpy(SCRATCH + 0x1000 - 256, state.memory, 256);
		// The case's first word puts x30 right: it is loaded from behind the code.
		uint32_t *code = CODE;
		memcpy((char *)CODE + 0xf10, &state.x[30], 8);
		*code++ = 0x58000000 | (0xf10 / 4) << 5 | 30; // ldr x30, CODE + 0xf10
		memcpy(code, state.code, 4 * state.words);
		memcpy(code + state.words, leave_template, (char *)leave_end - (char *)leave_template);
		__builtin___clear_cache((char *)CODE, (char *)CODE + 4096);
		state.trap = 0;
		if (!sigsetjmp(back, 1))
			enter(&state);
		__asm__ volatile("msr fpcr, xzr");
		memcpy(state.memory, SCRATCH + 0x1000 - 256, 256);
		write(1, &state, sizeof state);
	}
	return 0;
}
