//! The RISC-V guest: registers, instruction rows by the manual's extensions, conventions.
#![forbid(unsafe_code)]

pub mod state;
