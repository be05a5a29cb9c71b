// The machine that the guest sees.
// native: no
// libc: musl glibc
#include "check.h"
#include <sys/utsname.h>
#include <sys/auxv.h>
#include <unistd.h>

int main(void) {
    struct utsname name;
    int major = 0;
    CHECK(uname(&name) == 0);
    printf("%s %s\n", name.sysname, name.machine);
    CHECK(sscanf(name.release, "%d", &major) == 1 && major >= 5);
    printf("bits %d, order %d\n", (int)sizeof(long) * 8, *(const char *)&(const int){1});
    CHECK(sysconf(_SC_NPROCESSORS_ONLN) >= 1);
#if defined __aarch64__
    CHECK((getauxval(AT_HWCAP) & 3) == 3 && !strcmp((const char *)getauxval(AT_PLATFORM), "aarch64"));
#else
    CHECK((getauxval(AT_HWCAP) & 0x112d) == 0x112d);  // IMAFDC, a bit a letter
#endif
    DONE();
}
