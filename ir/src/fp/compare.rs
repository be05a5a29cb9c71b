//! Comparisons.

use super::number::flushed;
use super::{Env, Format, flags};
use crate::slot::Nzcv;
use crate::types::FCond;

/// How two numbers compare.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Order {
    /// a < b
    Less,
    /// a = b; zeros are equal.
    Equal,
    /// a > b
    Greater,
    /// One is a NaN.
    Unordered,
}

/// Compares; a signalling NaN is invalid, a quiet one where `signal` says so.
pub fn compare(env: &mut Env, format: Format, a: u64, b: u64, signal: bool) -> Order {
    let (a, b) = (flushed(env, format, a), flushed(env, format, b));
    if format.is_nan(a) || format.is_nan(b) {
        if signal || format.is_signalling(a) || format.is_signalling(b) {
            env.raise(flags::INVALID);
        }
        return Order::Unordered;
    }
    match order_key(format, a).cmp(&order_key(format, b)) {
        std::cmp::Ordering::Less => Order::Less,
        std::cmp::Ordering::Equal => Order::Equal,
        std::cmp::Ordering::Greater => Order::Greater,
    }
}

/// An integer that orders as the number does, the zeros as one.
fn order_key(format: Format, bits: u64) -> i64 {
    let magnitude = (bits & (format.sign_bit() - 1)) as i64;
    if bits & format.sign_bit() != 0 { -magnitude } else { magnitude }
}

/// Whether a predicate holds.
pub fn holds(env: &mut Env, format: Format, cond: FCond, a: u64, b: u64) -> bool {
    let signal = matches!(cond, FCond::EqSig | FCond::LtSig | FCond::LeSig);
    let order = compare(env, format, a, b, signal);
    match cond {
        FCond::Eq | FCond::EqSig => order == Order::Equal,
        FCond::Lt | FCond::LtSig => order == Order::Less,
        FCond::Le | FCond::LeSig => matches!(order, Order::Less | Order::Equal),
        FCond::Un => order == Order::Unordered,
    }
}

/// The flags of a comparison (Arm ARM, FPCompare).
pub fn nzcv(env: &mut Env, format: Format, a: u64, b: u64, signal: bool) -> Nzcv {
    match compare(env, format, a, b, signal) {
        Order::Less => Nzcv::new(true, false, false, false),
        Order::Equal => Nzcv::new(false, true, true, false),
        Order::Greater => Nzcv::new(false, false, true, false),
        Order::Unordered => Nzcv::new(false, false, true, true),
    }
}
