// Handlers, masks, nesting, queued values, alternate stacks, one-shot and non-deferred actions, waiting.
// libc: musl glibc
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

static volatile int log_at;
static volatile char log_text[256];
static void note(char what) { log_text[log_at++] = what; }
static void show(const char *name) {
    log_text[log_at] = 0;
    printf("%s: %s\n", name, (const char *)log_text);
    log_at = 0;
}
static void on(int number, void (*handler)(int), int flags) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = flags};
    CHECK(sigaction(number, &action, NULL) == 0);
}
static void mask(int how, int number) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, number);
    sigprocmask(how, &set, NULL);
}

static void simple(int number) { note(number == SIGUSR1 ? '1' : '2'); }
static void outer(int number) {
    note('<');
    raise(SIGUSR2);
    (void)number;
    note('>');
}
static volatile int depth;
static void recursive(int number) {
    note('a' + depth);
    if (++depth < 3) raise(number);
    note('A' + --depth);
}
static void deferred(int number) {
    note('(');
    if (depth++ == 0) raise(number);  // blocked while its own handler runs
    note(')');
}

static volatile siginfo_t seen;  // raise and kill are leaf functions to the compiler
static void *context_stack;
static void informed(int number, siginfo_t *info, void *context) {
    (void)number;
    seen = *info;
    context_stack = ((ucontext_t *)context)->uc_stack.ss_sp;
}

static char *stack;
static volatile int on_stack;
static void where(int number) {
    char here;
    stack_t now;
    (void)number;
    on_stack = &here >= stack && &here < stack + 65536;
    sigaltstack(NULL, &now);
    note(now.ss_flags & SS_ONSTACK ? 'y' : 'n');
}

int main(void) {
    on(SIGUSR1, simple, 0), on(SIGUSR2, simple, 0);
    raise(SIGUSR1), raise(SIGUSR2), kill(getpid(), SIGUSR1);
    show("simple");

    mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1), raise(SIGUSR1), raise(SIGUSR2);
    sigset_t pending;
    sigpending(&pending);
    CHECK(sigismember(&pending, SIGUSR1) && !sigismember(&pending, SIGUSR2));
    mask(SIG_UNBLOCK, SIGUSR1);
    show("blocked once");

    on(SIGUSR1, outer, 0);
    raise(SIGUSR1);
    show("nested");
    struct sigaction action = {.sa_handler = outer};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    raise(SIGUSR1);
    show("masked in handler");

    on(SIGUSR1, recursive, SA_NODEFER);
    raise(SIGUSR1);
    show("not deferred");
    depth = 0, on(SIGUSR1, deferred, 0);
    raise(SIGUSR1);
    show("deferred");

    on(SIGUSR1, simple, SA_RESETHAND);
    raise(SIGUSR1);
    sigaction(SIGUSR1, NULL, &action);
    CHECK(action.sa_handler == SIG_DFL);
    show("one shot");

    struct sigaction inform = {.sa_sigaction = informed, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &inform, NULL), sigaction(SIGRTMIN + 2, &inform, NULL), sigaction(SIGCHLD, &inform, NULL);
    kill(getpid(), SIGUSR1);
    printf("kill: code %d pid %d uid %d\n", seen.si_code, seen.si_pid == getpid(), seen.si_uid == getuid());
    sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_ptr = (void *)0x123456789a});
    printf("queue: code %d value %lx number %d\n", seen.si_code, (long)seen.si_value.sival_ptr, seen.si_signo - SIGRTMIN);
    pid_t child = fork();
    if (child == 0) _exit(6);
    while (waitpid(child, NULL, 0) == -1) {}
    printf("child: code %d status %d pid %d\n", seen.si_code == CLD_EXITED, seen.si_status, seen.si_pid == child);

    mask(SIG_BLOCK, SIGRTMIN + 2);
    for (int i = 0; i < 4; i++) sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = i});
    sigset_t set;
    sigemptyset(&set), sigaddset(&set, SIGRTMIN + 2);
    for (int i = 0; i < 4; i++) {
        siginfo_t info;
        CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 2);
        printf("waited %d\n", info.si_value.sival_int);
    }
    struct timespec none = {0, 1000};
    CHECK(sigtimedwait(&set, NULL, &none) == -1 && errno == EAGAIN);

    stack = malloc(65536);
    stack_t alternate = {.ss_sp = stack, .ss_size = 65536}, old;
    CHECK(sigaltstack(&alternate, &old) == 0 && (old.ss_flags & SS_DISABLE));
    on(SIGUSR1, where, SA_ONSTACK), on(SIGUSR2, where, 0);
    raise(SIGUSR1);
    printf("on stack %d, ", on_stack);
    raise(SIGUSR2);
    printf("off stack %d\n", on_stack);
    show("alternate");

    on(SIGUSR1, simple, 0);
    mask(SIG_BLOCK, SIGUSR1);
    raise(SIGUSR1);
    sigset_t empty;
    sigemptyset(&empty);
    CHECK(sigsuspend(&empty) == -1 && errno == EINTR);
    sigprocmask(SIG_SETMASK, NULL, &set);
    CHECK(sigismember(&set, SIGUSR1));
    show("suspended");
    on(SIGUSR2, SIG_IGN, 0);
    raise(SIGUSR2);
    CHECK(signal(SIGKILL, simple) == SIG_ERR && errno == EINVAL);
    show("ignored");
    DONE();
}
