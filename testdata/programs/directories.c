// Folders: reading by readdir and getdents64, seeking, walking a tree, relative paths, working directory.
// flags: -D_GNU_SOURCE
#include "check.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int files, folders;
static int visit(const char *path, const struct stat *status, int type, struct FTW *walk) {
    (void)status, (void)walk;
    type == FTW_DP ? folders++ : files++;
    return remove(path);
}
static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

int main(void) {
    char top[] = "/tmp/transom-directories-XXXXXX", name[64];
    CHECK(mkdtemp(top) && chdir(top) == 0);
    CHECK(mkdir("a", 0755) == 0 && mkdir("a/b", 0700) == 0 && mkdir("a/b/c", 0755) == 0 && mkdir("a", 0755) == -1 && errno == EEXIST);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "a/file%03d", i);
        CHECK(close(creat(name, 0644)) == 0);
    }
    CHECK(symlink("b", "a/link") == 0 && mkfifo("a/pipe", 0600) == 0);

    struct dirent **list;
    int count = scandir("a", &list, NULL, by_name);
    printf("entries %d: %s %s %s %s ... %s %s\n", count, list[0]->d_name, list[1]->d_name, list[2]->d_name, list[3]->d_name,
           list[count - 2]->d_name, list[count - 1]->d_name);
    for (int i = 0; i < count; i++)
        if (strncmp(list[i]->d_name, "file", 4)) printf("%s is %d\n", list[i]->d_name, list[i]->d_type);

    DIR *folder = opendir("a");
    for (int i = 0; i < 100; i++) CHECK(readdir(folder) != NULL);
    long here = telldir(folder);
    char next[256];
    strcpy(next, readdir(folder)->d_name);
    while (readdir(folder)) {}
    seekdir(folder, here);
    CHECK(!strcmp(readdir(folder)->d_name, next));
    rewinddir(folder);
    int again = 0;
    while (readdir(folder)) again++;
    printf("again %d\n", again);

    _Alignas(8) char buffer[512];
    int descriptor = openat(dirfd(folder), "b", O_RDONLY | O_DIRECTORY), total = 0, got;
    while ((got = syscall(SYS_getdents64, descriptor, buffer, sizeof buffer)) > 0)
        for (int at = 0; at < got; at += *(unsigned short *)(buffer + at + 16)) total++;
    printf("raw %d, end %d\n", total, got);
    CHECK(lseek(descriptor, 0, SEEK_SET) == 0 && syscall(SYS_getdents64, descriptor, buffer, 1) == -1 && errno == EINVAL);
    CHECK(mkdirat(descriptor, "d", 0755) == 0 && access("a/b/d", F_OK) == 0 && fchdir(descriptor) == 0 && rmdir("d") == 0);
    CHECK(rmdir("../b/c") == 0 && chdir("../..") == 0 && rmdir("a") == -1 && errno == ENOTEMPTY);
    closedir(folder);
    CHECK(nftw(top, visit, 10, FTW_DEPTH | FTW_PHYS) == 0);
    printf("removed %d files, %d folders\n", files, folders);
    DONE();
}
