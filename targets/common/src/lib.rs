//! What a guest architecture is.
//!
//! A target is tables (slots, instruction rows, helpers, CPU features) and conventions (system calls,
//! signal frames, start of a program), all pure functions over [`ir::GuestState`]. It knows neither
//! the host nor Linux' side of a call.
#![forbid(unsafe_code)]

pub mod ahead;
pub mod cpu;
pub mod debug;
pub mod decode;
pub mod docs;
pub mod elf;
pub mod flow;
pub mod lower;
pub mod rows;
pub mod signal;
pub mod slots;
pub mod sm4;
pub mod target;
pub mod translate;
pub mod vdso_clock;

pub use ahead::{AHEAD, FlagsUse, flags_die};
pub use cpu::{Feature, FeatureDef, Features};
pub use decode::Decoder;
pub use elf::elf_symbol;
pub use flow::Flow;
pub use lower::{Lower, Mode};
pub use rows::{Instruction, Pattern, Row, Table};
pub use signal::{Access, AltStack, CoreRegisters, MemoryFault, Refused, SignalDelivery, SignalFrame, SignalReturn};
pub use target::{SyscallRegs, SyscallSlots, Target, Vdso};
pub use translate::{Limits, Source, Stop, translate};
