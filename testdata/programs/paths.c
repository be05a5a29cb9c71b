// Calls that name files, over a tree in /pt: under -L they must come out as in a chroot. `paths FOLDER` makes the tree
// in FOLDER, `paths` runs in it; the native build does both and its own chroot. See tests/paths.rs.
// tests: paths
// flags: -D_GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/inotify.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char *const paths[] = {
    "/pt/file", "/pt/file/", "/pt/file/x", "/pt/file/..", "/pt/file/.", "/pt/dir", "/pt/dir/", "/pt/dir/.", "/pt/dir/..",
    "/pt/dir/inner", "/pt/missing", "/pt/missing/", "/pt/missing/x", "/pt/rel", "/pt/abs", "/pt/rel/", "/pt/absdir", "/pt/absdir/",
    "/pt/absdir/inner", "/pt/reldir/inner", "/pt/absdir/../file", "/pt/chain", "/pt/up", "/pt/updir/file", "/pt/dangling",
    "/pt/dangling/", "/pt/dangling/x", "/pt/dangledir/x", "/pt/loop", "/pt/loop/", "/pt/loop/x", "/pt/absloop", "/pt/absloop/x",
    "/pt/longchain", "/pt/tofile/x", "/../../pt/file", "/pt/../../../pt/dir/inner", "/pt///dir//inner", "/pt/dir/../dir/../file",
    "/", "/..", "file", "dir/../file", "../pt/file", "../../../pt/file", "abs", "absdir/inner", "dir/../absdir/inner", "dangling",
    "loop", "file/x", "missing", "../pt/absdir/inner", "./abs", "", ".", "..", "../..", "dir/up2/file", "dir/deep",
    "/proc/self/cwd", "/proc/self/cwd/file", "/proc/self/cwd/abs", "/proc/self/cwd/../pt/abs", "/proc/self/root",
    "/proc/self/root/pt/file", "/proc/self/root/pt/abs", "/proc/self/root/pt/absdir/inner", "/pt/proccwd/file",
    "/pt/procroot/pt/file", "/pt/tofd", "/pt/todevnull", "/proc/self/fd/50", "/proc/self/fd/51", "/proc/self/fd/51/inner",
    "/proc/self/fd/51/abs", "/dev/fd/50", "/dev/fd/51/inner", "/proc/self/fd/50/x", "/proc/self/fd/51/../file",
    "/proc/thread-self/cwd/file", "/proc/self/fd/77",
};

static const char *error(void) {
    static const struct { int number; const char *name; } names[] = {
        {ENOENT, "ENOENT"}, {ENOTDIR, "ENOTDIR"}, {ELOOP, "ELOOP"}, {EISDIR, "EISDIR"}, {EEXIST, "EEXIST"}, {EINVAL, "EINVAL"}, {EXDEV, "EXDEV"},
        {EBUSY, "EBUSY"}, {ENOTEMPTY, "ENOTEMPTY"}, {EACCES, "EACCES"}, {EPERM, "EPERM"}, {ENOTSOCK, "ENOTSOCK"}, {EBADF, "EBADF"},
        {ECONNREFUSED, "ECONNREFUSED"}, {EADDRINUSE, "EADDRINUSE"}, {ENOEXEC, "ENOEXEC"}, {ENODATA, "-"}, {EOPNOTSUPP, "-"}, {ENXIO, "ENXIO"},
    };
    for (unsigned i = 0; i < COUNT(names); i++)
        if (names[i].number == errno) return names[i].name;
    return strerror(errno);
}
// One word for what a call gave.
static void word(long result) { printf(" %s", result < 0 ? error() : "ok"); }
static void text(long length, char *buffer) {
    if (length >= 0) buffer[length] = 0;
    printf(" %s", length < 0 ? error() : buffer);
}

// What was opened: a file's content or its type, and its name, if that is not the one before.
static void file(int fd) {
    static char last[512];
    char bytes[64] = "", link[64], where[512];
    struct stat status;
    if (fd < 0) return word(-1);
    fstat(fd, &status);
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, where, sizeof where - 1);
    where[length > 0 ? length : 0] = 0;
    if (S_ISREG(status.st_mode)) {
        ssize_t got = pread(fd, bytes, 20, 0);
        got < 0 ? strcpy(bytes, "?") : (bytes[got] = 0, bytes);
    } else snprintf(bytes, sizeof bytes, "%o", status.st_mode >> 12);
    printf(" %s", bytes);
    if (strncmp(where, "/proc/", 6) && strcmp(last, where)) printf("@%s", where), strcpy(last, where);
    close(fd);
}

// Removes what a call may have made.
static void clean(void) {
    static const char *const made[] = {"/pt/missing", "/pt/nowhere", "/pt/dir/nowhere", "/pt/new", "/pt/made"};
    for (unsigned i = 0; i < COUNT(made); i++) unlink(made[i]), rmdir(made[i]);
}

static int open2(int folder, const char *path, unsigned long long resolve) {
    unsigned long long how[3] = {O_RDONLY, 0, resolve};
    return syscall(437, folder, path, how, sizeof how);
}

static void opening(const char *path) {
    static const int flags[] = {
        O_RDONLY, O_NOFOLLOW, O_DIRECTORY, O_PATH, O_PATH | O_NOFOLLOW, O_PATH | O_DIRECTORY, O_WRONLY, O_DIRECTORY | O_NOFOLLOW,
        O_CREAT | O_EXCL | O_WRONLY, O_RDWR, O_CREAT | O_RDWR, O_CREAT | O_NOFOLLOW | O_RDWR,
    };
    printf("open %s:", path);
    for (unsigned i = 0; i < COUNT(flags); i++) file(open(path, flags[i], 0600)), clean();
    int root = open("/", O_RDONLY), pt = open("/pt", O_PATH);
    file(openat(root, path, O_RDONLY));
    printf("\nopenat2 %s:", path);
    // None, RESOLVE_NO_SYMLINKS, _BENEATH, _IN_ROOT.
    static const int confined[] = {0, 4, 8, 16};
    for (unsigned i = 0; i < COUNT(confined); i++) {
        file(open2(AT_FDCWD, path, confined[i]));
        file(open2(pt, path, confined[i]));
        if (!strstr(path, "proc") && !strstr(path, "dev") && !strstr(path, "tofd"))
            file(open2(root, path[0] == '/' ? path + 1 : path, confined[i]));
    }
    printf("\n");
    close(root), close(pt);
}

static void mode(int result, const struct stat *status) { result < 0 ? word(-1) : (void)printf(" %o", status->st_mode >> 12); }

static void asking(const char *path) {
    char buffer[512];
    struct stat status;
    struct statfs system;
    printf("ask %s:", path);
    mode(stat(path, &status), &status);
    mode(lstat(path, &status), &status);
    mode(fstatat(AT_FDCWD, path, &status, AT_EMPTY_PATH), &status);
    mode(fstatat(51, path, &status, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW), &status);
    word(statfs(path, &system));
    word(access(path, R_OK));
    text(readlink(path, buffer, sizeof buffer - 1), buffer);
    text(readlinkat(51, path, buffer, sizeof buffer - 1), buffer);
    char *real = realpath(path, NULL);
    printf(" %s", real ? real : error());
    free(real);
    word(getxattr(path, "user.t", buffer, sizeof buffer));
    word(listxattr(path, buffer, sizeof buffer));
    int watch = inotify_init1(0);
    word(inotify_add_watch(watch, path, IN_CREATE));
    word(inotify_add_watch(watch, path, IN_CREATE | IN_DONT_FOLLOW));
    close(watch);
    DIR *folder = opendir(path);
    word(folder ? 0 : -1);
    if (folder) closedir(folder);
    printf("\n");
}

static void going(const char *path) {
    char buffer[512];
    printf("chdir %s:", path);
    int result = chdir(path);
    word(result);
    if (result == 0) {
        printf(" %s", getcwd(buffer, sizeof buffer));
        text(readlink("/proc/self/cwd", buffer, sizeof buffer - 1), buffer);
        // A short buffer has the beginning, and what is behind the name stays.
        text(readlink("/proc/self/cwd", buffer, 6), buffer);
        memset(buffer, '.', sizeof buffer);
        ssize_t length = readlink("/proc/self/cwd", buffer, sizeof buffer);
        CHECK(length > 0 && strspn(buffer + length, ".") >= sizeof buffer - length);
        CHECK(chdir("/pt") == 0);
    }
    printf("\n");
}

// A hard link made of the path, and its type.
static void linking(const char *path, int flags) {
    struct stat status;
    int result = linkat(AT_FDCWD, path, AT_FDCWD, "/pt/new", flags);
    if (result == 0 && lstat("/pt/new", &status) == 0) mode(0, &status);
    else word(result);
    unlink("/pt/new");
}

static void changing(const char *path) {
    // Nothing is to be made beside /pt, nor taken from procfs.
    if (path[strspn(path, "./")] == 0 || !strncmp(path, "/proc/", 6) || !strncmp(path, "/dev", 4) || strstr(path, "null")) return;
    printf("change %s:", path);
    word(mkdir(path, 0700)), clean();
    word(strlen(path) > 3 && !strcmp(path + strlen(path) - 3, "dir") ? 0 : rmdir(path));
    word(symlink("x", path)), clean();
    word(mknod(path, S_IFREG | 0600, 0)), clean();
    word(link("/pt/file", path)), clean();
    linking(path, 0);
    linking(path, AT_SYMLINK_FOLLOW);
    close(open("/pt/made", O_CREAT | O_WRONLY, 0600));
    word(syscall(SYS_renameat2, AT_FDCWD, "/pt/made", AT_FDCWD, path, 1)), clean();
    mkdir("/pt/made", 0700);
    word(syscall(SYS_renameat2, AT_FDCWD, "/pt/made", AT_FDCWD, path, 1)), clean();
    int moved = syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, "/pt/moved", 1);
    word(moved);
    if (moved == 0) {
        char back[256];
        strcpy(back, path);
        for (size_t length = strlen(back); length > 1 && back[length - 1] == '/'; length--) back[length - 1] = 0;
        CHECK(rename("/pt/moved", back) == 0);
    }
    struct stat status;
    word(chmod(path, stat(path, &status) ? 0755 : status.st_mode & 07777));
    word(truncate(path, 20));
    word(utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW));
    word(lchown(path, -1, -1));
    printf("\n");
}

static void executing(const char *path) {
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, "--exec", NULL);
        printf("exec %s: %s\n", path, error());
        _exit(0);
    }
    CHECK(waitpid(child, NULL, 0) == child);
}

static void sockets(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX}, name = {0}, peer = {0};
    socklen_t length = sizeof name;
    int server = socket(AF_UNIX, SOCK_STREAM, 0), client = socket(AF_UNIX, SOCK_STREAM, 0);
    strcpy(address.sun_path, path);
    printf("socket %s:", path);
    word(bind(server, (void *)&address, sizeof address));
    word(listen(server, 1));
    CHECK(getsockname(server, (void *)&name, &length) == 0);
    printf(" %s %d", name.sun_path, length);
    word(connect(client, (void *)&address, sizeof address));
    length = sizeof peer;
    if (getpeername(client, (void *)&peer, &length) == 0) printf(" %s %d", peer.sun_path, length);
    if (name.sun_path[0]) unlink(path);
    printf("\n");
    close(server), close(client);
}

// Calls that name files need no descriptor of their own.
static void asking_at_full_table(void) {
    char buffer[512];
    struct stat status;
    struct rlimit before, few = {64, 64};
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    few.rlim_max = before.rlim_max;
    CHECK(setrlimit(RLIMIT_NOFILE, &few) == 0);
    while (dup(0) >= 0) {}
    CHECK(open("/pt/file", O_RDONLY) < 0 && errno == EMFILE);
    for (unsigned i = 0; i < COUNT(paths); i++) {
        printf("full %s:", paths[i]);
        mode(stat(paths[i], &status), &status);
        mode(lstat(paths[i], &status), &status);
        word(access(paths[i], R_OK));
        text(readlink(paths[i], buffer, sizeof buffer - 1), buffer);
        word(truncate(paths[i], 20));
        word(mkdir(paths[i], 0700)), clean();
        printf("\n");
    }
    for (int fd = 3; fd < 64; fd++)
        if (fd != 50 && fd != 51) close(fd);
    CHECK(setrlimit(RLIMIT_NOFILE, &before) == 0);
}

static int run(void) {
    CHECK(chdir("/pt") == 0);
    CHECK(dup2(open("/pt/file", O_RDONLY), 50) == 50 && dup2(open("/pt/dir", O_RDONLY), 51) == 51);
    for (unsigned i = 0; i < COUNT(paths); i++) opening(paths[i]), asking(paths[i]), going(paths[i]), changing(paths[i]);
    asking_at_full_table();
    static const char *const programs[] = {"/pt/program", "program", "/pt/self", "/pt/file", "/pt/missing", "/pt/dir", "/pt/loop", "/pt/file/x", "dir/../self",
                                           "/proc/self/cwd/program", "/proc/self/root/pt/self", "/pt/program/"};
    for (unsigned i = 0; i < COUNT(programs); i++) executing(programs[i]);
    static const char *const names[] = {"/pt/socket", "socket", "/pt/missing/s", "/pt/file", "/pt/dangling", "/pt/dir/socket"};
    for (unsigned i = 0; i < COUNT(names); i++) sockets(names[i]);
    CHECK(chdir("/pt/dir/deepdir") == 0);
    static const char *const below[] = {"../../abs", "../../absdir/inner", "../../../../pt/rel", "../up2/file", "../../missing"};
    for (unsigned i = 0; i < COUNT(below); i++) opening(below[i]), asking(below[i]);
    DONE();
}

static void put(const char *name, const char *content) {
    int fd = open(name, O_CREAT | O_WRONLY, 0644);
    CHECK(write(fd, content, strlen(content)) > 0 && close(fd) == 0);
}

static void make(const char *folder) {
    CHECK(chdir(folder) == 0 && mkdir("pt", 0755) == 0 && mkdir("proc", 0755) == 0 && mkdir("dev", 0755) == 0);
    CHECK(chdir("pt") == 0 && mkdir("dir", 0755) == 0 && mkdir("dir/deepdir", 0755) == 0);
    put("file", "file"), put("dir/inner", "inner");
    static const char *const links[][2] = {
        {"file", "rel"}, {"/pt/file", "abs"}, {"/pt/dir", "absdir"}, {"dir", "reldir"}, {"rel", "chain"}, {"../../../../pt/file", "up"},
        {"../../../pt", "updir"}, {"nowhere", "dangling"}, {"/pt/dir/nowhere", "dangledir"}, {"loop", "loop"}, {"/pt/absloop", "absloop"},
        {"/pt/file", "tofile"}, {"..", "dir/up2"}, {"/pt/dir/deepdir", "dir/deep"}, {"/proc/self/cwd", "proccwd"},
        {"/proc/self/root", "procroot"}, {"/proc/self/fd/50", "tofd"}, {"/dev/null", "todevnull"}, {"/pt/program", "self"}, {"/pt/file", "dir/abs"},
    };
    for (unsigned i = 0; i < COUNT(links); i++) CHECK(symlink(links[i][0], links[i][1]) == 0);
    for (int i = 0; i < 41; i++) {
        char from[16], to[16];
        snprintf(from, sizeof from, i ? "chain%d" : "longchain", i), snprintf(to, sizeof to, i == 40 ? "file" : "chain%d", i + 1);
        CHECK(symlink(to, from) == 0);
    }
}

#ifdef __x86_64__
// A tree of its own, and a chroot there.
static void enter(const char *program) {
    char folder[] = "/tmp/transom-paths-XXXXXX", copy[512], map[32];
    snprintf(map, sizeof map, "0 %d 1", getuid());
    CHECK(mkdtemp(folder) != NULL);
    snprintf(copy, sizeof copy, "cp %s %s.program", program, folder);
    CHECK(system(copy) == 0);
    make(folder);
    snprintf(copy, sizeof copy, "%s.program", folder);
    CHECK(rename(copy, "program") == 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0);
    put("/proc/self/uid_map", map);
    CHECK(mount("/proc", "../proc", NULL, MS_BIND | MS_REC, NULL) == 0 && mount("/dev", "../dev", NULL, MS_BIND | MS_REC, NULL) == 0);
    CHECK(chroot("..") == 0);
}
#endif

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc > 1 && !strcmp(argv[1], "--exec")) return printf("exec %s: runs\n", argv[0]), 0;
    if (argc > 1) return make(argv[1]), failures != 0;
#ifdef __x86_64__
    enter(argv[0]);
#endif
    return run();
}
