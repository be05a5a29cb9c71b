// The same computations vectorised and unrolled by the compiler.
// flags: -O3 -ffp-contract=off
#include "compute.h"
