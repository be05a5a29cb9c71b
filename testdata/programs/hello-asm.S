// No library at all: the entry point as the kernel gives it, and two system calls.
// libc: none
#include <sys/syscall.h>

    .section .rodata
message:
    .ascii "Hello, kernel\n"
end:

    .text
    .globl _start
_start:
#if defined __aarch64__
    mov x0, #1
    adr x1, message
    mov x2, #(end - message)
    mov x8, #SYS_write
    svc #0
    mov x0, #7
    mov x8, #SYS_exit_group
    svc #0
#elif defined __riscv
    li a0, 1
    la a1, message
    la a2, end
    sub a2, a2, a1
    li a7, SYS_write
    ecall
    li a0, 7
    li a7, SYS_exit_group
    ecall
#elif defined __x86_64__
    mov $1, %edi
    lea message(%rip), %rsi
    mov $(end - message), %edx
    mov $SYS_write, %eax
    syscall
    mov $7, %edi
    mov $SYS_exit_group, %eax
    syscall
#endif
// exit: 7
