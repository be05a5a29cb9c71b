// Ends itself by a signal that is named. For tests/cache.rs.
// tests: none
#include "check.h"
#include <signal.h>

int main(int argc, char **argv) {
    (void)argc;
    const struct { const char *name; int number; } signals[] = {
        {"HUP", SIGHUP}, {"INT", SIGINT}, {"PIPE", SIGPIPE}, {"TERM", SIGTERM}, {"ABRT", SIGABRT},
    };
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++)
        if (strcmp(argv[1], signals[i].name) == 0) raise(signals[i].number);
    return 1;
}
