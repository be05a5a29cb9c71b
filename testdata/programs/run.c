// Executes what its arguments say (tests/binfmt.rs).
// tests: none
#include <stdio.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 1) execv(argv[1], argv + 1);
    perror("execv");
    return 1;
}
