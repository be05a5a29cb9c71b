// Death by a signal that the program sends to itself.
// signal: TERM
#include "check.h"
#include <signal.h>
#include <unistd.h>

int main(void) {
    puts("goodbye");
    kill(getpid(), SIGTERM);
    for (;;) pause();
}
