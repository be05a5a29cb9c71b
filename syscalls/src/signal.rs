//! Signals: sets, actions, alternate stacks.
//!
//! The kernel's own queues and masks are the guest's: a guest thread's host mask is its guest mask, but for the
//! signals of [`SigSet::SYNCHRONOUS`], which the translator must be able to take at any time. A host handler stands
//! for a guest handler; it notes the signal and the run loop delivers it at the next instruction border.

use crate::abi::{Abi, SigactionPlain, SigactionRestorer};
use memory::{Errno, GuestAddr, Lock, UserPtr};
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// A signal number, 1 to 64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Signal(u8);

macro_rules! signals {
    ($($name:ident)*) => {
        #[allow(missing_docs, reason = "the names are signal(7)'s")]
        impl Signal {
            $( pub const $name: Signal = Signal(libc::$name as u8); )*

            /// The name as signal(7) has it; none for a real-time signal.
            pub fn name(self) -> Option<&'static str> {
                match i32::from(self.0) { $( libc::$name => Some(stringify!($name)), )* _ => None }
            }
        }
    };
}
signals! {
    SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM
    SIGSTKFLT SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO
    SIGPWR SIGSYS
}

impl Signal {
    /// The signal of that number, if there is one.
    pub fn new(number: i32) -> Option<Signal> {
        (1..=64).contains(&number).then_some(Signal(number as u8))
    }

    /// The number.
    pub fn number(self) -> i32 {
        self.0.into()
    }

    /// What happens when the action is SIG_DFL (signal(7)).
    pub fn default_action(self) -> DefaultAction {
        match self {
            Signal::SIGCHLD | Signal::SIGURG | Signal::SIGWINCH => DefaultAction::Ignore,
            Signal::SIGCONT => DefaultAction::Continue,
            Signal::SIGSTOP | Signal::SIGTSTP | Signal::SIGTTIN | Signal::SIGTTOU => DefaultAction::Stop,
            Signal::SIGQUIT
            | Signal::SIGILL
            | Signal::SIGTRAP
            | Signal::SIGABRT
            | Signal::SIGBUS
            | Signal::SIGFPE
            | Signal::SIGSEGV
            | Signal::SIGXCPU
            | Signal::SIGXFSZ
            | Signal::SIGSYS => DefaultAction::Core,
            _ => DefaultAction::Terminate,
        }
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "SIGRT_{}", self.0 - 32),
        }
    }
}

impl fmt::Debug for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What SIG_DFL means for a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DefaultAction {
    /// End the process.
    Terminate,
    /// End it with a core dump.
    Core,
    /// Nothing.
    Ignore,
    /// Stop it.
    Stop,
    /// Let it go on.
    Continue,
}

/// A set of signals, as the kernel's `sigset_t`: bit n-1 is signal n.
#[derive(Clone, Copy, PartialEq, Eq, Default, Hash)]
#[repr(transparent)]
pub struct SigSet(pub u64);
memory::pod_newtype!(SigSet, u64);

impl SigSet {
    /// No signal.
    pub const EMPTY: SigSet = SigSet(0);
    /// All signals.
    pub const ALL: SigSet = SigSet(!0);
    /// SIGKILL and SIGSTOP, which can't be blocked.
    pub const UNBLOCKABLE: SigSet = SigSet::of(&[Signal::SIGKILL, Signal::SIGSTOP]);
    /// The signals that instructions cause: never blocked on the host, whatever the guest's mask says.
    pub const SYNCHRONOUS: SigSet =
        SigSet::of(&[Signal::SIGSEGV, Signal::SIGBUS, Signal::SIGILL, Signal::SIGFPE, Signal::SIGTRAP]);

    /// The set of the signals listed.
    pub const fn of(signals: &[Signal]) -> SigSet {
        let (mut bits, mut i) = (0, 0);
        while i < signals.len() {
            bits |= 1 << (signals[i].0 - 1);
            i += 1;
        }
        SigSet(bits)
    }

    /// Whether the set has the signal.
    pub const fn contains(self, signal: Signal) -> bool {
        self.0 >> (signal.0 - 1) & 1 != 0
    }

    /// Signals in either set.
    pub const fn union(self, other: SigSet) -> SigSet {
        SigSet(self.0 | other.0)
    }

    /// Signals in this set and not in the other.
    pub const fn without(self, other: SigSet) -> SigSet {
        SigSet(self.0 & !other.0)
    }

    /// The mask that the host is given for this guest mask.
    pub const fn host_mask(self) -> SigSet {
        self.without(SigSet::SYNCHRONOUS)
    }

    /// The set's signals in order.
    pub fn iter(self) -> impl Iterator<Item = Signal> {
        let mut left = self.0;
        std::iter::from_fn(move || {
            let lowest = left.trailing_zeros();
            left &= left.wrapping_sub(1);
            (lowest < 64).then_some(Signal(lowest as u8 + 1))
        })
    }
}

impl fmt::Debug for SigSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// What a guest's action says is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// SIG_DFL.
    Default(DefaultAction),
    /// SIG_IGN.
    Ignore,
    /// Call the handler.
    Handler(GuestAddr),
}

/// A guest's `struct sigaction`, in one form for all guests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Action {
    /// SIG_DFL (0), SIG_IGN (1), or the handler.
    pub handler: u64,
    /// SA_*.
    pub flags: u64,
    /// Guest code that the handler returns to, if the guest's ABI has it and SA_RESTORER is set.
    pub restorer: u64,
    /// Blocked while the handler runs.
    pub mask: SigSet,
}

impl Action {
    /// What is to be done with the signal.
    pub fn disposition(&self, signal: Signal) -> Disposition {
        match self.handler {
            0 => Disposition::Default(signal.default_action()),
            1 => Disposition::Ignore,
            handler => Disposition::Handler(GuestAddr(handler)),
        }
    }

    /// Whether an SA_* flag is set.
    pub fn has(&self, flag: i32) -> bool {
        self.flags & flag as u32 as u64 != 0
    }

    /// What the host's action must be.
    pub fn host(&self) -> HostAction {
        match self.handler {
            0 => HostAction::Default { flags: self.flags },
            1 => HostAction::Ignore { flags: self.flags },
            _ => HostAction::Take { flags: self.flags },
        }
    }

    /// Reads the guest's struct.
    pub fn read(abi: &Abi, from: GuestAddr) -> Result<Action, Errno> {
        if abi.restorer {
            let raw: SigactionRestorer = UserPtr::new(from).read()?;
            Ok(Action { handler: raw.handler, flags: raw.flags, restorer: raw.restorer, mask: raw.mask })
        } else {
            let raw: SigactionPlain = UserPtr::new(from).read()?;
            Ok(Action { handler: raw.handler, flags: raw.flags, restorer: 0, mask: raw.mask })
        }
    }

    /// Writes the guest's struct.
    pub fn write(&self, abi: &Abi, to: GuestAddr) -> Result<(), Errno> {
        let Action { handler, flags, restorer, mask } = *self;
        if abi.restorer {
            UserPtr::new(to).write(SigactionRestorer { handler, flags, restorer, mask })?;
        } else {
            UserPtr::new(to).write(SigactionPlain { handler, flags, mask })?;
        }
        Ok(())
    }
}

/// What the host is to do with a signal. The guest's SA_NOCLDSTOP and SA_NOCLDWAIT go along.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "`flags` are the guest's SA_* in each")]
pub enum HostAction {
    /// SIG_DFL, but for the signals that the translator itself must take.
    Default { flags: u64 },
    /// SIG_IGN, with the same exception.
    Ignore { flags: u64 },
    /// The translator's handler.
    Take { flags: u64 },
}

/// The running machine's side of signal actions.
pub trait HostSignals: Sync {
    /// Makes the host's action for the signal what the guest's new one needs.
    fn set_action(&self, signal: Signal, action: HostAction) -> Result<(), Errno>;
}

/// The guest's actions: shared by the threads of a process, and with CLONE_SIGHAND.
pub struct Actions {
    /// The signals that have handlers, and those that are ignored: what [`crate::shown`] has others see.
    pub(crate) shown: [AtomicU64; 2],
    table: Lock<[Action; 64]>,
}

impl Default for Actions {
    fn default() -> Actions {
        Actions { shown: Default::default(), table: Lock::new([Action::default(); 64]) }
    }
}

impl Actions {
    /// The action of a signal.
    pub fn get(&self, signal: Signal) -> Action {
        self.table.lock()[usize::from(signal.0) - 1]
    }

    /// Sets the action and the host's with it; returns the old one.
    pub fn set(&self, signal: Signal, action: Action, host: &dyn HostSignals) -> Result<Action, Errno> {
        let mut table = self.table.lock();
        let old = table[usize::from(signal.0) - 1];
        if old.host() != action.host() {
            host.set_action(signal, action.host())?;
        }
        table[usize::from(signal.0) - 1] = action;
        self.tell(signal, action.handler);
        Ok(old)
    }

    /// Notes for others what a signal's handler is, while the table is held.
    fn tell(&self, signal: Signal, handler: u64) {
        for (set, is_in) in self.shown.iter().zip([handler > 1, handler == 1]) {
            let others = set.load(Ordering::Relaxed) & !SigSet::of(&[signal]).0;
            set.store(others | u64::from(is_in) << (signal.0 - 1), Ordering::Relaxed);
        }
    }

    /// The signals that have handlers, and those that are ignored.
    pub(crate) fn shown(&self) -> [SigSet; 2] {
        self.shown.each_ref().map(|set| SigSet(set.load(Ordering::Relaxed)))
    }

    /// Notes what the process inherited from execve, without touching the host: SIG_IGN stays.
    pub fn inherit(&self, signal: Signal, action: Action) {
        let mut table = self.table.lock();
        table[usize::from(signal.0) - 1] = action;
        self.tell(signal, action.handler);
    }

    /// The action to deliver by; one with SA_RESETHAND is back to the default then (sigaction(2)).
    pub fn take(&self, signal: Signal, host: &dyn HostSignals) -> Action {
        let mut table = self.table.lock();
        let entry = &mut table[usize::from(signal.0) - 1];
        let action = *entry;
        if action.has(libc::SA_RESETHAND) && action.handler > 1 {
            entry.handler = 0;
            self.tell(signal, 0);
            // A failure leaves our handler in place, which finds the guest's default then.
            let _ = host.set_action(signal, entry.host());
        }
        action
    }

    /// A copy, for a child that does not share the table.
    pub fn copy(&self) -> Actions {
        let table = self.table.lock();
        Actions { shown: self.shown().map(|set| AtomicU64::new(set.0)), table: Lock::new(*table) }
    }

    /// CLONE_CLEAR_SIGHAND (clone3(2)): handlers become the default, what is ignored stays so. The host's actions are
    /// the kernel's to clear, by the same flag.
    pub fn clear_handlers(&self) {
        for action in self.table.lock().iter_mut().filter(|action| action.handler > 1) {
            *action = Action::default();
        }
        self.shown[0].store(0, Ordering::Relaxed);
    }

    /// Holds the table still for a fork.
    pub fn lock_for_fork(&self) -> memory::LockGuard<'_, [Action; 64]> {
        self.table.lock()
    }

    /// Releases the table if a vfork child died holding it.
    pub fn recover_after_vfork(&self) {
        self.table.recover();
    }
}

/// The guest thread's alternate signal stack (sigaltstack(2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AltStack {
    /// Lowest address.
    pub base: GuestAddr,
    /// Bytes; 0 if there is none.
    pub size: u64,
    /// SS_AUTODISARM or nothing.
    pub flags: i32,
}

impl AltStack {
    /// No alternate stack.
    pub const NONE: AltStack = AltStack { base: GuestAddr::NULL, size: 0, flags: 0 };

    /// Whether a thread with that stack pointer runs on it. As the kernel has it, one with SS_AUTODISARM never does.
    pub fn is_running_on(&self, sp: GuestAddr) -> bool {
        self.flags & SS_AUTODISARM == 0 && sp > self.base && sp.since(self.base) <= self.size
    }

    /// Where a frame is pushed for a handler with SA_ONSTACK, if not at the stack pointer.
    pub fn top_for(&self, action: &Action, sp: GuestAddr) -> Option<GuestAddr> {
        let wanted = action.has(libc::SA_ONSTACK) && self.size != 0 && !self.is_running_on(sp);
        wanted.then(|| self.base.offset(self.size))
    }
}

/// SS_AUTODISARM of linux/signal.h.
pub const SS_AUTODISARM: i32 = 1 << 31;
