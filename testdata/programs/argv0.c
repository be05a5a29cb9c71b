// Its own name (tests/cli.rs).
// tests: none
#include <stdio.h>

int main(int argc, char **argv) {
    return argc < 1 || puts(argv[0]) < 0;
}
