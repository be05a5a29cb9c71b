//! The main thread's stack and what the kernel puts on it (fs/exec.c, fs/binfmt_elf.c).

use std::ffi::CString;

use memory::space::{MapRequest, Name, place};
use memory::{AddressSpace, Errno, GuestAddr, Prot, Range};
use target::Target;

use super::auxv::{self, Facts, Strings};

/// What a program is started with.
#[derive(Clone, Debug, Default)]
pub struct Start {
    /// The name it was run by (AT_EXECFN).
    pub execfn: CString,
    /// Its arguments.
    pub args: Vec<CString>,
    /// Its environment.
    pub env: Vec<CString>,
    /// Its random bytes.
    pub random: [u8; 16],
}

/// Where things ended up.
#[derive(Clone, Debug)]
pub struct Stack {
    /// The initial stack pointer.
    pub sp: GuestAddr,
    /// The arguments' bytes, /proc/self/cmdline.
    pub args: Range,
    /// The environment's bytes, /proc/self/environ.
    pub env: Range,
    /// The auxiliary vector, /proc/self/auxv.
    pub auxv: Vec<u64>,
}

/// Writes from the stack's top downwards.
struct Pusher {
    at: GuestAddr,
    /// The lowest address it may reach: a quarter of the stack is for arguments (execve(2)).
    floor: GuestAddr,
}

impl Pusher {
    fn bytes(&mut self, bytes: &[u8]) -> Result<GuestAddr, Errno> {
        let at = self.at.0.checked_sub(bytes.len() as u64).filter(|&at| at >= self.floor.0).ok_or(Errno::E2BIG)?;
        self.at = GuestAddr(at);
        memory::write_bytes(self.at, bytes)?;
        Ok(self.at)
    }

    /// Strings in ascending order, the last one highest; their addresses.
    fn strings(&mut self, strings: &[CString]) -> Result<Vec<u64>, Errno> {
        let mut addresses = vec![0; strings.len()];
        for (address, string) in addresses.iter_mut().zip(strings).rev() {
            *address = self.bytes(string.as_bytes_with_nul())?.0;
        }
        Ok(addresses)
    }
}

/// Maps the stack, as large as RLIMIT_STACK lets it grow.
pub fn map(space: &AddressSpace, limit: u64, executable: bool) -> Result<Range, Errno> {
    let size = place::stack_size(limit);
    let top = space.layout().stack_top;
    let mut prot = Prot::READ | Prot::WRITE;
    prot.set(Prot::EXEC, executable);
    let mut request = MapRequest::anonymous(GuestAddr(top.0 - size), size, prot);
    // Not a byte of it is promised before it is touched.
    request.flags |= libc::MAP_NORESERVE | libc::MAP_STACK;
    let _nothing_translated_yet = space.mmap(request)?;
    let range = Range { start: request.addr, end: top };
    space.set_name(range, Name::Stack);
    Ok(range)
}

/// Fills the stack for a program that starts.
pub fn fill(stack: Range, target: &dyn Target, facts: &Facts, start: &Start) -> Result<Stack, Errno> {
    let floor = GuestAddr(stack.end.0 - (stack.len() / 4 * 3).min(6 << 20));
    // The topmost word stays empty.
    let mut push = Pusher { at: GuestAddr(stack.end.0 - 8), floor };
    let execfn = push.bytes(start.execfn.as_bytes_with_nul())?;
    let env_end = push.at;
    let env = push.strings(&start.env)?;
    let args_end = push.at;
    let args = push.strings(&start.args)?;
    let args_start = push.at;
    push.at = push.at.align_down(16);
    let platform = match target.platform() {
        Some(name) => Some(push.bytes(&[name.as_bytes(), b"\0"].concat())?.0),
        None => None,
    };
    let random = push.bytes(&start.random)?.0;
    let auxv = auxv::build(target, facts, Strings { random, execfn: execfn.0, platform });

    let mut words = vec![args.len() as u64];
    words.extend_from_slice(&args);
    words.push(0);
    words.extend_from_slice(&env);
    words.push(0);
    words.extend_from_slice(&auxv);
    // Both psABIs want the stack pointer at a multiple of 16.
    push.at = GuestAddr(push.at.align_down(16).0 - words.len() as u64 % 2 * 8);
    let sp = push.bytes(memory::bytes_of_slice(&words))?;
    Ok(Stack {
        sp,
        args: Range { start: args_start, end: args_end },
        env: Range { start: args_end, end: env_end },
        auxv,
    })
}
