// How to greet somebody.
#ifndef GREET_H
#define GREET_H

#include <stddef.h>

// Writes a greeting to `out`; its length, as snprintf has it.
int greet(char *out, size_t size, const char *name);

#endif
