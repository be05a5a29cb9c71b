//! Functions of the code generator's own that emitted code calls.

use ir::VecArgs;
use ir::eval::slow::slow_path;

/// A function that works in place on [`VecArgs`].
type Builtin = extern "C" fn(&mut VecArgs);

/// The functions, by their numbers.
const TABLE: [Builtin; BUILTINS] = [slow_path];

/// How many there are; the target's helpers come behind them.
pub(crate) const BUILTINS: usize = 1;

/// Evaluates an instruction.
pub(crate) const SLOW_PATH: usize = 0;

/// Writes their addresses to the head of a context's table.
pub(crate) fn fill(functions: &mut [u64]) {
    for (entry, function) in functions.iter_mut().zip(TABLE) {
        *entry = function as usize as u64;
    }
}
