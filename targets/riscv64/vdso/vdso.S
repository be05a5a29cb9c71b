/* The vDSO of RISC-V guests: every function is its system call. The run loop answers the clocks
 * without going to the host's kernel, so that nothing would be won by more code here.
 * Names and version are Linux' (arch/riscv/kernel/vdso/vdso.lds.S). */

	.option	arch, rv64gc
	.text

	.macro	call name, number
	.globl	\name
	.type	\name, @function
	.balign	4
\name:
	.cfi_startproc
	li	a7, \number
	ecall
	ret
	.cfi_endproc
	.size	\name, . - \name
	.endm

/* Unwinders know a signal frame by these two instructions in their full size (libgcc,
 * config/riscv/linux-unwind.h), and by the augmentation. */
	.globl	__vdso_rt_sigreturn
	.type	__vdso_rt_sigreturn, @function
	.balign	4
__vdso_rt_sigreturn:
	.cfi_startproc
	.cfi_signal_frame
	.option	push
	.option	norvc
	li	a7, 139
	ecall
	.option	pop
	.cfi_endproc
	.size	__vdso_rt_sigreturn, . - __vdso_rt_sigreturn

	call	__vdso_gettimeofday, 169
	call	__vdso_clock_gettime, 113
	call	__vdso_clock_getres, 114
	call	__vdso_getcpu, 168
	call	__vdso_flush_icache, 259
	call	__vdso_riscv_hwprobe, 258

	.section .note.GNU-stack, "", @progbits
