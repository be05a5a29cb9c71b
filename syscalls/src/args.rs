//! Argument types: how a register becomes a handler's argument, and how strace shows it.

use crate::signal::SigSet;
use crate::strace::flags;
use crate::strace::structs::{self, Shape};
use memory::{GuestAddr, Pod, UserPtr};

/// When the last link of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// Always.
    Always,
    /// Never: the call is about the link.
    Never,
    /// Never, a slash behind it or not: the call makes, removes or moves a name.
    Name,
    /// Unless the argument of that index has AT_SYMLINK_NOFOLLOW.
    Unless(usize),
    /// If the argument of that index has AT_SYMLINK_FOLLOW.
    If(usize),
    /// The handler looks the path up itself.
    ByHandler,
}

/// Flag names for strace: (bits, name).
pub type FlagNames = &'static [(u64, &'static str)];

/// Which way data goes, as the kernel sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The kernel reads it.
    In,
    /// The kernel fills it in.
    Out,
}

/// What an argument is.
#[derive(Clone, Copy)]
pub enum Kind {
    /// A descriptor.
    Fd,
    /// The descriptor of a file whose bytes the call changes.
    OutFd,
    /// The number that a descriptor is to have.
    NewFd,
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
    /// Address of a structure.
    Struct(Way, &'static Shape),
    /// Address of structures; their count is the next argument, or the result where the kernel fills them in.
    Array(Way, &'static Shape),
    /// Address of `struct iovec`s that the kernel reads from; their count is the next argument.
    Iov,
    /// A socket's address; its length, or where that is, is the next argument.
    SockAddr(Way),
    /// Address of a `struct sigaction`.
    SigAction(Way),
    /// Address of a program's arguments.
    Argv,
    /// Address of a program's environment.
    Envp,
    /// Address of two descriptors that the kernel writes.
    FdPair,
    /// An address in the guest's memory.
    Addr,
    /// Open flags in the guest's numbers.
    OpenFlags,
    /// Flags with names.
    Flags(FlagNames),
    /// One of several numbers with names.
    Choice(FlagNames),
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
                | Kind::Struct(..)
                | Kind::Array(..)
                | Kind::Iov
                | Kind::SockAddr(_)
                | Kind::SigAction(_)
                | Kind::Argv
                | Kind::Envp
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
    /// A number for a descriptor.
    NewFd(i32) = Kind::NewFd;
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
    AtFlags(u32) = Kind::Flags(flags::AT);
    /// PROT_*.
    ProtFlags(u32) = Kind::Flags(flags::PROT);
    /// MAP_*.
    MapFlags(i32) = Kind::Flags(flags::MAP);
    /// CLONE_*.
    CloneFlags(u64) = Kind::Flags(flags::CLONE);
    /// MSG_*.
    MsgFlags(u32) = Kind::Flags(flags::MSG);
    /// FUTEX_*.
    FutexOp(i32) = Kind::Choice(flags::FUTEX);
    /// SIG_BLOCK and its like.
    MaskHow(i32) = Kind::Choice(flags::MASK_HOW);
    /// SEEK_*.
    Whence(i32) = Kind::Choice(flags::WHENCE);
    /// R_OK and its like.
    Access(i32) = Kind::Flags(flags::ACCESS);
    /// CLOCK_*.
    ClockId(i32) = Kind::Choice(flags::CLOCKS);
    /// TIMER_*.
    TimerFlags(i32) = Kind::Flags(flags::TIMER);
    /// ITIMER_*.
    Itimer(i32) = Kind::Choice(flags::ITIMER);
    /// RLIMIT_*.
    Resource(i32) = Kind::Choice(flags::RESOURCES);
    /// RUSAGE_*.
    RusageWho(i32) = Kind::Choice(flags::RUSAGE_WHO);
    /// Options of wait.
    WaitFlags(u32) = Kind::Flags(flags::WAIT);
    /// F_*.
    FcntlCommand(i32) = Kind::Choice(flags::FCNTL);
    /// PTRACE_*.
    PtraceRequest(i32) = Kind::Choice(flags::PTRACE);
    /// Requests of ioctl.
    IoctlRequest(u64) = Kind::Choice(flags::IOCTL);
    /// MADV_*.
    Madvice(i32) = Kind::Choice(flags::MADVICE);
    /// MREMAP_*.
    MremapFlags(i32) = Kind::Flags(flags::MREMAP);
    /// GRND_*.
    RandomFlags(u32) = Kind::Flags(flags::RANDOM);
    /// MFD_*.
    MemfdFlags(u32) = Kind::Flags(flags::MEMFD);
    /// Flags of new descriptors.
    FdFlags(u32) = Kind::Flags(flags::FD);
    /// EPOLL_CTL_*.
    EpollOp(i32) = Kind::Choice(flags::EPOLL_OPS);
    /// AF_*.
    Family(i32) = Kind::Choice(flags::FAMILIES);
    /// SOCK_*.
    SocketType(u32) = Kind::Flags(flags::SOCKETS);
    /// SHUT_*.
    ShutdownHow(i32) = Kind::Choice(flags::SHUTDOWN);
    /// LOCK_*.
    FlockOp(i32) = Kind::Flags(flags::FLOCK);
}

pointers! {
    /// A path whose last link is followed.
    Path = Kind::Path(Follow::Always);
    /// A path whose last link is not followed.
    LinkPath = Kind::Path(Follow::Never);
    /// A path whose last name is made, removed or moved.
    NamePath = Kind::Path(Follow::Name);
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
    TimePtr = Kind::Struct(Way::In, &structs::TIMESPEC);
    /// `struct timespec` that the kernel fills in.
    TimeOut = Kind::Struct(Way::Out, &structs::TIMESPEC);
    /// Two times, of access and modification.
    Times = Kind::Struct(Way::In, &structs::TIMES);
    /// `struct stat`.
    StatOut = Kind::Struct(Way::Out, &structs::STAT);
    /// `struct statx`.
    StatxOut = Kind::Struct(Way::Out, &structs::STATX);
    /// `struct statfs`.
    StatfsOut = Kind::Struct(Way::Out, &structs::STATFS);
    /// `struct itimerspec`.
    TimerIn = Kind::Struct(Way::In, &structs::ITIMERSPEC);
    /// `struct itimerspec` that the kernel fills in.
    TimerOut = Kind::Struct(Way::Out, &structs::ITIMERSPEC);
    /// `struct itimerval`.
    ItimerIn = Kind::Struct(Way::In, &structs::ITIMERVAL);
    /// `struct itimerval` that the kernel fills in.
    ItimerOut = Kind::Struct(Way::Out, &structs::ITIMERVAL);
    /// What wait tells of a child.
    WaitOut = Kind::Struct(Way::Out, &structs::WAIT_STATUS);
    /// `struct rusage`.
    RusageOut = Kind::Struct(Way::Out, &structs::RUSAGE);
    /// `siginfo_t`.
    InfoOut = Kind::Struct(Way::Out, &structs::SIGINFO);
    /// `siginfo_t` that the kernel reads.
    InfoIn = Kind::Struct(Way::In, &structs::SIGINFO);
    /// `struct new_utsname`.
    UtsOut = Kind::Struct(Way::Out, &structs::UTSNAME);
    /// An offset, which the kernel moves.
    OffsetPtr = Kind::Struct(Way::In, &structs::LONG);
    /// An `int` that the kernel fills in.
    IntOut = Kind::Struct(Way::Out, &structs::INT);
    /// `struct pollfd`s.
    PollFds = Kind::Array(Way::In, &structs::POLLFD);
    /// `struct iovec`s whose bytes the kernel reads.
    IovIn = Kind::Iov;
    /// A socket's address.
    SockIn = Kind::SockAddr(Way::In);
    /// A socket's address that the kernel fills in.
    SockOut = Kind::SockAddr(Way::Out);
    /// `struct sigaction`.
    ActionIn = Kind::SigAction(Way::In);
    /// `struct sigaction` that the kernel fills in.
    ActionOut = Kind::SigAction(Way::Out);
    /// A program's arguments.
    Argv = Kind::Argv;
    /// A program's environment.
    Envp = Kind::Envp;
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
    const KIND: Kind = Kind::Struct(Way::Out, &structs::TIMESPEC);
}
macro_rules! shown {
    ($($t:ty $(= $way:ident $shape:ident)?),*) => { $( impl Shown for $t { $( const KIND: Kind = Kind::Struct(Way::$way, &structs::$shape); )? } )* };
}
shown!(
    u8,
    i32,
    u32,
    u64,
    i64,
    crate::abi::Timeval = Out TIMEVAL,
    crate::abi::StackT = Out STACK,
    crate::abi::Rlimit = Out RLIMIT,
    crate::abi::EpollEvent = Out EPOLL_EVENT,
    crate::abi::OpenHow
);
