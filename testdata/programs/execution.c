// execve: each of its errors, scripts, descriptors, arguments at the edge, what a thread leaves behind.
// flags: -D_GNU_SOURCE -pthread
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void make(const char *name, const char *content, int mode) {
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0700);
    CHECK(fd >= 0 && write(fd, content, strlen(content)) == (ssize_t)strlen(content));
    fchmod(fd, mode);
    close(fd);
}

static char *const none[] = {NULL};

// Executes in a child: the error, or how the program ended.
static void try_at(const char *what, int dir, const char *path, char *const *argv, int flags) {
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        syscall(SYS_execveat, dir, path, argv, none, flags);
        printf("%s: errno %d\n", what, errno);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    if (status) printf("%s: status %#x\n", what, status);
}

static void try(const char *what, const char *path) {
    try_at(what, AT_FDCWD, path, (char *[]){"name", "one", NULL}, 0);
}

static void errors(void) {
    char path[5000];
    try("not there", "nothing");
    try("empty path", "");
    try("folder", "/");
    try("null path", NULL);
    try("bad path", (char *)8);
    try("bad arguments", "/proc/self/exe/..");
    make("plain", "#!/bin/sh\n", 0600);
    try("not executable", "plain");
    try("through a file", "plain/x");
    try("slash behind a file", "plain/");
    symlink("loop", "loop");
    try("loop", "loop");
    memset(path, 'x', sizeof path);
    path[4999] = 0;
    try("long path", path);
    path[300] = 0;
    try("long name", path);
    make("garbage", "no format at all\n", 0700);
    try("garbage", "garbage");
    make("empty", "", 0700);
    try("empty file", "empty");
    make("short", "\177ELF", 0700);
    try("cut-off ELF", "short");
    try_at("bad argv", AT_FDCWD, "/proc/self/exe", (char **)8, 0);
    try_at("bad argv element", AT_FDCWD, "/proc/self/exe", (char *[]){"x", (char *)8, NULL}, 0);
    try_at("bad argv and path", AT_FDCWD, "nothing", (char **)8, 0);
    try_at("bad argv and folder", AT_FDCWD, "/", (char **)8, 0);
    try_at("bad flags", AT_FDCWD, "nothing", none, 1);
    try_at("bad descriptor", 99, "nothing", none, 0);
    try_at("no empty path", 0, "", none, 0);
    try_at("nofollow", AT_FDCWD, "loop", none, AT_SYMLINK_NOFOLLOW);
    static char big[140000];
    memset(big, 'x', sizeof big - 1);
    try_at("long argument", AT_FDCWD, "/proc/self/exe", (char *[]){"x", big, NULL}, 0);
    make("busy", "#!./self script\n", 0700);
    int busy = open("busy", O_WRONLY);
    try("open for writing", "busy");
    close(busy);
    mkfifo("pipe", 0700);
    try("pipe", "pipe");
    mknod("socket", S_IFSOCK | 0700, 0);
    try("socket", "socket");
}

static void scripts(void) {
    char text[600], deep[20];
    make("no interpreter", "#!\n", 0700);
    try("no interpreter", "no interpreter");
    make("blanks", "#!   \t \n", 0700);
    try("blanks", "blanks");
    make("gone", "#!/nonexistent/x\n", 0700);
    try("interpreter gone", "gone");
    make("in a folder", "#!/\n", 0700);
    try("folder as interpreter", "in a folder");
    memset(text, 'y', sizeof text);
    memcpy(text, "#!/", 3);
    text[400] = '\n', text[401] = 0;
    make("long", text, 0700);
    try("long interpreter", "long");
    // The line may be cut in its argument.
    snprintf(text, sizeof text, "#!./self script %0*d\n", 300, 7);
    make("cut", text, 0700);
    make("plain script", "#! ./self  script  two words \t \n", 0700);
    try("script", "./plain script");
    try("script by path", "../place/plain script");
    make("no newline", "#!./self script", 0700);
    try("no newline", "no newline");
    try("cut argument", "cut");
    for (int i = 0; i < 7; i++) {
        snprintf(deep, sizeof deep, "deep%d", i);
        snprintf(text, sizeof text, i ? "#!./deep%d\n" : "#!./self script\n", i - 1);
        make(deep, text, 0700);
        try(deep, deep);
    }
}

static void descriptors(void) {
    int self = open("self", O_PATH | O_CLOEXEC);
    try_at("by O_PATH", self, "", (char *[]){"self", "report", NULL}, AT_EMPTY_PATH);
    int script = open("plain script", O_RDONLY | O_CLOEXEC);
    try_at("script that is closed", script, "", (char *[]){"x", NULL}, AT_EMPTY_PATH);
    CHECK(dup2(script, 50) == 50);
    try_at("script by descriptor", 50, "", (char *[]){"x", "three", NULL}, AT_EMPTY_PATH);
    int folder = open(".", O_PATH);
    CHECK(dup2(folder, 51) == 51);
    try_at("script in a folder", 51, "plain script", (char *[]){"x", NULL}, 0);
    int memory = memfd_create("memory", MFD_CLOEXEC), from = open("self", O_RDONLY);
    char block[4096];
    for (ssize_t got; (got = read(from, block, sizeof block)) > 0;) CHECK(write(memory, block, got) == got);
    CHECK(fchmod(memory, 0700) == 0);
    // Still open for writing here.
    try_at("memory", memory, "", (char *[]){"in memory", "report", NULL}, AT_EMPTY_PATH);
    try_at("no arguments", AT_FDCWD, "self", none, 0);
    try_at("null arguments", AT_FDCWD, "self", NULL, 0);
}

static void *executes(void *path) {
    execv(path, (char *[]){"thread", "report", "thread", NULL});
    return NULL;
}

static void *sleeps(void *arg) {
    for (;;) pause();
    return arg;
}

static void in_a_thread(void) {
    fflush(stdout);
    pid_t pid = fork();
    if (!pid) {
        pthread_t threads[3];
        for (int i = 0; i < 3; i++) pthread_create(&threads[i], NULL, i < 2 ? sleeps : executes, "self");
        sleeps(NULL);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    printf("executed in a thread: %#x\n", status);
}

static int report(int argc, char **argv) {
    char name[17] = "";
    prctl(PR_GET_NAME, name);
    struct stat tasks;
    printf("  runs as %s with %d arguments, called %s", argc ? argv[0] : "nothing", argc, strcmp(name, "self") ? "otherwise" : "self");
    for (int i = 2; i < argc; i++) printf(" <%.20s>", argv[i]);
    stat("/proc/self/task", &tasks);
    printf(", threads %d, leader %d\n", (int)tasks.st_nlink - 2, getpid() == gettid());
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && !strcmp(argv[1], "report")) return report(argc, argv);
    if (argc > 1 && !strncmp(argv[1], "script", 6)) {
        printf("  script: %s, %d arguments:", argv[0], argc);
        for (int i = 1; i < argc; i++) printf(" <%.30s>", argv[i]);
        puts("");
        return 0;
    }
    if (argc < 2 && argv[0] && !*argv[0]) return puts("  one empty argument"), 0;
    char here[300], *self = realpath("/proc/self/exe", NULL);
    CHECK(getcwd(here, sizeof here) && mkdir("place", 0700) == 0 && chdir("place") == 0);
    CHECK(symlink(self, "self") == 0);
    errors();
    scripts();
    descriptors();
    in_a_thread();
    CHECK(chdir("..") == 0 && system("rm -r place") == 0);
    DONE();
}
