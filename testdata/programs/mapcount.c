// As many mappings as the kernel allows (vm.max_map_count), or a fair number: the program goes on.
#include "check.h"
#include <errno.h>
#include <sys/mman.h>

int main(void) {
    enum { MOST = 100000 };
    static void *mappings[MOST];
    int count = 0;
    // Neighbours that are not alike are not joined.
    while (count < MOST) {
        void *mapping = mmap(NULL, 4096, count % 2 ? PROT_READ : PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED) {
            CHECK(errno == ENOMEM);
            break;
        }
        mappings[count++] = mapping;
    }
    CHECK(count > 1000);
    puts("mapped");
    for (int i = 0; i < 200; i++) CHECK(munmap(mappings[i], 4096) == 0);
    char *more = malloc(1 << 20);
    CHECK(more != NULL);
    memset(more, 1, 1 << 20);
    CHECK(more[12345] == 1);
    DONE();
}
