//! IR to x86-64 machine code.
//!
//! A [`Compiler`] turns one [`ir::Block`] into bytes in one backward pass and one forward pass that
//! allocates registers and emits. What it emits is relocatable: the runtime is reached through
//! [`Context`], and every guest address that code contains is a [`Reloc`].
//!
//! | part | files |
//! |---|---|
//! | the machine: who has which register, what `rbp` points to, how code is entered, left and what an exit means | `regs` `context` `constants` `stubs` `exit` `faults` |
//! | the passes | `analysis` (backward), `compiler` (forward), `select` (op to function) |
//! | registers: entities, homes, spills; operands in and results out; guest slots, which are in registers inside a block, and which are written late | `alloc` `emitter` `slots` `layout` `late` |
//! | bytes: dynasm's sink, operands whose form is known at run time, rows of vector instructions, constants behind the code | `buffer` `encode` `vectors::rows` `float::rows` `literals` |
//! | integers | `ints` `shifts` `muldiv` `bits` |
//! | flags and conditions | `flags` `nzcv` `truth` |
//! | guest memory | `memory` `atomics` |
//! | control | `control` `calls` `slow` (all that lies out of line) |
//! | floating point, vectors, cryptography | `float` `vectors` |
//!
//! Invariants that the rest stands on:
//! - A pinned slot is in its register wherever an exit can show it; any other slot is in memory. Inside a
//!   block other slots may be in registers (`layout`, `late`), and flags may be late: the fault table says so.
//! - `rsp` is a multiple of 16 in the body of a block; `[rsp]` and `[rsp + 8]` are the latest call's host and
//!   guest return addresses.
//! - Operands are brought into registers before scratch registers are used: saving EFLAGS goes through `rax`.
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
mod direct;
mod emitter;
mod encode;
mod exit;
mod faults;
mod features;
mod flags;
mod float;
mod ints;
mod late;
mod layout;
mod literals;
mod lookup;
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
pub use context::{BIAS, Context, FaultInfo, MAX_HELPERS, MXCSR_DEFAULT, MXCSR_FLAGS};
pub use direct::{CallRegs, DirectCall, DirectCalls, Limit, OUTSIDE, Range};
pub use exit::{Left, Mend};
pub use features::{Cpuid, HostFeatures};
pub use lookup::Lookup;
pub use regs::{Pin, Pins};
pub use stubs::{EXIT_CALL, Stubs, emit_runtime};
