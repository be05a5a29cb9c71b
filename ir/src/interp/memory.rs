//! Guest memory and clock as the interpreter reaches them.

use crate::types::RmwOp;

/// What the interpreter needs of the machine around it. An access that can't be done yields the address that faulted.
pub trait Memory {
    /// Reads `bytes` (1 to 16) little-endian.
    fn load(&mut self, addr: u64, bytes: u32) -> Result<u128, u64>;

    /// Writes the low `bytes` of `value`.
    fn store(&mut self, addr: u64, bytes: u32, value: u128) -> Result<(), u64>;

    /// Where memory holds `expected` it becomes `new`, atomically; the old value. 16 bytes fault where they are not aligned.
    fn cas(&mut self, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64>;

    /// Atomic read-modify-write; the old value.
    fn rmw(&mut self, op: RmwOp, addr: u64, bytes: u32, operand: u64) -> Result<u64, u64> {
        let mut old = self.load(addr, bytes)?;
        loop {
            let new = rmw_value(op, bytes, old as u64, operand);
            let seen = self.cas(addr, bytes, old, new as u128)?;
            if seen == old {
                return Ok(old as u64);
            }
            old = seen;
        }
    }

    /// Orders every access before it and every access after it.
    fn fence(&mut self);

    /// A counter at the rate of the host's TSC.
    fn cycles(&mut self) -> u64;

    /// A hint that this is a spin loop.
    fn pause(&mut self) {
        std::hint::spin_loop();
    }
}

/// [`Memory::cas`] of memory that nobody else has.
pub fn cas_unshared(memory: &mut impl Memory, addr: u64, bytes: u32, expected: u128, new: u128) -> Result<u128, u64> {
    let old = memory.load(addr, bytes)?;
    if old == expected {
        memory.store(addr, bytes, new)?;
    }
    Ok(old)
}

/// What memory becomes by an atomic operation on `bytes` of it.
pub fn rmw_value(op: RmwOp, bytes: u32, old: u64, operand: u64) -> u64 {
    let unused = 64 - 8 * bytes;
    let (old, operand) = (old << unused >> unused, operand << unused >> unused);
    let signed = |value: u64| (value << unused) as i64 >> unused;
    let new = match op {
        RmwOp::Swap => operand,
        RmwOp::Add => old.wrapping_add(operand),
        RmwOp::And => old & operand,
        RmwOp::Or => old | operand,
        RmwOp::Xor => old ^ operand,
        RmwOp::Clear => old & !operand,
        RmwOp::MinS => signed(old).min(signed(operand)) as u64,
        RmwOp::MaxS => signed(old).max(signed(operand)) as u64,
        RmwOp::MinU => old.min(operand),
        RmwOp::MaxU => old.max(operand),
    };
    new << unused >> unused
}
