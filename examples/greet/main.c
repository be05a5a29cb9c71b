#include "greet.h"

#include <stdio.h>

int main(int argc, char **argv) {
    char text[256];
    return greet(text, sizeof text, argc > 1 ? argv[1] : "world") < 0 || puts(text) < 0;
}
