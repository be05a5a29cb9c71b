// The library that Linux maps into every AArch64 process (arch/arm64/kernel/vdso). The time is read from system
// registers of this CPU's own, one a clock, in nanoseconds (rows/sysregs.rs, mrs_clock); what they don't have is a
// system call.

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

// Divides the nanoseconds in x2 by 10^9, by the product with 2^75 / (10^9 / 512): seconds in x4, the rest in x2.
	.macro	split
	mov	x3, #0x5a53
	movk	x3, #0xa09b, lsl #16
	movk	x3, #0xb82f, lsl #32
	movk	x3, #0x44, lsl #48
	lsr	x4, x2, #9
	umulh	x4, x4, x3
	lsr	x4, x4, #11
	mov	w3, #0xca00
	movk	w3, #0x3b9a, lsl #16
	msub	x2, x4, x3, x2
	.endm

	.text
	.globl	__kernel_clock_gettime
	.type	__kernel_clock_gettime, %function
	.balign	16
__kernel_clock_gettime:
	.cfi_startproc
	cbz	w0, 10f
	cmp	w0, #1
	b.eq	11f
	cmp	w0, #4
	b.eq	14f
	cmp	w0, #5
	b.eq	15f
	cmp	w0, #6
	b.eq	16f
	cmp	w0, #7
	b.eq	17f
	cmp	w0, #11
	b.eq	21f
	mov	x8, #113
	svc	#0
	ret
10:	mrs	x2, S3_3_C15_C0_0
	b	1f
11:	mrs	x2, S3_3_C15_C1_0
	b	1f
14:	mrs	x2, S3_3_C15_C4_0
	b	1f
15:	mrs	x2, S3_3_C15_C5_0
	b	1f
16:	mrs	x2, S3_3_C15_C6_0
	b	1f
17:	mrs	x2, S3_3_C15_C7_0
	b	1f
21:	mrs	x2, S3_3_C15_C11_0
1:	split
	stp	x4, x2, [x1]
	mov	w0, #0
	ret
	.cfi_endproc
	.size	__kernel_clock_gettime, . - __kernel_clock_gettime

	FUNCTION(__kernel_clock_getres, 114)

// Without a place for the time, or with one for the time zone, it is the system call.
	.globl	__kernel_gettimeofday
	.type	__kernel_gettimeofday, %function
	.balign	16
__kernel_gettimeofday:
	.cfi_startproc
	cbz	x0, 2f
	cbnz	x1, 2f
	mrs	x2, S3_3_C15_C0_0
	split
	mov	w3, #1000
	udiv	w2, w2, w3
	stp	x4, x2, [x0]
	mov	w0, #0
	ret
2:	mov	x8, #169
	svc	#0
	ret
	.cfi_endproc
	.size	__kernel_gettimeofday, . - __kernel_gettimeofday

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
