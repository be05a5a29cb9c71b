// The library that Linux maps into every AArch64 process (arch/arm64/kernel/vdso). Each function makes its
// system call: the run loop answers those for clocks itself.

#define FUNCTION(name, number)	\
	.globl	name;		\
	.type	name, %function;	\
	.balign	16;		\
name:	.cfi_startproc;		\
	mov	x8, number;	\
	svc	#0;		\
	ret;			\
	.cfi_endproc;		\
	.size	name, . - name

	.text
	FUNCTION(__kernel_clock_gettime, 113)
	FUNCTION(__kernel_clock_getres, 114)
	FUNCTION(__kernel_gettimeofday, 169)

// Without unwinding directives, as Linux has it (arch/arm64/kernel/vdso/sigreturn.S says why): unwinders know this
// by its two instructions, and restore all registers from the signal's context.
	.balign	16
	nop
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
	mov	x8, #139
	svc	#0
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.Linux, "a", %note
	.balign	4
	.word	6, 4, 0
	.asciz	"Linux"
	.balign	4
	.word	6 << 16 | 18 << 8
