// Death by abort reaches the parent as SIGABRT.
// signal: ABRT
#include "check.h"

int main(void) {
    puts("about to abort");
    abort();
}
