//! IR to x86-64 machine code.
//!
//! A [`Compiler`] turns one [`ir::Block`] into bytes in one backward pass ([`analysis`]) and one forward pass that
//! allocates registers and emits. What it emits is relocatable: the runtime is reached through
//! [`Context`], and every guest address that code contains is a [`Reloc`].
//!
//! - the machine: [`regs`] (who has which register), [`context`] (what `rbp` points to), [`stubs`] (how
//!   code is entered and left), [`exit`] and [`faults`] (what an exit means)
//! - the pass: [`compiler`], [`alloc`], and a file per family of ops
#![forbid(unsafe_code)]
#![allow(clippy::useless_conversion, reason = "dynasm converts every register number it is given")]

mod alloc;
mod analysis;
mod atomics;
mod bits;
mod buffer;
mod calls;
mod compiler;
mod constants;
mod context;
mod control;
mod emitter;
mod encode;
mod exit;
mod faults;
mod features;
mod flags;
mod float;
mod ints;
mod memory;
mod moves;
mod muldiv;
mod nzcv;
mod regs;
mod runtime;
mod select;
mod shifts;
mod slots;
mod slow;
mod stubs;
mod truth;
mod vectors;

pub use buffer::{CodeBuf, Full};
pub use compiler::{Compiled, Compiler, Config, LinkSite, Reloc, RelocKind};
pub use context::{BIAS, Context, FaultInfo, LOOKUP_ENTRIES, LookupEntry, MAX_HELPERS, MXCSR_DEFAULT, MXCSR_FLAGS};
pub use exit::{Left, Mend};
pub use features::HostFeatures;
pub use regs::{Pin, Pins};
pub use stubs::{Stubs, emit_runtime};
