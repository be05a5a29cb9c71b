// What the test programs share. A program prints what it found, so that the output of its native build is
// the expectation, and uses CHECK for what has no fixed value to print (addresses, times, ids).
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

__attribute__((unused)) static int failures;

#define CHECK(condition)                                                                   \
    do {                                                                                   \
        if (!(condition)) {                                                                \
            if (failures++ < 10)                                                           \
                printf("%s:%d: does not hold: %s\n", __FILE_NAME__, __LINE__, #condition); \
        }                                                                                  \
    } while (0)

// Ends main: the last line tells that nothing died on the way there.
#define DONE() return puts(failures ? "failed" : "done"), failures != 0

// A forked child must not print what its parent had buffered.
__attribute__((constructor)) static void line_buffered(void) { setvbuf(stdout, NULL, _IOLBF, 0); }
