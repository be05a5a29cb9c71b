// execve of the program itself by several names, with new arguments and environment; close-on-exec; scripts.
// libc: musl
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char self[4096];

// The name of the process.
static const char *comm(void) {
    static char name[16];
    CHECK(prctl(PR_GET_NAME, name) == 0);
    return name;
}

static void next(const char *stage) {
    char *arguments[] = {"a name of its own", (char *)stage, self, NULL};
    char variable[64];
    snprintf(variable, sizeof variable, "STAGE=%s", stage);
    char *environment[] = {variable, NULL};
    if (*stage == '3') fexecve(open(self, O_RDONLY | O_CLOEXEC), arguments, environment);
    else execve(*stage == '2' ? "/proc/self/exe" : self, arguments, environment);
    printf("execve for stage %s failed: %d\n", stage, errno);
    exit(1);
}

static void script(void) {
    char line[5000], path[] = "/tmp/transom-script-XXXXXX", *arguments[] = {path, "argument", NULL};
    int file = mkstemp(path), status;
    int size = snprintf(line, sizeof line, "#!%s interpreted\n", self);
    CHECK(write(file, line, size) == size && fchmod(file, 0700) == 0 && close(file) == 0);
    pid_t child = fork();
    if (child == 0) execv(path, arguments), _exit(1);
    waitpid(child, &status, 0);
    printf("script: exit %d\n", WEXITSTATUS(status));
    unlink(path);
}

// Runs a program by its descriptor, or by the link to that.
static void run(int file, int by_link, const char *argument) {
    char link[32], *arguments[] = {"by descriptor", (char *)argument, NULL}, *environment[] = {NULL};
    int status;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    pid_t child = fork();
    if (child == 0 && by_link) execve(link, arguments, environment), _exit(1);
    if (child == 0) fexecve(file, arguments, environment), _exit(1);
    waitpid(child, &status, 0);
    printf("by %s: exit %d\n", by_link ? "link" : "descriptor", WEXITSTATUS(status));
}

// A process is called by the file that a descriptor is of: of a script it is the interpreter's.
static void by_descriptor(int from) {
    char folder[] = "/tmp/transom-removed-XXXXXX", path[64], buffer[4096];
    int file;
    CHECK(mkdtemp(folder) && lseek(from, 0, SEEK_SET) == 0);
    snprintf(path, sizeof path, "%s/removed", folder);
    CHECK((file = open(path, O_WRONLY | O_CREAT, 0700)) >= 0);
    for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) CHECK(write(file, buffer, got) == got);
    CHECK(close(file) == 0 && (file = open(path, O_RDONLY)) >= 0 && unlink(path) == 0);
    run(file, 0, "memory");
    run(100 + close(file), 1, "memory"); // not there
    CHECK((file = open(path, O_WRONLY | O_CREAT, 0700)) >= 0);
    CHECK(dprintf(file, "#!%s interpreted\n", self) > 0);
    CHECK(close(file) == 0 && (file = open(path, O_RDONLY)) >= 0);
    run(file, 0, "argument");
    run(file, 1, "argument");
    CHECK(close(file) == 0 && unlink(path) == 0 && rmdir(folder) == 0);
}

static void from_memory(void) {
    int from = open(self, O_RDONLY), to = memfd_create("program", MFD_CLOEXEC), status;
    char buffer[4096], *arguments[] = {"in memory", "memory", NULL}, *environment[] = {NULL};
    for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) CHECK(write(to, buffer, got) == got);
    pid_t child = fork();
    if (child == 0) fexecve(to, arguments, environment), _exit(1);
    waitpid(child, &status, 0);
    printf("memory: exit %d\n", WEXITSTATUS(status));
    close(to);
    by_descriptor(from);
}

// AT_EXECVE_CHECK: the file is not executed, nor looked into. Kernels before Linux 6.14 say EINVAL.
static void check_only(void) {
    char path[] = "/tmp/transom-check-XXXXXX", *none[] = {NULL};
    int file = mkstemp(path), flags = 0x10000 | AT_EMPTY_PATH;
    CHECK(close(file) == 0 && (file = open(path, O_RDONLY)) >= 0);
    int refused = syscall(SYS_execveat, file, "", none, none, flags) == -1 && (errno == EACCES || errno == EINVAL);
    CHECK(fchmod(file, 0700) == 0);
    int granted = syscall(SYS_execveat, file, "", none, none, flags) == 0 || errno == EINVAL;
    int by_path = syscall(SYS_execveat, AT_FDCWD, path, none, none, 0x10000) == 0 || errno == EINVAL;
    int folder = syscall(SYS_execveat, AT_FDCWD, "/", none, none, 0x10000) == -1 && (errno == EACCES || errno == EINVAL);
    printf("checked only: %d %d %d %d\n", refused, granted, by_path, folder);
    unlink(path);
}

int main(int argc, char **argv) {
    if (argc == 1) {
        CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
        CHECK(fcntl(dup2(0, 100), F_SETFD, FD_CLOEXEC) == 0 && dup2(0, 101) == 101);
        // What is ignored stays so, and the signals that instructions cause are no exception.
        CHECK(signal(SIGFPE, SIG_IGN) == SIG_DFL && signal(SIGQUIT, SIG_IGN) == SIG_DFL);
        puts("stage 0");
        next("1");
    }
    if (!strcmp(argv[1], "interpreted")) {
        printf("interpreted with %d arguments, last '%s', called %.13s\n", argc, argv[argc - 1], comm());
        return 21;
    }
    if (!strcmp(argv[1], "memory")) {
        printf("from memory as '%s', called %s\n", argv[0], comm());
        return 22;
    }
    strcpy(self, argv[2]);
    printf("stage %s as '%s', called %s, STAGE=%s, PATH %s\n", argv[1], argv[0], comm(), getenv("STAGE"), getenv("PATH") ? "set" : "unset");
    CHECK(fcntl(100, F_GETFD) == -1 && fcntl(101, F_GETFD) == 0);
    CHECK(signal(SIGFPE, SIG_IGN) == SIG_IGN && signal(SIGQUIT, SIG_IGN) == SIG_IGN);
    if (*argv[1] == '1') next("2");
    if (*argv[1] == '2') next("3");
    script();
    from_memory();
    check_only();
    DONE();
}
