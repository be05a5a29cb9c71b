//! Fault-safe access to guest memory: copies of any length, single loads and stores, compare-and-swap.
//!
//! A load or store of 1, 2, 4 or 8 bytes is one instruction and so single-copy atomic when aligned (Intel SDM volume 3,
//! 9.1.1); one of 16 bytes is too on hosts with AVX. See [`crate::fault`] for how a wrong address comes back.
//!
//! The functions are safe to call with any number as the address: the address space keeps guest mappings apart from
//! the translator's, so that what they can reach is the guest's.

use crate::fault::Fault;
use crate::{GuestAddr, PAGE_SIZE, Pod};
use std::arch::global_asm;
use std::mem::MaybeUninit;

// Every routine returns 0 or, by way of the fault exits, non-zero in rax; a value loaded comes in rdx.
macro_rules! routine {
    ($name:literal, $($line:literal),*) => {
        concat!(".globl ", $name, "\n.hidden ", $name, "\n", $name, ":\n", $($line, "\n",)* "ret\n")
    };
}

global_asm!(
    ".pushsection .text.transom_access, \"ax\", @progbits",
    ".balign 16",
    ".globl transom_access_begin; .hidden transom_access_begin",
    ".globl transom_access_rbx; .hidden transom_access_rbx",
    ".globl transom_access_end; .hidden transom_access_end",
    ".globl transom_access_copy_end; .hidden transom_access_copy_end",
    ".globl transom_fault_plain; .hidden transom_fault_plain",
    ".globl transom_fault_rbx; .hidden transom_fault_rbx",
    ".globl transom_fault_copy; .hidden transom_fault_copy",
    "transom_access_begin:",
    routine!("transom_load1", "movzx edx, byte ptr [rdi]", "xor eax, eax"),
    routine!("transom_load2", "movzx edx, word ptr [rdi]", "xor eax, eax"),
    routine!("transom_load4", "mov edx, dword ptr [rdi]", "xor eax, eax"),
    routine!("transom_load8", "mov rdx, qword ptr [rdi]", "xor eax, eax"),
    // rsi: where the 16 bytes go, in the translator's memory.
    routine!("transom_load16", "movdqu xmm0, xmmword ptr [rdi]", "movdqu xmmword ptr [rsi], xmm0", "xor eax, eax"),
    routine!("transom_store1", "mov byte ptr [rdi], sil", "xor eax, eax"),
    routine!("transom_store2", "mov word ptr [rdi], si", "xor eax, eax"),
    routine!("transom_store4", "mov dword ptr [rdi], esi", "xor eax, eax"),
    routine!("transom_store8", "mov qword ptr [rdi], rsi", "xor eax, eax"),
    routine!("transom_store16", "movdqu xmm0, xmmword ptr [rsi]", "movdqu xmmword ptr [rdi], xmm0", "xor eax, eax"),
    // rsi: expected, rdx: new; the old value comes back in rdx.
    routine!("transom_cas1", "mov rax, rsi", "lock cmpxchg byte ptr [rdi], dl", "movzx edx, al", "xor eax, eax"),
    routine!("transom_cas2", "mov rax, rsi", "lock cmpxchg word ptr [rdi], dx", "movzx edx, ax", "xor eax, eax"),
    routine!("transom_cas4", "mov rax, rsi", "lock cmpxchg dword ptr [rdi], edx", "mov edx, eax", "xor eax, eax"),
    routine!("transom_cas8", "mov rax, rsi", "lock cmpxchg qword ptr [rdi], rdx", "mov rdx, rax", "xor eax, eax"),
    // rsi: expected, replaced by the old value; rdx: new. Both in the translator's memory.
    ".globl transom_cas16; .hidden transom_cas16",
    "transom_cas16:",
    "mov r8, rbx",
    "mov rbx, [rdx]",
    "mov rcx, [rdx + 8]",
    "mov rax, [rsi]",
    "mov rdx, [rsi + 8]",
    "transom_access_rbx:",
    "lock cmpxchg16b xmmword ptr [rdi]",
    "transom_access_end:",
    "mov [rsi], rax",
    "mov [rsi + 8], rdx",
    "mov rbx, r8",
    "xor eax, eax",
    "ret",
    // rdi: to, rsi: from, rdx: count. Returns how many bytes are left.
    ".globl transom_access_copy; .hidden transom_access_copy",
    "transom_access_copy:",
    "mov rcx, rdx",
    "rep movsb",
    "transom_access_copy_end:",
    "transom_fault_copy:",
    "mov rax, rcx",
    "ret",
    "transom_fault_rbx:",
    "mov rbx, r8",
    "transom_fault_plain:",
    "mov eax, 1",
    "ret",
    ".popsection",
);

#[repr(C)]
struct Loaded {
    fault: u64,
    value: u64,
}

unsafe extern "C" {
    fn transom_load1(from: u64) -> Loaded;
    fn transom_load2(from: u64) -> Loaded;
    fn transom_load4(from: u64) -> Loaded;
    fn transom_load8(from: u64) -> Loaded;
    fn transom_load16(from: u64, to: *mut u128) -> u64;
    fn transom_store1(to: u64, value: u64) -> u64;
    fn transom_store2(to: u64, value: u64) -> u64;
    fn transom_store4(to: u64, value: u64) -> u64;
    fn transom_store8(to: u64, value: u64) -> u64;
    fn transom_store16(to: u64, value: *const u128) -> u64;
    fn transom_cas1(at: u64, expected: u64, new: u64) -> Loaded;
    fn transom_cas2(at: u64, expected: u64, new: u64) -> Loaded;
    fn transom_cas4(at: u64, expected: u64, new: u64) -> Loaded;
    fn transom_cas8(at: u64, expected: u64, new: u64) -> Loaded;
    fn transom_cas16(at: u64, expected: *mut u128, new: *const u128) -> u64;
    pub(crate) fn transom_access_copy(to: u64, from: u64, count: usize) -> usize;
}

fn check(fault: u64) -> Result<(), Fault> {
    if fault == 0 { Ok(()) } else { Err(Fault) }
}

/// Reads a value. One of 1, 2, 4, 8 or 16 bytes is read by one load.
#[inline]
pub fn read<T: Pod>(addr: GuestAddr) -> Result<T, Fault> {
    let mut value = MaybeUninit::<T>::uninit();
    let to = value.as_mut_ptr();
    // SAFETY: the routines write size_of::<T>() bytes to `to` or report a fault; unaligned writes are made as such,
    // and any bytes are a value of a Pod type.
    unsafe {
        match size_of::<T>() {
            1 => load(transom_load1(addr.0), |value| to.cast::<u8>().write(value as u8))?,
            2 => load(transom_load2(addr.0), |value| to.cast::<u16>().write_unaligned(value as u16))?,
            4 => load(transom_load4(addr.0), |value| to.cast::<u32>().write_unaligned(value as u32))?,
            8 => load(transom_load8(addr.0), |value| to.cast::<u64>().write_unaligned(value))?,
            16 => check(transom_load16(addr.0, to.cast()))?,
            n => check(transom_access_copy(to as u64, addr.0, n) as u64)?,
        }
        Ok(value.assume_init())
    }
}

#[inline(always)]
fn load(loaded: Loaded, keep: impl FnOnce(u64)) -> Result<(), Fault> {
    check(loaded.fault)?;
    keep(loaded.value);
    Ok(())
}

/// Writes a value. One of 1, 2, 4, 8 or 16 bytes is written by one store.
#[inline]
pub fn write<T: Pod>(addr: GuestAddr, value: T) -> Result<(), Fault> {
    let from = &raw const value;
    // SAFETY: the routines read size_of::<T>() bytes of `value` and write them to the guest or report a fault.
    unsafe {
        check(match size_of::<T>() {
            1 => transom_store1(addr.0, from.cast::<u8>().read().into()),
            2 => transom_store2(addr.0, from.cast::<u16>().read_unaligned().into()),
            4 => transom_store4(addr.0, from.cast::<u32>().read_unaligned().into()),
            8 => transom_store8(addr.0, from.cast::<u64>().read_unaligned()),
            16 => transom_store16(addr.0, from.cast()),
            n => transom_access_copy(addr.0, from as u64, n) as u64,
        })
    }
}

/// An integer that a locked instruction can compare and swap.
pub trait Atomic: Pod {
    /// Puts `new` at `addr` if `expected` is there; returns what was there.
    fn swap_if(addr: GuestAddr, expected: Self, new: Self) -> Result<Self, Fault>;
}

macro_rules! atomics {
    ($($t:ty => $routine:ident),*) => { $(
        impl Atomic for $t {
            fn swap_if(addr: GuestAddr, expected: Self, new: Self) -> Result<Self, Fault> {
                // SAFETY: the routine touches guest memory alone and reports a fault.
                let old = unsafe { $routine(addr.0, expected.into(), new.into()) };
                check(old.fault)?;
                Ok(old.value as $t)
            }
        }
    )* };
}
atomics!(u8 => transom_cas1, u16 => transom_cas2, u32 => transom_cas4, u64 => transom_cas8);

impl Atomic for u128 {
    /// Faults, as the host instruction does, if `addr` is not a multiple of 16.
    fn swap_if(addr: GuestAddr, expected: u128, new: u128) -> Result<u128, Fault> {
        let mut old = expected;
        // SAFETY: the routine reads `new`, reads and writes `old`, and touches guest memory or reports a fault.
        check(unsafe { transom_cas16(addr.0, &mut old, &new) })?;
        Ok(old)
    }
}

/// Compare-and-swap with sequential consistency: returns the value found, which is `expected` if the swap was made.
#[inline]
pub fn compare_exchange<T: Atomic>(addr: GuestAddr, expected: T, new: T) -> Result<T, Fault> {
    T::swap_if(addr, expected, new)
}

/// Fills `out` from guest memory.
pub fn read_bytes(addr: GuestAddr, out: &mut [u8]) -> Result<(), Fault> {
    if read_some(addr, out) == out.len() { Ok(()) } else { Err(Fault) }
}

/// Fills as much of `out` as can be read from `addr` on; returns how much that was.
pub fn read_some(addr: GuestAddr, out: &mut [u8]) -> usize {
    // SAFETY: the routine writes at most `out.len()` bytes to `out`.
    out.len() - unsafe { transom_access_copy(out.as_mut_ptr() as u64, addr.0, out.len()) }
}

/// Copies `bytes` to guest memory. On a fault a part may have been written, as the kernel's copies do.
pub fn write_bytes(addr: GuestAddr, bytes: &[u8]) -> Result<(), Fault> {
    if write_some(addr, bytes) == bytes.len() { Ok(()) } else { Err(Fault) }
}

/// Copies as much of `bytes` as can be written from `addr` on; returns how much that was.
pub fn write_some(addr: GuestAddr, bytes: &[u8]) -> usize {
    // SAFETY: the routine reads at most `bytes.len()` bytes of `bytes`.
    bytes.len() - unsafe { transom_access_copy(addr.0, bytes.as_ptr() as u64, bytes.len()) }
}

/// What was wrong with a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StrError {
    /// It runs into memory that can't be read.
    Fault,
    /// No terminating zero within the bytes allowed.
    TooLong,
}

/// Reads a zero-terminated string into `out`, terminator included; returns its length without it. Not a byte past
/// the page that holds the terminator is touched.
pub fn read_str_into(addr: GuestAddr, out: &mut [u8]) -> Result<usize, StrError> {
    let mut len = 0;
    while len < out.len() {
        let at = addr.offset(len as u64);
        // Short strings are the rule, so the first piece is small; no piece crosses a page.
        let to_page_end = (PAGE_SIZE - at.0 % PAGE_SIZE) as usize;
        let piece = to_page_end.min(out.len() - len).min(if len == 0 { 64 } else { PAGE_SIZE as usize });
        read_bytes(at, &mut out[len..len + piece]).map_err(|_| StrError::Fault)?;
        if let Some(zero) = out[len..len + piece].iter().position(|&byte| byte == 0) {
            return Ok(len + zero);
        }
        len += piece;
    }
    Err(StrError::TooLong)
}

/// Reads a zero-terminated string of at most `max` bytes, without the terminator.
pub fn read_cstr(addr: GuestAddr, max: usize) -> Result<Vec<u8>, StrError> {
    let mut out = vec![0; max.saturating_add(1).min(256)];
    loop {
        match read_str_into(addr, &mut out) {
            Ok(len) => {
                out.truncate(len);
                return Ok(out);
            }
            Err(StrError::TooLong) if out.len() <= max => out.resize((out.len() * 8).min(max + 1), 0),
            Err(error) => return Err(error),
        }
    }
}
