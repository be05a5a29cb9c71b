// Threads: thread-local data, mutex and condition, barrier, read-write lock, semaphore, keys, once, detach.
// libc: musl glibc
// flags: -pthread
#include "check.h"
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/syscall.h>

enum { THREADS = 8, ITEMS = 500 };
static __thread int local = 11;
static __thread char big_local[5000];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t not_empty = PTHREAD_COND_INITIALIZER, not_full = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static sem_t semaphore;
static int queue[4], head, tail, once_count, destroyed, shared_value;
static long total;

static void *locals(void *argument) {
    local += (int)(long)argument;
    big_local[4999] = (char)local;
    pthread_barrier_wait(&barrier);
    CHECK(syscall(SYS_gettid) != getpid());
    return (void *)(long)(local + big_local[4999]);
}

static void *produce(void *argument) {
    for (int i = 1; i <= ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (head - tail == 4) pthread_cond_wait(&not_full, &mutex);
        queue[head++ % 4] = i;
        pthread_cond_signal(&not_empty);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}
static void *consume(void *argument) {
    for (int i = 1; i <= ITEMS; i++) {
        pthread_mutex_lock(&mutex);
        while (head == tail) pthread_cond_wait(&not_empty, &mutex);
        total += queue[tail++ % 4];
        pthread_cond_signal(&not_full);
        pthread_mutex_unlock(&mutex);
    }
    return argument;
}

static void count_once(void) { once_count++; }
static void destroy(void *value) { __atomic_fetch_add(&destroyed, *(int *)value, __ATOMIC_SEQ_CST); }
static void *keys(void *argument) {
    static int three = 3;
    pthread_once(&once, count_once);
    pthread_setspecific(key, &three);
    pthread_rwlock_wrlock(&rwlock);
    shared_value++;
    pthread_rwlock_unlock(&rwlock);
    pthread_rwlock_rdlock(&rwlock);
    CHECK(shared_value > 0);
    pthread_rwlock_unlock(&rwlock);
    sem_post(&semaphore);
    return argument;
}

int main(void) {
    pthread_t threads[THREADS];
    pthread_barrier_init(&barrier, NULL, THREADS);
    for (long i = 0; i < THREADS; i++) CHECK(pthread_create(&threads[i], NULL, locals, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++) {
        void *result;
        pthread_join(threads[i], &result);
        printf("%ld ", (long)result);
    }
    printf("mine %d\n", local);

    pthread_create(&threads[0], NULL, produce, NULL);
    pthread_create(&threads[1], NULL, consume, NULL);
    pthread_join(threads[0], NULL), pthread_join(threads[1], NULL);
    printf("total %ld\n", total);

    pthread_key_create(&key, destroy);
    sem_init(&semaphore, 0, 0);
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, keys, NULL);
    for (int i = 0; i < THREADS; i++) sem_wait(&semaphore);
    for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
    printf("once %d destroyed %d shared %d\n", once_count, destroyed, shared_value);

    for (int i = 0; i < 100; i++) {  // many short lives: stacks and ids are given back
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, produce, NULL) == 0 || i < 0);
        pthread_create(&threads[0], NULL, consume, NULL);
        pthread_join(thread, NULL), pthread_join(threads[0], NULL);
        if (i == 4) break;
    }
    printf("total %ld\n", total);
    DONE();
}
