// More threads than the kernel may have mappings for: the next one is refused, and all others go on.
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include "check.h"

enum { MOST = 12000 };

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;
static pthread_t threads[MOST];

static void *wait_at_gate(void *count) {
    pthread_mutex_lock(&gate);
    ++*(int *)count;
    pthread_mutex_unlock(&gate);
    return NULL;
}

int main(void) {
    pthread_attr_t attributes;
    int made = 0, passed = 0, error = 0;
    pthread_attr_init(&attributes);
    CHECK(pthread_attr_setstacksize(&attributes, 32768) == 0);
    pthread_mutex_lock(&gate);
    while (made < MOST && (error = pthread_create(&threads[made], &attributes, wait_at_gate, &passed)) == 0) made++;
    CHECK(made > 1000 && (made == MOST || error == EAGAIN));
    pthread_mutex_unlock(&gate);
    for (int i = 0; i < made; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(passed == made);
    DONE();
}
