// Mappings that become executable by READ_IMPLIES_EXEC, and that can't for their file system is mounted noexec.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/personality.h>
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

int main(void) {
    implied();
    fflush(stdout);
    pid_t child = fork();
    if (!child) {
        no_exec();
        _exit(failures);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    DONE();
}
