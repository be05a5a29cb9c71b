// Mappings that become executable by READ_IMPLIES_EXEC, and that can't: their file system is mounted noexec, or by PR_SET_MDWE.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static int has(void *address, const char *protection) {
    char line[512], found[8];
    unsigned long start, end;
    int is_so = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, maps))
        if (sscanf(line, "%lx-%lx %7s", &start, &end, found) == 3 && start <= (unsigned long)address && (unsigned long)address < end)
            is_so = strcmp(found, protection) == 0;
    fclose(maps);
    return is_so;
}

static void *pages(int prot) { return mmap(NULL, 4096, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0); }

static void implied(void) {
    void *before = pages(PROT_READ);
    CHECK(personality(READ_IMPLIES_EXEC) == 0);
    CHECK(has(before, "r--p") && has(pages(PROT_READ), "r-xp") && has(pages(PROT_NONE), "---p"));
    CHECK(mprotect(before, 4096, PROT_READ | PROT_WRITE) == 0);
    CHECK(has(before, "rwxp") && personality(0xffffffff) == READ_IMPLIES_EXEC);
    CHECK(personality(0) == READ_IMPLIES_EXEC && has(pages(PROT_READ | PROT_WRITE), "rw-p"));
}

static void write_file(const char *name, const char *text) {
    int fd = open(name, O_WRONLY);
    CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

// Where namespaces are forbidden there is nothing to look at.
static void no_exec(void) {
    char user[32], group[32];
    snprintf(user, sizeof user, "0 %d 1", getuid());
    snprintf(group, sizeof group, "0 %d 1", getgid());
    if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0) return;
    write_file("/proc/self/setgroups", "deny");
    write_file("/proc/self/uid_map", user);
    write_file("/proc/self/gid_map", group);
    CHECK(mkdir("mount", 0700) == 0);
    if (mount("none", "mount", "tmpfs", MS_NOEXEC, NULL) != 0) return;
    int fd = open("mount/file", O_RDWR | O_CREAT, 0600);
    CHECK(ftruncate(fd, 4096) == 0);
    errno = 0;
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED && errno == EPERM);
    void *mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(mapped != MAP_FAILED);
    errno = 0;
    CHECK(mprotect(mapped, 4096, PROT_READ | PROT_EXEC) == -1 && errno == EACCES);
    CHECK(personality(READ_IMPLIES_EXEC) == 0);
    mapped = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(mapped != MAP_FAILED && has(mapped, "r--p"));
}

enum { SET_MDWE = 65, GET_MDWE = 66, REFUSE = 1, NO_INHERIT = 2 };

static int mdwe(void) { return prctl(GET_MDWE, 0L, 0L, 0L, 0L); }

static int refused(long result, int error) {
    int is_so = result == -1 && errno == error;
    errno = 0;
    return is_so;
}

static void deny(void) {
    CHECK(refused(prctl(SET_MDWE, (long)NO_INHERIT, 0L, 0L, 0L), EINVAL));
    CHECK(refused(prctl(SET_MDWE, 1L, 1L, 0L, 0L), EINVAL) && mdwe() == 0);
    void *before = pages(PROT_READ | PROT_EXEC), *data = pages(PROT_READ | PROT_WRITE);
    CHECK(prctl(SET_MDWE, (long)REFUSE, 0L, 0L, 0L) == 0 && mdwe() == REFUSE);
    CHECK(refused(prctl(SET_MDWE, 0L, 0L, 0L, 0L), EPERM));
    CHECK(refused((long)pages(PROT_READ | PROT_WRITE | PROT_EXEC), EACCES));
    CHECK(refused(mprotect(data, 4096, PROT_READ | PROT_EXEC), EACCES));
    CHECK(refused(mprotect(before, 4096, PROT_WRITE | PROT_EXEC), EACCES));
    CHECK(mprotect(before, 4096, PROT_EXEC) == 0 && mprotect(before, 4096, PROT_READ) == 0);
    CHECK(refused(mprotect(before, 4096, PROT_READ | PROT_EXEC), EACCES));
}

static void deny_and_execute(char *name) {
    deny();
    execl("/proc/self/exe", name, "inherited", NULL);
}

static void deny_and_fork(void) {
    CHECK(prctl(SET_MDWE, (long)(REFUSE | NO_INHERIT), 0L, 0L, 0L) == 0 && mdwe() == 3);
    int status;
    pid_t child = fork();
    if (!child) _exit(mdwe());
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

// This program with all segments writable and executable is one that can't be mapped: it ends before it begins.
static void deny_writable_code(void) {
    char name[] = "/tmp/transom-implied-XXXXXX", buffer[4096];
    int from = open("/proc/self/exe", O_RDONLY), to = mkstemp(name), status;
    for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) CHECK(write(to, buffer, got) == got);
    Elf64_Ehdr header;
    Elf64_Phdr segment;
    CHECK(pread(to, &header, sizeof header, 0) == sizeof header);
    for (int index = 0; index < header.e_phnum; index++) {
        off_t at = header.e_phoff + index * sizeof segment;
        CHECK(pread(to, &segment, sizeof segment, at) == sizeof segment);
        if (segment.p_type == PT_LOAD) segment.p_flags = PF_R | PF_W | PF_X;
        CHECK(pwrite(to, &segment, sizeof segment, at) == sizeof segment);
    }
    CHECK(fchmod(to, 0700) == 0 && close(to) == 0);
    for (int denied = 0; denied < 2; denied++) {
        pid_t child = fork();
        if (!child) {
            if (denied) prctl(SET_MDWE, (long)REFUSE, 0L, 0L, 0L);
            execl(name, name, "inherited", NULL);
            _exit(9);
        }
        CHECK(waitpid(child, &status, 0) == child);
        printf("writable code: exit %d, signal %d\n", WEXITSTATUS(status), WTERMSIG(status));
    }
    unlink(name);
}

int main(int argc, char **argv) {
    if (argc > 1) return mdwe() != REFUSE;
    for (int what = 0; what < 4; what++) {
        fflush(stdout);
        pid_t child = fork();
        if (!child) {
            what == 0 ? implied() : what == 1 ? no_exec() : what == 2 ? deny_and_fork() : deny_and_execute(argv[0]);
            _exit(failures);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    deny_writable_code();
    DONE();
}
