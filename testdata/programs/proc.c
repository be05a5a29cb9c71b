// The guest's view in /proc: its own file, arguments, name, mappings, state, auxiliary vector, threads.
// flags: -D_GNU_SOURCE
// args: "first argument" second
#include "check.h"
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char buffer[1 << 16];
static int slurp(const char *path) {
    int file = open(path, O_RDONLY | O_CLOEXEC), size = 0;
    if (file < 0) return -1;
    for (ssize_t got; (got = read(file, buffer + size, sizeof buffer - 1 - size)) > 0;) size += got;
    close(file);
    buffer[size] = 0;
    return size;
}

static void nothing(int signal) { (void)signal; }

// The permissions and the name of the mapping that holds an address.
static int mapping(const void *address, char permissions[5], char name[512]) {
    CHECK(slurp("/proc/self/maps") > 0);
    for (char *line = strtok(buffer, "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long from, to;
        name[0] = 0;
        if (sscanf(line, "%lx-%lx %4s %*s %*s %*s %511s", &from, &to, permissions, name) < 3) continue;
        if ((uintptr_t)address >= from && (uintptr_t)address < to) return 1;
    }
    return 0;
}

// What another process reads of a process' mappings is what that reads of its own.
static void child_mappings(void) {
    int ready[2], go[2];
    char *own = mmap(NULL, sizeof buffer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0), path[64];
    CHECK(own != MAP_FAILED && pipe(ready) == 0 && pipe(go) == 0);
    pid_t child = fork();
    if (child == 0) {
        char *code = mmap(NULL, 8 * 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(code != MAP_FAILED && mprotect(code + 4096, 4096, PROT_NONE) == 0 && munmap(code + 3 * 4096, 4096) == 0);
        CHECK(slurp("/proc/self/maps") > 0);
        strcpy(own, buffer);
        CHECK(write(ready[1], "", 1) == 1 && read(go[0], path, 1) == 1);
        _exit(0);
    }
    // If the child fails, its end is the end of the pipe.
    CHECK(child > 0 && close(ready[1]) == 0 && close(go[0]) == 0 && read(ready[0], path, 1) == 1);
    snprintf(path, sizeof path, "/proc/%d/maps", child);
    CHECK(slurp(path) > 0 && strcmp(buffer, own) == 0);
    snprintf(path, sizeof path, "/proc/%d/task/%d/smaps", child, child);
    CHECK(slurp(path) > 0 && strstr(buffer, "[stack]") && strncmp(buffer, own, 25) == 0);
    int status;
    CHECK(write(go[1], "", 1) == 1 && waitpid(child, &status, 0) == child && status == 0);
    CHECK(close(ready[0]) == 0 && close(go[1]) == 0 && munmap(own, sizeof buffer) == 0);
}

int main(int argc, char **argv) {
    char exe[512] = {0}, again[512] = {0}, path[64], permissions[5], name[512];
    CHECK(argc == 3 && readlink("/proc/self/exe", exe, sizeof exe - 1) > 0);
    const char *base = strrchr(exe, '/') + 1;
    printf("exe %s\n", base);
    snprintf(path, sizeof path, "/proc/%d/exe", getpid());
    CHECK(readlink(path, again, sizeof again - 1) > 0 && !strcmp(exe, again));
    CHECK(readlink("/proc/thread-self/exe", again, sizeof again - 1) > 0 && !strcmp(exe, again));
    int file = open("/proc/self/exe", O_RDONLY), folder = open("/proc/self", O_PATH | O_DIRECTORY);
    unsigned char header[20];
    CHECK(read(file, header, 20) == 20 && !memcmp(header, ELFMAG, 4));
    CHECK((header[18] | header[19] << 8) ==
#if defined __aarch64__
          EM_AARCH64
#elif defined __riscv
          EM_RISCV
#else
          EM_X86_64
#endif
    );
    memset(again, 0, sizeof again);
    CHECK(readlinkat(folder, "exe", again, sizeof again - 1) > 0 && !strcmp(exe, again));

    int size = slurp("/proc/self/cmdline");
    CHECK(size > 0 && !strcmp(buffer, argv[0]));
    char *second = buffer + strlen(buffer) + 1;
    printf("cmdline '%s' '%s', whole %d\n", second, second + strlen(second) + 1, size == (int)(strlen(argv[0]) + 1 + 15 + 7));
    CHECK(slurp("/proc/self/comm") > 0);
    printf("comm %s", buffer);
    CHECK(prctl(PR_SET_NAME, "renamed") == 0 && slurp("/proc/self/comm") == 8 && !strcmp(buffer, "renamed\n"));
    CHECK(slurp("/proc/self/status") > 0 && strstr(buffer, "Name:\trenamed\n") && strstr(buffer, "Threads:\t1\n"));
    snprintf(name, sizeof name, "\nPid:\t%d\n", getpid());
    CHECK(strstr(buffer, name) != NULL);
    // Handlers that the program has not set are not told of.
    CHECK(strstr(buffer, "\nSigCgt:\t0000000000000000\n"));
    CHECK(signal(SIGFPE, SIG_IGN) == SIG_DFL && signal(SIGQUIT, nothing) == SIG_DFL && slurp("/proc/self/status") > 0);
    unsigned long ignored = 0, caught = 0;
    CHECK(sscanf(strstr(buffer, "\nSigIgn:"), " SigIgn: %lx SigCgt: %lx", &ignored, &caught) == 2);
    CHECK(ignored >> (SIGFPE - 1) & 1 && caught == 1ul << (SIGQUIT - 1));
    CHECK(slurp("/proc/self/stat") > 0 && atoi(buffer) == getpid() && strstr(buffer, "(renamed) R "));

    // Descriptors with their flags, which are not the same numbers everywhere.
    int root = open("/", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    char info[64];
    unsigned flags = 0;
    snprintf(info, sizeof info, "/proc/self/fdinfo/%d", root);
    CHECK(slurp(info) > 0 && sscanf(strstr(buffer, "flags:"), "flags: %o", &flags) == 1);
    CHECK(flags == ((unsigned)fcntl(root, F_GETFL) | O_CLOEXEC) && flags & O_DIRECTORY && flags & O_NOFOLLOW);
    CHECK(strncmp(buffer, "pos:\t0\n", 7) == 0 && strstr(buffer, "mnt_id:") && close(root) == 0);
    CHECK(open(info, O_RDONLY) == -1 && errno == ENOENT);

    int local;
    CHECK(mapping((void *)main, permissions, name) && !strcmp(name, exe));
    printf("code %s\n", permissions);
    CHECK(mapping(&local, permissions, name));
    printf("stack %s %s\n", permissions, name);
    CHECK(mapping(&buffer, permissions, name));
    printf("data %s\n", permissions);
    // Not by sbrk, which musl refuses.
    uintptr_t heap = (uintptr_t)syscall(SYS_brk, 0);
    CHECK((uintptr_t)syscall(SYS_brk, heap + 8192) == heap + 8192 && mapping((void *)heap, permissions, name));
    printf("heap %s %s\n", permissions, name);

    CHECK(slurp("/proc/self/auxv") > 0);
    unsigned long (*entry)[2] = (void *)buffer, seen = 0;
    for (; (*entry)[0]; entry++) {
        seen++;
        CHECK((*entry)[0] == AT_HWCAP || getauxval((*entry)[0]) == (*entry)[1]);  // glibc has its own idea of AT_HWCAP on x86
    }
    CHECK(seen > 10);
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *one; (one = readdir(tasks));) count += one->d_name[0] != '.';
    closedir(tasks);
    printf("tasks %d\n", count);
    CHECK(slurp("/proc/cpuinfo") > 0 && strstr(buffer, "processor") && !strstr(buffer, "QEMU"));

    child_mappings();
    DIR *descriptors = opendir("/proc/self/fd");  // nothing in it that the program did not open
    int known = 0, unknown = 0;
    for (struct dirent *one; (one = readdir(descriptors));) {
        int number = atoi(one->d_name);
        if (one->d_name[0] == '.') continue;
        number <= 2 || number == file || number == folder || number == dirfd(descriptors) ? known++ : unknown++;
    }
    CHECK(known == 6);
    printf("unknown descriptors %d\n", unknown);
    DONE();
}
