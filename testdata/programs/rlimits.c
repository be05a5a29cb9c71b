// Limits on memory across execve, which are the program's alone: little is enough for a little program, and /proc tells.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAPPINGS = 4 << 20, DATA = 2 << 20 };

static void *map(size_t size, int prot) {
    return mmap(NULL, size, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

// "denied" or "mapped".
static const char *maps(size_t size, int prot) {
    errno = 0;
    void *at = map(size, prot);
    if (at != MAP_FAILED) munmap(at, size);
    return at != MAP_FAILED ? "mapped" : errno == ENOMEM ? "denied" : strerror(errno);
}

static void tell(void) {
    struct rlimit mappings, data;
    CHECK(getrlimit(RLIMIT_AS, &mappings) == 0 && getrlimit(RLIMIT_DATA, &data) == 0);
    printf("limits: %lu of %lu, %lu of %lu\n", (unsigned long)mappings.rlim_cur, (unsigned long)mappings.rlim_max,
           (unsigned long)data.rlim_cur, (unsigned long)data.rlim_max);
    printf("to read: %s, %s\n", maps(MAPPINGS / 2, PROT_READ), maps(MAPPINGS, PROT_READ));
    printf("to write: %s, %s\n", maps(DATA / 2, PROT_READ | PROT_WRITE), maps(DATA, PROT_READ | PROT_WRITE));
    char line[200];
    FILE *file = fopen("/proc/self/limits", "r");
    while (file && fgets(line, sizeof line, file))
        if (strstr(line, "address space") || strstr(line, "data size")) fputs(line, stdout);
    if (file) fclose(file);
}

static int again(const char *word) {
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        execl("/proc/self/exe", "rlimits", word, NULL);
        _exit(99);
    }
    CHECK(waitpid(child, &status, 0) == child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        tell();
        // And again of a program that was executed under them.
        return strcmp(argv[1], "first") == 0 ? again("second") : 5;
    }
    pid_t child = fork();
    if (child == 0) {
        struct rlimit mappings = {MAPPINGS, 2 * MAPPINGS}, data = {DATA, DATA};
        CHECK(setrlimit(RLIMIT_AS, &mappings) == 0 && setrlimit(RLIMIT_DATA, &data) == 0);
        tell();
        printf("executed: %d\n", again("first"));
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
    puts(maps(2 * MAPPINGS, PROT_READ));
    DONE();
}
