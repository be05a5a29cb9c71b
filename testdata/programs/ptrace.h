// What the programs about ptrace share: statuses as text, and the registers that differ by machine.
#pragma once
#include "check.h"
#include <elf.h>
#include <errno.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

struct regs { long value[80]; };

__attribute__((unused)) static struct regs get_regs(pid_t pid) {
    struct regs regs = {0};
    struct iovec vector = {&regs, sizeof regs};
    CHECK(ptrace(PTRACE_GETREGSET, pid, NT_PRSTATUS, &vector) == 0);
    return regs;
}

__attribute__((unused)) static void set_regs(pid_t pid, struct regs *regs) {
#if defined __x86_64__
    struct iovec vector = {regs, 27 * 8};
#elif defined __aarch64__
    struct iovec vector = {regs, 34 * 8};
#else
    struct iovec vector = {regs, 32 * 8};
#endif
    CHECK(ptrace(PTRACE_SETREGSET, pid, NT_PRSTATUS, &vector) == 0);
}

// Where in NT_PRSTATUS the program counter, the stack pointer, the result and the arguments of a system call are.
#if defined __x86_64__
enum { PC = 16, SP = 19, RESULT = 10, CALL = 15 };
__attribute__((unused)) static const int ARGUMENTS[] = {14, 13, 12, 7, 9, 8};
#elif defined __aarch64__
enum { PC = 32, SP = 31, RESULT = 0, CALL = 8 };
__attribute__((unused)) static const int ARGUMENTS[] = {0, 1, 2, 3, 4, 5};
#else
enum { PC = 0, SP = 2, RESULT = 10, CALL = 17 };
__attribute__((unused)) static const int ARGUMENTS[] = {10, 11, 12, 13, 14, 15};
#endif

__attribute__((unused)) static long argument(struct regs *regs, int index) { return regs->value[ARGUMENTS[index]]; }
__attribute__((unused)) static long result(struct regs *regs) { return regs->value[RESULT]; }

__attribute__((unused)) static long call_number(pid_t pid) {
#if defined __aarch64__
    int number = -2;
    struct iovec vector = {&number, sizeof number};
    CHECK(ptrace(PTRACE_GETREGSET, pid, 0x404, &vector) == 0 && vector.iov_len == 4);
    return number;
#else
    struct regs regs = get_regs(pid);
    return regs.value[CALL];
#endif
}

__attribute__((unused)) static void set_call_number(pid_t pid, long number) {
#if defined __aarch64__
    int value = number;
    struct iovec vector = {&value, sizeof value};
    CHECK(ptrace(PTRACE_SETREGSET, pid, 0x404, &vector) == 0);
#else
    struct regs regs = get_regs(pid);
    regs.value[CALL] = number;
    set_regs(pid, &regs);
#endif
}

__attribute__((unused)) static void set_result(pid_t pid, long value) {
    struct regs regs = get_regs(pid);
    regs.value[RESULT] = value;
    set_regs(pid, &regs);
}

__attribute__((unused)) static void go_on(int request, pid_t pid, int signal) {
    if (ptrace(request, pid, 0, (long)signal)) printf("request %d fails: %s\n", request, strerror(errno));
}

__attribute__((unused)) static void tell(const char *what, int status) {
    int event = status >> 16;
    const char *good = WIFSTOPPED(status) && WSTOPSIG(status) & 0x80 ? "call " : "";
    if (WIFEXITED(status)) printf("%s: status %d\n", what, WEXITSTATUS(status));
    else if (WIFSIGNALED(status)) printf("%s: killed by %d\n", what, WTERMSIG(status));
    else if (event) printf("%s: event %d, signal %d\n", what, event, WSTOPSIG(status));
    else printf("%s: %s%d\n", what, good, WSTOPSIG(status) & 0x7f);
    fflush(stdout);
}

// Waits for one thing to happen to a child, and tells it.
__attribute__((unused)) static int expect(const char *what, pid_t pid, int flags) {
    int status = 0;
    pid_t got = waitpid(pid, &status, flags | __WALL);
    if (got != pid && pid != -1) printf("%s: waitpid: %d, %s\n", what, (int)got, strerror(errno));
    else tell(what, status);
    return status;
}
