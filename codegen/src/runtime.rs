//! Functions of the code generator's own that emitted code calls.

use ir::VecArgs;

/// A function that works in place on [`VecArgs`].
type Builtin = extern "C" fn(&mut VecArgs);

/// The functions, by their numbers.
const TABLE: &[Builtin] = &[];

/// Room for them in the context's table; the target's helpers come behind.
pub(crate) const BUILTINS: usize = 64;

/// Writes their addresses to the head of a context's table.
pub(crate) fn fill(functions: &mut [u64]) {
    for (entry, function) in functions.iter_mut().zip(TABLE) {
        *entry = *function as usize as u64;
    }
}
