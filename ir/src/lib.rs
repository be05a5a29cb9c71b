//! The language between the guests and the host.
//!
//! A [`Block`] is straight-line SSA code over guest *slots* with side exits; it ends in one
//! [`Term`]. Targets build blocks, passes simplify them, `codegen` turns them into x86-64 and
//! [`interp`] gives every op its meaning in plain Rust. Nothing here knows a guest or a host.
#![forbid(unsafe_code)]

pub mod block;
pub mod builder;
pub mod eval;
pub mod fp;
pub mod helper;
pub mod interp;
pub mod ops;
pub mod passes;
pub mod signature;
pub mod simplify;
pub mod slot;
pub mod tables;
pub mod text;
pub mod types;
pub mod verify;

pub use block::{Block, Exit, Inst, Term, Trap, Val};
pub use builder::{Builder, Mem, Passes};
pub use helper::{Helper, HelperFn, HelperId, VecArgs};
pub use ops::Op;
pub use passes::Liveness;
pub use slot::{GuestState, Nzcv, STATE_BYTES, SlotDef, SlotId};
pub use tables::Tables;
pub use types::{Access, CallArgs, Cond, FCond, FpControl, Icond, Lane, NanRule, Near, RmwOp, Round, Ty, Underflow};
