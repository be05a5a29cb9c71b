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

// Unwinders know this by its two instructions, or read that x29 points at the interrupted frame's record.
// They look up return addresses minus one: the nop makes that belong to the function too.
	.balign	16
	.cfi_startproc
	.cfi_signal_frame
	.cfi_def_cfa	x29, 0
	.cfi_offset	x29, 0
	.cfi_offset	x30, 8
	nop
	.globl	__kernel_rt_sigreturn
	.type	__kernel_rt_sigreturn, %function
__kernel_rt_sigreturn:
	mov	x8, #139
	svc	#0
	.cfi_endproc
	.size	__kernel_rt_sigreturn, . - __kernel_rt_sigreturn

	.section .note.Linux, "a", %note
	.balign	4
	.word	6, 4, 0
	.asciz	"Linux"
	.balign	4
	.word	6 << 16 | 18 << 8
