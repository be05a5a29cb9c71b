/* The vDSO of RISC-V guests. The time is read from CSRs of this CPU's own, one a clock, in nanoseconds
 * (rows/zicsr.rs, HostClock); everything else is its system call.
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

/* Divides the nanoseconds in a2 by 10^9: seconds in a3, the rest in a2. */
	.macro	split
	li	a4, 1000000000
	divu	a3, a2, a4
	mul	a4, a3, a4
	sub	a2, a2, a4
	.endm

/* Where a0 is `clock`, its time to a2. */
	.macro	clock number
	li	a3, \number
	bne	a0, a3, 1f
	csrr	a2, 0xcc0 + \number
	j	2f
1:
	.endm

	.globl	__vdso_clock_gettime
	.type	__vdso_clock_gettime, @function
	.balign	4
__vdso_clock_gettime:
	.cfi_startproc
	sext.w	a0, a0
	clock	1
	clock	0
	clock	4
	clock	5
	clock	6
	clock	7
	clock	11
	li	a7, 113
	ecall
	ret
2:	split
	sd	a3, 0(a1)
	sd	a2, 8(a1)
	li	a0, 0
	ret
	.cfi_endproc
	.size	__vdso_clock_gettime, . - __vdso_clock_gettime

/* Without a place for the time, or with one for the time zone, it is the system call. */
	.globl	__vdso_gettimeofday
	.type	__vdso_gettimeofday, @function
	.balign	4
__vdso_gettimeofday:
	.cfi_startproc
	beqz	a0, 3f
	bnez	a1, 3f
	csrr	a2, 0xcc0
	split
	li	a4, 1000
	divu	a2, a2, a4
	sd	a3, 0(a0)
	sd	a2, 8(a0)
	li	a0, 0
	ret
3:	li	a7, 169
	ecall
	ret
	.cfi_endproc
	.size	__vdso_gettimeofday, . - __vdso_gettimeofday

	call	__vdso_clock_getres, 114
	call	__vdso_getcpu, 168
	call	__vdso_flush_icache, 259
	call	__vdso_riscv_hwprobe, 258

	.section .note.GNU-stack, "", @progbits
