#include "greet.h"

#include <stdio.h>
#include <sys/utsname.h>

int greet(char *out, size_t size, const char *name) {
    struct utsname machine;
    if (uname(&machine) != 0) return -1;
    return snprintf(out, size, "Hello, %s, from %s", name, machine.machine);
}
