// In the address space of a kernel for 39 bits nothing lies higher, whatever is asked for.
// env: TRANSOM_ADDRESS_SPACE=512G
// flags: -D_GNU_SOURCE -static-pie -fPIE -Wl,--no-dynamic-linker
#include "check.h"
#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <unistd.h>

#ifdef __x86_64__
#define END 0x7ffffffff000ull
#else
#define END 0x8000000000ull
#endif
#define SIZE (1ul << 20)

static int is_below(const void *at) { return at != MAP_FAILED && (uintptr_t)at < END; }

static void *map(void *at, size_t size, int flags) {
    return mmap(at, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | flags, -1, 0);
}

// The stack can't grow any more once everything is mapped.
static __attribute__((noinline)) void grow_stack(void) {
    volatile char room[256 << 10];
    for (size_t i = 0; i < sizeof room; i += 4096) room[i] = 0;
}

int main(void) {
    int local;
    char *above = (char *)END;
    CHECK(is_below(&local) && is_below(&failures) && is_below((void *)main) && is_below(sbrk(0)) && is_below(malloc(SIZE)));
    // The end itself: the last pages are there, none behind them.
    CHECK(is_below(map(above, SIZE, 0)));
    CHECK(is_below(map(above - SIZE / 2, SIZE, 0)));
    CHECK(map(above, SIZE, MAP_FIXED) == MAP_FAILED && errno == ENOMEM);
    CHECK(map(above - SIZE / 2, SIZE, MAP_FIXED) == MAP_FAILED && errno == ENOMEM);
    CHECK(map(above, SIZE, MAP_FIXED_NOREPLACE) == MAP_FAILED && errno == ENOMEM);
    char *last = map(above - SIZE, SIZE, MAP_FIXED_NOREPLACE);
    CHECK(last == above - SIZE || last == MAP_FAILED && errno == EEXIST);
    if (last != MAP_FAILED) CHECK(mremap(last, SIZE, 2 * SIZE, 0) == MAP_FAILED && errno == ENOMEM);
    char *here = map(NULL, SIZE, 0);
    CHECK(mremap(here, SIZE, SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, above) == MAP_FAILED && errno == EINVAL);
    int id = shmget(IPC_PRIVATE, SIZE, IPC_CREAT | 0600);
    CHECK(is_below(shmat(id, NULL, 0)) && shmat(id, above, 0) == (void *)-1);
    shmctl(id, IPC_RMID, NULL);
    // Until there is no more.
    grow_stack();
    void *at = NULL;
    for (size_t size = 1ul << 46; size >= 1ul << 30; size /= 2)
        while ((at = map(NULL, size, 0)) != MAP_FAILED && is_below(at));
    CHECK(at == MAP_FAILED && errno == ENOMEM);
    DONE();
}
