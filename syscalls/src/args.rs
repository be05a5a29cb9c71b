//! Argument types: how a register becomes a handler's argument, and how strace shows it.

use crate::signal::SigSet;
use memory::{GuestAddr, Pod, UserPtr};

/// When the last link of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Always.
    Always,
    /// Never: the call is about the link, or about a name that must not be there yet.
    Never,
    /// Unless the argument of that index has AT_SYMLINK_NOFOLLOW.
    Unless(usize),
    /// If the argument of that index has AT_SYMLINK_FOLLOW.
    If(usize),
    /// The handler looks the path up itself.
    ByHandler,
}

/// Flag names for strace: (bits, name).
pub type FlagNames = &'static [(u64, &'static str)];

/// What an argument is.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// A descriptor.
    Fd,
    /// The descriptor of a file whose bytes the call changes.
    OutFd,
    /// A descriptor or AT_FDCWD, that the path behind it is relative to.
    DirFd,
    /// Signed 32 bits.
    Int,
    /// Unsigned 32 bits.
    UInt,
    /// Signed 64 bits.
    Long,
    /// Unsigned 64 bits.
    Size,
    /// Bits without names.
    Hex,
    /// File mode.
    Octal,
    /// Path of a file.
    Path(Follow),
    /// Another C string.
    Str,
    /// Address of data that strace does not show.
    Ptr,
    /// Address of `struct iovec`s; their count is the next argument.
    IoVecs,
    /// Address of a message's header, or of several, whose count then is the next argument.
    Messages,
    /// Address of bytes that the kernel reads; their count is the next argument.
    InBytes,
    /// Address of bytes that the kernel writes; their count is the result.
    OutBytes,
    /// A signal's number.
    Signal,
    /// Address of a signal set.
    SigSetPtr,
    /// Address of a `struct timespec`.
    TimespecPtr,
    /// Address of two descriptors that the kernel writes.
    FdPair,
    /// An address in the guest's memory.
    Addr,
    /// Open flags in the guest's numbers.
    OpenFlags,
    /// Flags with names.
    Flags(FlagNames),
}

impl Kind {
    /// Whether it is an address, whose tag the kernel does not look at.
    pub const fn is_pointer(self) -> bool {
        matches!(
            self,
            Kind::Path(_)
                | Kind::Str
                | Kind::Ptr
                | Kind::IoVecs
                | Kind::Messages
                | Kind::InBytes
                | Kind::OutBytes
                | Kind::SigSetPtr
                | Kind::TimespecPtr
                | Kind::FdPair
                | Kind::Addr
        )
    }
}

/// A handler's argument.
pub trait Arg {
    /// What it is.
    const KIND: Kind;
    /// Takes it out of the register.
    fn from_register(raw: u64) -> Self;
}

macro_rules! args {
    ($($(#[$meta:meta])* $name:ident($inner:ty) = $kind:expr;)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        #[allow(dead_code, reason = "arguments of forwarded calls are only named in the table")]
        pub struct $name(pub $inner);
        impl Arg for $name {
            const KIND: Kind = $kind;
            fn from_register(raw: u64) -> $name {
                $name(raw as $inner)
            }
        }
    )* };
}

macro_rules! pointers {
    ($($(#[$meta:meta])* $name:ident = $kind:expr;)*) => { $(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        #[allow(dead_code, reason = "arguments of forwarded calls are only named in the table")]
        pub struct $name(pub GuestAddr);
        impl Arg for $name {
            const KIND: Kind = $kind;
            fn from_register(raw: u64) -> $name {
                $name(GuestAddr(raw))
            }
        }
    )* };
}

args! {
    /// A descriptor.
    Fd(i32) = Kind::Fd;
    /// A descriptor of what is written to.
    OutFd(i32) = Kind::OutFd;
    /// A directory's descriptor or AT_FDCWD.
    DirFd(i32) = Kind::DirFd;
    /// `int`.
    Int(i32) = Kind::Int;
    /// `unsigned`.
    UInt(u32) = Kind::UInt;
    /// `long`, `off_t`.
    Long(i64) = Kind::Long;
    /// `size_t`, `unsigned long`.
    Size(u64) = Kind::Size;
    /// Bits.
    Hex(u64) = Kind::Hex;
    /// `mode_t`.
    Mode(u32) = Kind::Octal;
    /// A process, thread, group.
    Pid(i32) = Kind::Int;
    /// A signal.
    Sig(i32) = Kind::Signal;
    /// Open flags in the guest's numbers.
    OpenFlags(u32) = Kind::OpenFlags;
    /// AT_* flags.
    AtFlags(u32) = Kind::Flags(crate::strace::flags::AT);
    /// PROT_*.
    ProtFlags(u32) = Kind::Flags(crate::strace::flags::PROT);
    /// MAP_*.
    MapFlags(i32) = Kind::Flags(crate::strace::flags::MAP);
    /// CLONE_*.
    CloneFlags(u64) = Kind::Flags(crate::strace::flags::CLONE);
    /// MSG_*.
    MsgFlags(u32) = Kind::Flags(crate::strace::flags::MSG);
    /// FUTEX_*.
    FutexOp(i32) = Kind::Flags(crate::strace::flags::FUTEX);
    /// SIG_BLOCK and its like.
    MaskHow(i32) = Kind::Flags(crate::strace::flags::MASK_HOW);
}

pointers! {
    /// A path whose last link is followed.
    Path = Kind::Path(Follow::Always);
    /// A path whose last link is not followed.
    LinkPath = Kind::Path(Follow::Never);
    /// A path that the handler looks up.
    OwnPath = Kind::Path(Follow::ByHandler);
    /// Another string.
    Str = Kind::Str;
    /// Data.
    Ptr = Kind::Ptr;
    /// `struct iovec`s.
    IoVecs = Kind::IoVecs;
    /// Message headers.
    Messages = Kind::Messages;
    /// Bytes to the kernel.
    InBytes = Kind::InBytes;
    /// Bytes from the kernel.
    OutBytes = Kind::OutBytes;
    /// `struct timespec`.
    TimePtr = Kind::TimespecPtr;
    /// Two descriptors.
    FdPair = Kind::FdPair;
    /// A place in memory.
    Addr = Kind::Addr;
}

/// A path that is not followed at its end if argument `FLAGS` has AT_SYMLINK_NOFOLLOW.
#[derive(Clone, Copy, Debug)]
pub struct PathUnless<const FLAGS: usize>(pub GuestAddr);
impl<const FLAGS: usize> Arg for PathUnless<FLAGS> {
    const KIND: Kind = Kind::Path(Follow::Unless(FLAGS));
    fn from_register(raw: u64) -> Self {
        PathUnless(GuestAddr(raw))
    }
}

/// A path that is followed at its end only if argument `FLAGS` has AT_SYMLINK_FOLLOW.
#[derive(Clone, Copy, Debug)]
#[allow(dead_code, reason = "only named in the table")]
pub struct PathIf<const FLAGS: usize>(pub GuestAddr);
impl<const FLAGS: usize> Arg for PathIf<FLAGS> {
    const KIND: Kind = Kind::Path(Follow::If(FLAGS));
    fn from_register(raw: u64) -> Self {
        PathIf(GuestAddr(raw))
    }
}

/// A signal set in the guest's memory.
pub type SigSetPtr = UserPtr<SigSet>;

impl<T: Pod + Shown> Arg for UserPtr<T> {
    const KIND: Kind = T::KIND;
    fn from_register(raw: u64) -> Self {
        UserPtr::new(GuestAddr(raw))
    }
}

/// How strace shows what a typed pointer points to.
pub trait Shown {
    /// The kind.
    const KIND: Kind = Kind::Ptr;
}
impl Shown for SigSet {
    const KIND: Kind = Kind::SigSetPtr;
}
impl Shown for crate::abi::Timespec {
    const KIND: Kind = Kind::TimespecPtr;
}
macro_rules! shown {
    ($($t:ty),*) => { $( impl Shown for $t {} )* };
}
shown!(
    u8,
    i32,
    u32,
    u64,
    i64,
    crate::abi::Timeval,
    crate::abi::Rlimit,
    crate::abi::StackT,
    crate::abi::EpollEvent,
    crate::abi::OpenHow
);
