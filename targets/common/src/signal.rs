//! Signal frames: a target lays registers out in bytes as its kernel does; who delivers copies them.

/// The alternate signal stack as `sigaltstack` sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct AltStack {
    /// Lowest address.
    pub sp: u64,
    /// SS_ flags.
    pub flags: u32,
    /// Bytes.
    pub size: u64,
}

/// The registers as the notes of a core file hold them (`elf_gregset_t` and `elf_fpregset_t`).
#[derive(Clone, Debug)]
pub struct CoreRegisters {
    /// NT_PRSTATUS: the general ones.
    pub general: Vec<u8>,
    /// NT_FPREGSET: the floating-point ones.
    pub float: Vec<u8>,
}

/// What an instruction wanted of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Access {
    /// To read it; so too an atomic operation that may not read what it would write.
    Read,
    /// To write it.
    Write,
    /// To fetch an instruction.
    Execute,
}

/// Why memory refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Refused {
    /// Nothing is there.
    Unmapped,
    /// The mapping forbids all access.
    Closed,
    /// The mapping forbids it.
    Protected,
    /// The address is none for this access.
    Misaligned,
}

/// A fault of memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MemoryFault {
    /// Where.
    pub addr: u64,
    /// What for.
    pub access: Access,
    /// Why.
    pub refused: Refused,
}

/// A signal to be delivered.
#[derive(Clone, Copy, Debug)]
pub struct SignalDelivery<'a> {
    /// Number.
    pub signal: u32,
    /// Handler's address.
    pub handler: u64,
    /// `siginfo_t`, as laid out for the guest.
    pub info: &'a [u8; 128],
    /// Where the handler returns to: the action's restorer, or the vDSO's `rt_sigreturn`.
    pub restorer: u64,
    /// Top of the stack the frame goes on: the stack pointer, or the alternate stack's end.
    pub stack: u64,
    /// Signal mask to come back to.
    pub mask: u64,
    /// Alternate stack to record.
    pub altstack: AltStack,
    /// The thread's latest fault, this signal's or an earlier one's (AArch64 stores it in the frame).
    pub fault: Option<MemoryFault>,
}

/// A frame: bytes for the guest's memory at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignalFrame {
    /// Where it goes; the handler's stack pointer.
    pub addr: u64,
    /// What goes there.
    pub bytes: Vec<u8>,
    /// What goes further up, and how far from `addr` that is: what lies between stays as it is.
    pub above: Option<(u64, [u8; 16])>,
}

impl SignalFrame {
    /// Its pieces with their addresses.
    pub fn pieces(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let above = self.above.as_ref().map(|(offset, bytes)| (self.addr.wrapping_add(*offset), bytes.as_slice()));
        std::iter::once((self.addr, self.bytes.as_slice())).chain(above)
    }
}

/// What `rt_sigreturn` restores beside registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignalReturn {
    /// Signal mask.
    pub mask: u64,
    /// Alternate stack.
    pub altstack: AltStack,
}

/// Frames that a backtrace goes back at the most.
const MAX_FRAMES: usize = 64;

/// Follows frame pointers from `frame` up: at the distances given stand the caller's frame pointer and the return
/// address. Stacks grow down, so that a chain that does not go up has ended.
pub fn follow_frames(
    mut frame: u64,
    (next, ret): (i64, i64),
    read: &mut dyn FnMut(u64) -> Option<u64>,
    out: &mut Vec<u64>,
) {
    while out.len() < MAX_FRAMES && frame.is_multiple_of(8) && frame != 0 {
        let at = |distance: i64| frame.wrapping_add_signed(distance);
        let (Some(up), Some(address)) = (read(at(next)), read(at(ret))) else { return };
        if address == 0 {
            return;
        }
        out.push(address);
        if up <= frame {
            return;
        }
        frame = up;
    }
}
