// User and group ids of a process with threads: libc has each thread set its own, by a signal that it keeps to itself.
// libc: musl glibc
// flags: -pthread -D_GNU_SOURCE
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <unistd.h>

enum { THREADS = 4 };
static sem_t up, done;

static void *wait_for_end(void *argument) {
    sem_post(&up);
    while (sem_wait(&done)) {}
    return argument;
}
static void change(void) {
    uid_t real, effective, saved;
    CHECK(getresuid(&real, &effective, &saved) == 0);
    // Its own ids and "unchanged" are what anybody may set.
    CHECK(setresuid(-1, effective, -1) == 0);
    CHECK(setresgid(-1, getegid(), -1) == 0);
    CHECK(setreuid(-1, effective) == 0);
    CHECK(seteuid(effective) == 0);
    CHECK(setegid(getegid()) == 0);
}
static void with_threads(const char *name) {
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, wait_for_end, NULL) == 0);
    for (int i = 0; i < THREADS; i++) while (sem_wait(&up)) {}
    change();
    for (int i = 0; i < THREADS; i++) sem_post(&done);
    for (int i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    printf("%s: ids set\n", name);
}

int main(void) {
    sem_init(&up, 0, 0);
    sem_init(&done, 0, 0);
    change();
    with_threads("first");
    with_threads("again");
    return 0;
}
