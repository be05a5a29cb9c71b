/* What the debugger's tests look at: a shared library, threads, a signal, a variable that changes. */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int area(int width, int height);

int counter;
volatile double weight = 1.5;

static void on_usr1(int signal) {
    counter += 100;
}

static void *work(void *arg) {
    long n = (long)arg;
    __atomic_add_fetch(&counter, (int)n, __ATOMIC_SEQ_CST);
    return arg;
}

int main(int argc, char **argv) {
    signal(SIGUSR1, on_usr1);
    counter = area(6, 6 + argc);
    weight *= 2;
    raise(SIGUSR1);
    pthread_t threads[2];
    for (long i = 0; i < 2; i++)
        pthread_create(&threads[i], NULL, work, (void *)(i + 1));
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    printf("%d %g\n", counter, weight);
    while (argc > 1)
        sleep(1);
    return 7;
}
