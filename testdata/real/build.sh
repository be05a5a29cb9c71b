# The guest's own compiler, assembler, linker and make build a project, whose programs then run.
cat >list.h <<'END'
struct list { int value; struct list *next; };
struct list *push(struct list *, int);
int sum(const struct list *);
END
cat >list.c <<'END'
#include "list.h"
#include <stdlib.h>
struct list *push(struct list *rest, int value) { struct list *l = malloc(sizeof *l); l->value = value; l->next = rest; return l; }
int sum(const struct list *l) { return l ? l->value + sum(l->next) : 0; }
END
cat >main.c <<'END'
#include "list.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
typedef double vector __attribute__((vector_size(16)));
static vector square(vector v) { return v * v; }
int main(int argc, char **argv) {
    struct list *l = 0;
    for (int i = 0; i < 100; i++) l = push(l, i * i);
    vector v = square((vector){1.5, 2.5});
    printf("%d %g %g %.10f %s %d\n", sum(l), v[0], v[1], sin(argc), argv[argc - 1], (int)strlen(argv[0]) > 0);
    return 5;
}
END
cat >Makefile <<'END'
CC = gcc-14
CFLAGS = -O2 -Wall
all: program static
program: main.o list.o
	$(CC) -o $@ $^ -lm
static: main.o liblist.a
	$(CC) -static -o $@ main.o -L. -llist -lm
liblist.a: list.o
	ar rcsD $@ $^
%.o: %.c list.h
	$(CC) $(CFLAGS) -c -o $@ $<
.PHONY: all
END
make -s -j2 && ./program one; echo "status $?"; ./static two; echo "status $?"
touch -d '1 hour ago' list.o; make -n all | wc -l; make -q program; echo "up to date $?"
gcc-14 -S -O0 -o - list.c | grep -c '^[a-z]*:'; gcc-14 -E main.c | grep -c typedef >/dev/null && echo preprocessed
echo 'int f(void) { return missing; }' | gcc-14 -x c -c - -o /dev/null 2>/dev/null; echo "error $?"
printf 'int twice(int n) { return 2 * n; }\n' >twice.c; gcc-14 -shared -fPIC -o libtwice.so twice.c; printf 'int twice(int); int main(void) { return twice(21); }\n' >use.c; gcc-14 use.c -L. -ltwice -Wl,-rpath,"$PWD" -o use && ./use; echo "shared $?"
gcc-14 -O2 -pthread -x c - -o threaded -latomic <<'END' && ./threaded
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
static atomic_int count;
static _Thread_local int mine;
static void *work(void *unused) { for (int i = 0; i < 10000; i++) count++, mine++; return (void *)(long)mine; }
int main(void) { pthread_t t[4]; for (int i = 0; i < 4; i++) pthread_create(&t[i], 0, work, 0); long all = 0; for (int i = 0; i < 4; i++) { void *r; pthread_join(t[i], &r); all += (long)r; } printf("%d %ld\n", count, all); }
END
nm main.o list.o | grep -c ' T '; strip -o stripped program && ./stripped three; readelf -h program | grep -c ELF64; objdump -d list.o | grep -c '<sum>:'
