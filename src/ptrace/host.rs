//! The host's ptrace(2), and memory of other processes.

use std::mem::MaybeUninit;

use memory::{Errno, sys};

use super::words::Word;
use crate::signals::Info;

/// What libc has of the registers at a stop.
pub type Registers = libc::user_regs_struct;

/// Makes a request of the host's.
pub fn ptrace(request: u32, tid: i32, addr: u64, data: u64) -> Result<u64, Errno> {
    let args = [request.into(), tid as u64, addr, data, 0, 0];
    // SAFETY: addresses among the arguments are live references of the callers here, or the guest's.
    unsafe { sys::syscall(libc::SYS_ptrace as u64, args) }
}

/// The host's registers of a stopped tracee.
pub fn registers(tid: i32) -> Result<Registers, Errno> {
    let mut registers = MaybeUninit::<Registers>::zeroed();
    ptrace(libc::PTRACE_GETREGS, tid, 0, registers.as_mut_ptr() as u64)?;
    // SAFETY: the kernel filled it in, and any bytes are registers.
    Ok(unsafe { registers.assume_init() })
}

/// The `siginfo_t` of its stop; EINVAL where it stopped with its process.
pub fn info(tid: i32) -> Result<Info, Errno> {
    let mut info = [0; 128];
    ptrace(libc::PTRACE_GETSIGINFO, tid, 0, (&raw mut info) as u64).map(|_| info)
}

/// Sets it.
pub fn set_info(tid: i32, info: &Info) -> Result<(), Errno> {
    ptrace(libc::PTRACE_SETSIGINFO, tid, 0, (&raw const *info) as u64).map(|_| ())
}

/// Has it go on with a signal, 0 for none.
pub fn resume(tid: i32, signal: i32) -> Result<(), Errno> {
    ptrace(libc::PTRACE_CONT, tid, 0, signal as u64).map(|_| ())
}

/// Has a thread that a signal stopped go on with a word instead.
pub fn resume_with(tid: i32, word: Word, info: &Info) -> Result<(), Errno> {
    set_info(tid, &word.disguise(info))?;
    resume(tid, libc::SIGTRAP)
}

/// Sends a thread a word.
pub fn send(tid: i32, word: Word) -> Result<(), Errno> {
    let mut info: Info = [0; 128];
    info[8..12].copy_from_slice(&libc::SI_QUEUE.to_le_bytes());
    let info = word.disguise(&info);
    let group = group_of(tid).unwrap_or(tid);
    let args = [group as u64, tid as u64, libc::SIGTRAP as u64, (&raw const info) as u64, 0, 0];
    // SAFETY: the kernel reads the 128 bytes.
    unsafe { sys::syscall(libc::SYS_rt_tgsigqueueinfo as u64, args) }.map(|_| ())
}

/// Sends a thread a signal.
pub fn kill(tid: i32, signal: i32) -> Result<(), Errno> {
    // SAFETY: the call touches no memory.
    unsafe { sys::syscall(libc::SYS_tkill as u64, [tid as u64, signal as u64, 0, 0, 0, 0]) }.map(|_| ())
}

/// Sends the process of a thread a signal.
pub fn kill_group(tid: i32, signal: i32) -> Result<(), Errno> {
    let group = group_of(tid).ok_or(Errno::ESRCH)?;
    // SAFETY: the call touches no memory.
    unsafe { sys::syscall(libc::SYS_kill as u64, [group as u64, signal as u64, 0, 0, 0, 0]) }.map(|_| ())
}

/// The process of a thread.
fn group_of(tid: i32) -> Option<i32> {
    let status = std::fs::read_to_string(format!("/proc/{tid}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("Tgid:")?.trim().parse().ok())
}

/// What PTRACE_GETEVENTMSG tells.
pub fn message(tid: i32) -> Result<u64, Errno> {
    let mut message = 0u64;
    ptrace(libc::PTRACE_GETEVENTMSG, tid, 0, (&raw mut message) as u64).map(|_| message)
}

/// Waits for that thread alone; 0 if there is nothing to be told.
pub fn wait(tid: i32, flags: i32) -> Result<(i32, i32), Errno> {
    let mut status = 0i32;
    let args = [tid as u64, (&raw mut status) as u64, (flags | libc::__WALL) as u64, 0, 0, 0];
    loop {
        // SAFETY: the kernel writes the status.
        match unsafe { sys::syscall(libc::SYS_wait4 as u64, args) } {
            Err(Errno::EINTR) => {}
            result => return result.map(|tid| (tid as i32, status)),
        }
    }
}

/// Asks whether that thread stands in a stop that nobody was told of yet, and leaves it to be told.
pub fn peek(tid: i32) -> Option<i32> {
    let mut info: Info = [0; 128];
    let flags = libc::WSTOPPED | libc::WNOHANG | libc::WNOWAIT | libc::__WALL;
    let args = [libc::P_PID.into(), tid as u64, (&raw mut info) as u64, flags as u64, 0, 0];
    // SAFETY: the kernel writes the `siginfo_t`.
    unsafe { sys::syscall(libc::SYS_waitid as u64, args) }.ok()?;
    let word = |at: usize| i32::from_le_bytes([info[at], info[at + 1], info[at + 2], info[at + 3]]);
    // si_pid, si_status.
    (word(12 + 4) == tid).then(|| word(24) << 8 | 0x7f)
}

/// Reads a value of a tracee's memory.
pub fn read<T>(tid: i32, addr: u64) -> Result<T, Errno>
where
    T: FromBytes,
{
    let mut value = MaybeUninit::<T>::zeroed();
    copy(libc::SYS_process_vm_readv, tid, value.as_mut_ptr() as u64, addr, size_of::<T>())?;
    // SAFETY: any bytes are a value of these types.
    Ok(unsafe { value.assume_init() })
}

/// Writes a value to a tracee's memory.
pub fn write<T>(tid: i32, addr: u64, value: &T) -> Result<(), Errno>
where
    T: FromBytes,
{
    copy(libc::SYS_process_vm_writev, tid, (&raw const *value) as u64, addr, size_of::<T>())
}

/// Reads bytes of a tracee's memory.
pub fn read_bytes(tid: i32, addr: u64, len: usize) -> Result<Vec<u8>, Errno> {
    let mut bytes = vec![0; len];
    copy(libc::SYS_process_vm_readv, tid, bytes.as_mut_ptr() as u64, addr, len)?;
    Ok(bytes)
}

fn copy(call: i64, tid: i32, own: u64, addr: u64, len: usize) -> Result<(), Errno> {
    let vectors = [[own, len as u64], [addr, len as u64]];
    let [own, other] = [&raw const vectors[0] as u64, &raw const vectors[1] as u64];
    // SAFETY: our own side is a live value of that length; the other's is its own to break.
    let done = unsafe { sys::syscall(call as u64, [tid as u64, own, 1, other, 1, 0]) }?;
    if done == len as u64 { Ok(()) } else { Err(Errno::EFAULT) }
}

/// Types of which any bytes are a value.
///
/// # Safety
/// That must be so.
pub unsafe trait FromBytes {}
// SAFETY: integers.
unsafe impl FromBytes for u32 {}
// SAFETY: integers.
unsafe impl FromBytes for u64 {}
// SAFETY: integers all through.
unsafe impl FromBytes for super::record::Record {}
// SAFETY: integers all through.
unsafe impl FromBytes for ir::GuestState {}
// SAFETY: bytes.
unsafe impl FromBytes for Info {}
