//! The AArch64 guest: registers, instruction rows by the Arm ARM's groups, conventions.
#![forbid(unsafe_code)]

mod alu;
mod conventions;
pub mod cpu;
mod debug;
mod disassembly;
pub mod fields;
mod flags_use;
pub mod float;
mod flow;
pub mod fpstate;
pub mod helpers;
pub mod idregs;
mod memory_ops;
pub mod pauth;
mod qarma;
mod random;
pub mod regs;
mod regsets;
pub mod rows;
mod signal;
pub mod state;
mod structures;
pub mod vector;

use target::Mode;

pub use conventions::Aarch64;
pub use cpu::Cpu;

/// Mode bit: addresses carry tags in their top byte; asked for by blocks that met one.
pub const MASK_TAGS: Mode = Mode(1);
/// Mode bit: FPCR.DN, arithmetic yields the default NaN.
pub const DEFAULT_NAN: Mode = Mode(1 << 1);
/// Mode bit: FPCR.FZ, single and double precision flush denormals.
pub const FLUSH: Mode = Mode(1 << 2);
/// Mode bit: FPCR.FZ16, half precision flushes denormals.
pub const FLUSH16: Mode = Mode(1 << 3);
/// Mode bit: FPCR.AHP, conversions of half precision know no infinities and NaNs.
pub const ALTERNATIVE_HALF: Mode = Mode(1 << 4);
/// Mode bit: the program looks at FPSR. What the host's flags say otherwise than Arm's costs time to set right, and
/// most programs never look; so they are exact from the first time on that it reads or writes FPSR.
pub const WATCHED: Mode = Mode(1 << 5);
/// Mode bits: keys of pointer authentication that are disabled (SCTLR_EL1.EnIA, EnIB, EnDA, EnDB clear).
pub const KEYS_OFF: Mode = Mode(0xf << 12);
