// What a test suite does: calls the code, runs the program, looks at the results.
#include "greet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv) {
    char text[256], line[256], command[4096];
    if (greet(text, sizeof text, "test") < 0 || strncmp(text, "Hello, test, from ", 18) != 0) return 1;
    if (argc < 2) return 0;
    // The child is a program of the same foreign machine.
    snprintf(command, sizeof command, "%s test", argv[1]);
    FILE *child = popen(command, "r");
    if (!child || !fgets(line, sizeof line, child)) return 2;
    line[strcspn(line, "\n")] = 0;
    return pclose(child) != 0 || strcmp(line, text) != 0 ? 3 : 0;
}
