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
    /// The faulting address where the signal comes from a memory access (AArch64 stores it in the frame).
    pub fault_address: u64,
}

/// A frame: bytes for the guest's memory at an address.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignalFrame {
    /// Where it goes; the handler's stack pointer.
    pub addr: u64,
    /// What goes there.
    pub bytes: Vec<u8>,
}

/// What `rt_sigreturn` restores beside registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SignalReturn {
    /// Signal mask.
    pub mask: u64,
    /// Alternate stack.
    pub altstack: AltStack,
}
