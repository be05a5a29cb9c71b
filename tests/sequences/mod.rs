//! Programs made of sequences of instructions, each with its own registers and memory before and after: what
//! `tests/differential.rs` and `tests/cases.rs` run by every engine.
#![allow(dead_code, reason = "each test program is a crate of its own and uses a part of this")]

mod aarch64;
pub mod elf;
pub mod engine;
pub mod guest;
pub mod report;
mod riscv64;
pub mod sequence;

use guest::Guest;

/// A guest with the CPU that has everything.
pub type Make = fn() -> Box<dyn Guest>;

/// Every guest.
pub const GUESTS: [Make; 2] = [
    || Box::new(aarch64::Aarch64::new()),
    || Box::new(riscv64::Riscv64 { target: Box::new(::riscv64::Riscv64::new(::riscv64::Cpu::max())) }),
];
