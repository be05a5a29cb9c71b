//! Functions that emitted code calls for what is rare.
//!
//! A helper is pure but for floating-point flags: its operands are its arguments, its result its
//! value; it touches neither guest memory nor slots. It must not use host floating point, because
//! MXCSR holds the guest's modes while it runs.

/// Index in the target's helper table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct HelperId(pub u16);

/// A row of a target's helper table.
#[derive(Clone, Copy, Debug)]
pub struct Helper {
    /// Name in the IR's text form.
    pub name: &'static str,
    /// What it computes, in a line of a document.
    pub about: &'static str,
    /// The function.
    pub function: HelperFn,
}

/// How a helper takes its operands.
#[derive(Clone, Copy, Debug)]
pub enum HelperFn {
    /// Up to three integers and the call's constant; the result is an integer.
    Int(extern "C" fn(u64, u64, u64, u64) -> u64),
    /// Vectors and floating-point values, in place.
    Vec(extern "C" fn(&mut VecArgs)),
}

/// Operands and result of a [`HelperFn::Vec`].
#[derive(Clone, Copy, Default, Debug, PartialEq, Eq)]
#[repr(C, align(16))]
pub struct VecArgs {
    /// The operands, scalars in their low lane, integers in their low 64 bits; the result goes to the
    /// first. What lies above a scalar operand is unspecified.
    pub v: [u128; 3],
    /// The call's constant.
    pub imm: u64,
    /// MXCSR at the call: the guest's rounding (bits 13 and 14) and flush modes.
    pub mxcsr: u32,
    /// Exceptions the helper raises, as MXCSR's low six bits; they are added to the guest's.
    pub raised: u32,
}
