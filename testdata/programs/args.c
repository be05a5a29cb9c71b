// Arguments, environment and the auxiliary vector, as execve(2) and getauxval(3) describe them.
// libc: musl glibc
// args: one "two  three" "" last
// env: GREETING=hello=there EMPTY=
#include "check.h"
#include <elf.h>
#include <sys/auxv.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv) {
    printf("argc %d\n", argc);
    for (int i = 1; i < argc; i++) printf("argv[%d] = '%s'\n", i, argv[i]);
    CHECK(argv[argc] == NULL);
    printf("GREETING='%s' EMPTY='%s'\n", getenv("GREETING"), getenv("EMPTY"));
    CHECK(getenv("NOT_SET_ANYWHERE") == NULL);
    printf("page size %lu, clock ticks %lu\n", getauxval(AT_PAGESZ), getauxval(AT_CLKTCK));
    CHECK(getauxval(AT_PAGESZ) == (unsigned long)sysconf(_SC_PAGESIZE));
    CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EUID) == geteuid());
    CHECK(getauxval(AT_GID) == getgid() && getauxval(AT_EGID) == getegid());
    CHECK(getauxval(AT_SECURE) == 0);
    CHECK(getauxval(AT_RANDOM) != 0);
    CHECK(getauxval(AT_ENTRY) != 0);
    CHECK(getauxval(AT_BASE) == 0);  // no interpreter
    const char *execfn = (const char *)getauxval(AT_EXECFN);
    CHECK(execfn && access(execfn, X_OK) == 0);
    const Elf64_Phdr *phdr = (const Elf64_Phdr *)getauxval(AT_PHDR);
    CHECK(phdr && getauxval(AT_PHENT) == sizeof *phdr);
    int loads = 0;
    for (unsigned long i = 0; phdr && i < getauxval(AT_PHNUM); i++) loads += phdr[i].p_type == PT_LOAD;
    CHECK(loads >= 1);
    CHECK((unsigned long)argv % 8 == 0 && (char **)environ == argv + argc + 1);
    DONE();
}
