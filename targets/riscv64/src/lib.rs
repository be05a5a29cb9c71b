//! The RISC-V guest: registers, instruction rows by the manual's extensions, conventions.
//!
//! The manual is "The RISC-V Instruction Set Manual, Volume I: Unprivileged Architecture". Its chapters are named
//! here, because they are numbered anew with every edition.
#![forbid(unsafe_code)]

mod conv;
pub mod cpu;
mod debug;
mod disassembly;
mod fields;
mod fields16;
mod float;
mod flow;
mod helpers;
mod masking;
mod regs;
mod rows;
pub mod state;
mod target;
mod vector;

pub use cpu::{Cpu, CpuError};
pub use target::Riscv64;
