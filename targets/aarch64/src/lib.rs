//! The AArch64 guest: registers, instruction rows by the Arm ARM's groups, conventions.
#![forbid(unsafe_code)]

pub mod state;
