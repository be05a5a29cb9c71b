//! transom runs AArch64 and RISC-V Linux programs on x86-64 Linux.
fn main() {}
