// One of three threads dies; the others are left where they are, one in code and one in a system call (tests/crash.rs).
// libc: glibc
// tests: none
// flags: -pthread -Wno-array-bounds
#include "check.h"
#include <pthread.h>
#include <unistd.h>

static volatile int begun, turns;

static void *spin(void *arg) {
    for (begun = 1;;) turns++;
    return arg;
}

static void *wait_here(void *arg) {
    pause();
    return arg;
}

int main(void) {
    pthread_t spinning, waiting;
    pthread_create(&waiting, NULL, wait_here, NULL);
    pthread_create(&spinning, NULL, spin, NULL);
    while (!begun) usleep(1000);
    usleep(10000);
    *(volatile int *)16 = 1;
}
