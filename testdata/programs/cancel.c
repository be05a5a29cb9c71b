// Cancellation, robust and error-checking mutexes, signals to one thread, timed waits.
// libc: musl glibc
// flags: -pthread -D_GNU_SOURCE
#include "check.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

static pthread_mutex_t robust;
static volatile pthread_t handled_by;
static int cleaned;

static void cleanup(void *argument) { cleaned += *(int *)argument; }
static void *cancelled(void *pipe_end) {
    int five = 5;
    char byte;
    pthread_cleanup_push(cleanup, &five);
    (void)!read(*(int *)pipe_end, &byte, 1);  // a cancellation point that never gets its byte
    pthread_cleanup_pop(0);
    return NULL;
}
static void *dies_holding(void *argument) {
    pthread_mutex_lock(&robust);
    return argument;
}
static void handler(int number) {
    (void)number;
    handled_by = pthread_self();
}
static void *waits(void *argument) {
    while (!handled_by) usleep(1000);
    return argument;
}

int main(void) {
    pthread_t thread;
    void *result;
    int ends[2];
    CHECK(pipe(ends) == 0);
    pthread_create(&thread, NULL, cancelled, &ends[0]);
    usleep(20000);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    printf("cancelled %d cleaned %d\n", result == PTHREAD_CANCELED, cleaned);

    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    pthread_create(&thread, NULL, dies_holding, NULL);
    pthread_join(thread, NULL);
    printf("owner died %d\n", pthread_mutex_lock(&robust) == EOWNERDEAD);
    int consistent = pthread_mutex_consistent(&robust), unlocked = pthread_mutex_unlock(&robust), locked = pthread_mutex_lock(&robust);
    printf("consistent %d unlock %d lock %d\n", consistent, unlocked, locked);

    pthread_mutex_t checking;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&checking, &attributes);
    int first = pthread_mutex_lock(&checking), second = pthread_mutex_lock(&checking);
    printf("lock %d, again deadlocks %d\n", first, second == EDEADLK);

    struct sigaction action = {.sa_handler = handler};
    sigaction(SIGUSR1, &action, NULL);
    pthread_create(&thread, NULL, waits, NULL);
    pthread_kill(thread, SIGUSR1);
    pthread_t expected = thread;
    pthread_join(thread, NULL);
    printf("handled by that thread %d\n", pthread_equal(handled_by, expected) != 0);

    struct timespec deadline;
    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_nsec += 5000000;
    if (deadline.tv_nsec >= 1000000000) deadline.tv_sec++, deadline.tv_nsec -= 1000000000;
    printf("timed out %d\n", pthread_mutex_timedlock(&robust, &deadline) == ETIMEDOUT);
    DONE();
}
