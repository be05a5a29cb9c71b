// Longer computations of many kinds: a digest, a sieve, queens, matrices, a simulation, a sort, a hash table.
// flags: -ffp-contract=off
#include "compute.h"
