// Files: the flags and structures that differ between machines, positions, vectors, links, times, locks.
// libc: musl
// flags: -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

static char folder[] = "/tmp/transom-files-XXXXXX";

static void contents(void) {
    char text[64] = {0};
    int file = open("data", O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0640);
    CHECK(file >= 0 && open("data", O_RDWR | O_CREAT | O_EXCL, 0640) == -1 && errno == EEXIST);
    CHECK(write(file, "hello world", 11) == 11 && lseek(file, 6, SEEK_SET) == 6);
    CHECK(read(file, text, 5) == 5);
    printf("read '%s' at %ld\n", text, (long)lseek(file, 0, SEEK_CUR));
    struct iovec parts[] = {{"one ", 4}, {"two ", 4}, {"three", 5}}, into[] = {{text, 3}, {text + 10, 50}};
    CHECK(pwritev(file, parts, 3, 20) == 13 && preadv(file, into, 2, 20) == 13);
    printf("vectors '%.3s' '%.10s'\n", text, text + 10);
    CHECK(ftruncate(file, 100000) == 0 && lseek(file, -1, SEEK_END) == 99999);
    CHECK(lseek(file, 0, SEEK_DATA) == 0 && fallocate(file, FALLOC_FL_KEEP_SIZE, 0, 4096) == 0);
    CHECK(fcntl(file, F_GETFL) == (O_RDWR | O_LARGEFILE) || fcntl(file, F_GETFL) == O_RDWR || (fcntl(file, F_GETFL) & O_ACCMODE) == O_RDWR);
    CHECK(fcntl(file, F_GETFD) == FD_CLOEXEC && fcntl(file, F_SETFL, O_APPEND | O_NONBLOCK) == 0);
    CHECK((fcntl(file, F_GETFL) & (O_APPEND | O_NONBLOCK)) == (O_APPEND | O_NONBLOCK));
    CHECK(write(file, "!", 1) == 1 && lseek(file, 0, SEEK_CUR) == 100001);
    CHECK(close(file) == 0 && close(file) == -1 && errno == EBADF);
}

static void status(void) {
    struct stat one, two;
    struct statx x;
    struct timespec times[2] = {{1000000000, 123456789}, {1234567890, 987654321}};
    struct statvfs fs;
    CHECK(utimensat(AT_FDCWD, "data", times, 0) == 0 && chmod("data", 04751) == 0);
    CHECK(stat("data", &one) == 0 && lstat("data", &two) == 0);
    printf("mode %o size %ld links %ld blocks of %d\n", one.st_mode, (long)one.st_size, (long)one.st_nlink, (int)one.st_blksize);
    printf("times %ld.%09ld %ld.%09ld\n", (long)one.st_atim.tv_sec, one.st_atim.tv_nsec, (long)one.st_mtim.tv_sec, one.st_mtim.tv_nsec);
    CHECK(one.st_ino == two.st_ino && one.st_dev == two.st_dev && one.st_uid == getuid() && one.st_gid == getgid());
    CHECK(statx(AT_FDCWD, "data", 0, STATX_BASIC_STATS, &x) == 0 && x.stx_ino == one.st_ino && x.stx_size == 100001);
    CHECK(statvfs(".", &fs) == 0 && fs.f_bsize >= 512 && fs.f_namemax >= 100);
    CHECK(stat("/dev/null", &one) == 0 && S_ISCHR(one.st_mode) && one.st_rdev == (1 << 8 | 3));
    CHECK(stat("missing", &one) == -1 && errno == ENOENT && stat("data/x", &one) == -1 && errno == ENOTDIR);
}

static void links(void) {
    char text[64] = {0};
    struct stat one;
    CHECK(symlink("data", "soft") == 0 && link("data", "hard") == 0 && symlink("loop", "loop") == 0);
    printf("link to '%.*s'\n", (int)readlink("soft", text, sizeof text), text);
    CHECK(lstat("soft", &one) == 0 && S_ISLNK(one.st_mode) && stat("hard", &one) == 0 && one.st_nlink == 2);
    // These flags have other values on AArch64 than on x86-64.
    CHECK(open("soft", O_RDONLY | O_NOFOLLOW) == -1 && errno == ELOOP);
    CHECK(open("data", O_RDONLY | O_DIRECTORY) == -1 && errno == ENOTDIR);
    CHECK(open("loop", O_RDONLY) == -1 && errno == ELOOP);
    int here = open(".", O_RDONLY | O_DIRECTORY | O_PATH);
    CHECK(here >= 0 && faccessat(here, "hard", R_OK, 0) == 0);
    int unnamed = open(".", O_TMPFILE | O_RDWR, 0600);
    CHECK(unnamed >= 0 || errno == EOPNOTSUPP);
    CHECK(rename("hard", "moved") == 0 && renameat2(here, "moved", here, "soft", RENAME_NOREPLACE) == -1 && errno == EEXIST);
    CHECK(renameat2(here, "moved", here, "soft", RENAME_EXCHANGE) == 0 && lstat("moved", &one) == 0 && S_ISLNK(one.st_mode));
    CHECK(unlink("moved") == 0 && unlinkat(here, "soft", 0) == 0 && unlink("loop") == 0 && unlink("loop") == -1 && errno == ENOENT);
    close(here);
}

static void descriptors(void) {
    int file = open("data", O_RDWR), other = open("data", O_RDWR);
    CHECK(dup2(file, 50) == 50 && dup3(file, 51, O_CLOEXEC) == 51 && fcntl(51, F_GETFD) == FD_CLOEXEC);
    for (int number = 100; number < 1000; number += 100) CHECK(dup2(file, number) == number && close(number) == 0);
    CHECK(fcntl(file, F_DUPFD, 60) == 60 && dup2(file, file) == file && dup3(file, file, 0) == -1 && errno == EINVAL);
    CHECK(flock(file, LOCK_EX) == 0 && flock(other, LOCK_EX | LOCK_NB) == -1 && errno == EWOULDBLOCK && flock(file, LOCK_UN) == 0);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    CHECK(fcntl(file, F_OFD_SETLK, &lock) == 0);
    struct flock ask = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 15, .l_len = 1};
    CHECK(fcntl(other, F_OFD_GETLK, &ask) == 0 && ask.l_type == F_WRLCK && ask.l_start == 10 && ask.l_len == 20);
    lock.l_type = F_WRLCK, lock.l_pid = 0;
    CHECK(fcntl(file, F_SETLK, &lock) == -1 && errno == EAGAIN);  // one's own lock of the other kind
    off_t from = 0;
    int ends[2];
    CHECK(pipe2(ends, O_NONBLOCK) == 0 && fcntl(ends[0], F_SETPIPE_SZ, 65536) == 65536);
    printf("spliced %d", (int)splice(file, &from, ends[1], NULL, 11, 0));
    char text[16] = {0};
    CHECK(read(ends[0], text, 11) == 11);
    printf(" '%s'\n", text);
    CHECK(copy_file_range(file, NULL, other, NULL, 5, 0) >= -1);
    CHECK(syscall(SYS_close_range, 50, 60, 0) == 0 && fcntl(50, F_GETFD) == -1);
    close(file), close(other), close(ends[0]), close(ends[1]);
}

int main(void) {
    umask(022);
    CHECK(mkdtemp(folder) && chdir(folder) == 0);
    char here[256];
    CHECK(getcwd(here, sizeof here) && !strcmp(here, folder) && getcwd(here, 4) == NULL && errno == ERANGE);
    contents(), status(), links(), descriptors();
    CHECK(umask(0) == 022 && truncate("data", 3) == 0 && access("data", W_OK) == 0 && unlink("data") == 0);
    CHECK(chdir("/") == 0 && rmdir(folder) == 0);
    DONE();
}
