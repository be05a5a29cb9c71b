// Atomic operations of every size, alone and contended, and the order that they promise.
// libc: musl
// flags: -pthread
#include "check.h"
#include <pthread.h>
#include <stdint.h>

#define SIZES(type)                                                                                              \
    do {                                                                                                         \
        static type cell;                                                                                        \
        type expected = 5;                                                                                       \
        __atomic_store_n(&cell, 5, __ATOMIC_RELEASE);                                                            \
        CHECK(__atomic_fetch_add(&cell, 250, __ATOMIC_SEQ_CST) == 5);                                            \
        CHECK(__atomic_fetch_sub(&cell, 100, __ATOMIC_ACQUIRE) == (type)255);                                    \
        CHECK(__atomic_fetch_and(&cell, 0x6f, __ATOMIC_RELAXED) == (type)155);                                   \
        CHECK(__atomic_fetch_or(&cell, 0x70, __ATOMIC_RELEASE) == (type)(155 & 0x6f));                           \
        CHECK(__atomic_fetch_xor(&cell, (type)-1, __ATOMIC_ACQ_REL) == (type)((155 & 0x6f) | 0x70));             \
        CHECK(__atomic_exchange_n(&cell, 7, __ATOMIC_SEQ_CST) == (type)~((155 & 0x6f) | 0x70));                  \
        CHECK(!__atomic_compare_exchange_n(&cell, &expected, 9, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));         \
        CHECK(expected == 7);                                                                                    \
        CHECK(__atomic_compare_exchange_n(&cell, &expected, (type)-9, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));   \
        CHECK(__atomic_load_n(&cell, __ATOMIC_ACQUIRE) == (type)-9);                                             \
    } while (0)

enum { THREADS = 4, ROUNDS = 20000 };
static uint64_t wide;
static uint32_t word;
static uint16_t half[2];
static uint8_t bytes[4];
static int lock, guarded;
static uint32_t flag[2], turn, owned;

static void *contend(void *argument) {
    long me = (long)argument;
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_fetch_add(&wide, 0x100000001, __ATOMIC_RELAXED);
        uint32_t old = __atomic_load_n(&word, __ATOMIC_RELAXED);
        while (!__atomic_compare_exchange_n(&word, &old, old + 3, 1, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {}
        __atomic_fetch_add(&half[i & 1], 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&bytes[me], 1, __ATOMIC_SEQ_CST);
        if (i % 16) continue;
        while (__atomic_exchange_n(&lock, 1, __ATOMIC_ACQUIRE)) {}
        guarded++;
        __atomic_store_n(&lock, 0, __ATOMIC_RELEASE);
    }
    return NULL;
}

// Peterson's lock: holds only where a store is seen before the load that follows it.
static void *peterson(void *argument) {
    long me = (long)argument, other = 1 - me;
    for (int i = 0; i < ROUNDS; i++) {
        __atomic_store_n(&flag[me], 1, __ATOMIC_SEQ_CST);
        __atomic_store_n(&turn, other, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&flag[other], __ATOMIC_SEQ_CST) && __atomic_load_n(&turn, __ATOMIC_SEQ_CST) == (uint32_t)other) {}
        owned++;
        __atomic_store_n(&flag[me], 0, __ATOMIC_RELEASE);
    }
    return NULL;
}

static void in_threads(int count, void *(*body)(void *)) {
    pthread_t threads[THREADS];
    for (long i = 0; i < count; i++) CHECK(pthread_create(&threads[i], NULL, body, (void *)i) == 0);
    for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
}

int main(void) {
    SIZES(uint8_t);
    SIZES(uint16_t);
    SIZES(uint32_t);
    SIZES(uint64_t);
    SIZES(int64_t);
    in_threads(THREADS, contend);
    printf("wide %llx word %u half %u %u bytes %u %u guarded %d\n", (unsigned long long)wide, word, half[0], half[1], bytes[0], bytes[3], guarded);
    in_threads(2, peterson);
    printf("owned %u\n", owned);
    DONE();
}
