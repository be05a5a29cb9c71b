//! Table: of system calls, one row a call, in the order of the numbers (asm-generic/unistd.h through Linux 6.18).
//!
//! * `forward(types) => n`: the host's call `n` with the same registers.
//! * `convert(types) => handler`: the host's call, with something translated on the way.
//! * `emulate(types) => handler`: done here or by the run loop.
//! * `absent(types) => "why"`: ENOSYS, and the reason.
//!
//! Dispatch, argument conversion, path look-up in sysroots, strace and docs/syscalls.md derive from the rows.

use crate::abi::Guest;
use crate::abi::{EpollEvent, OpenHow, Rlimit, StackT, Timespec, Timeval};
use crate::args::*;
use crate::dispatch::{Column, Cx, Handler, mask_of};
use crate::handlers::{clone, exec, fd, fs, futex, identity, ipc, memory as mem, net, open, poll, prctl, process};
use crate::handlers::{riscv, seccomp, signal as sig, time, trace, uring};
use crate::outcome::Outcome;
use ::memory::UserPtr;

/// A handler as the table calls it.
pub type Run = fn(&mut Cx<'_>, &[u64; 6]) -> Outcome;

/// What is done with a call.
#[derive(Clone, Copy)]
pub enum Verb {
    /// The host's call of that number.
    Forward(i64),
    /// The host's call with something translated.
    Convert(Run),
    /// Done by the translator.
    Emulate(Run),
    /// Not there, and why.
    Absent(&'static str),
}

/// One call.
pub struct Row {
    /// Its number on the guest.
    pub nr: u16,
    /// Its name.
    pub name: &'static str,
    /// What is done with it.
    pub verb: Verb,
    /// What its arguments are.
    pub args: &'static [Kind],
    /// The one guest that has it, if not both.
    pub only: Option<Guest>,
    /// What falls short of the native call.
    pub note: Option<&'static str>,
    pub(crate) pointers: u8,
    pub(crate) fds: u8,
    pub(crate) paths: u8,
}

impl Row {
    /// The host's call that gets the guest's registers as they are, if that is all there is to it but for the columns below.
    pub fn bare(&self) -> Option<i64> {
        match self.verb {
            Verb::Forward(number) if self.paths == 0 => Some(number),
            _ => None,
        }
    }

    /// Whether an argument is an address.
    pub fn is_pointer(&self, index: usize) -> bool {
        self.pointers >> index & 1 != 0
    }

    /// Whether an argument is a descriptor.
    pub fn is_fd(&self, index: usize) -> bool {
        self.fds >> index & 1 != 0
    }
}

macro_rules! verb {
    (forward $by:expr; $($ty:ty),*) => { Verb::Forward($by) };
    (absent $by:expr; $($ty:ty),*) => { Verb::Absent($by) };
    (convert $by:expr; $($ty:ty),*) => { Verb::Convert(verb!(@run $by; $($ty),*)) };
    (emulate $by:expr; $($ty:ty),*) => { Verb::Emulate(verb!(@run $by; $($ty),*)) };
    (@run $by:expr; $($ty:ty),*) => {{
        fn run(cx: &mut Cx<'_>, registers: &[u64; 6]) -> Outcome {
            let handler: fn(&mut Cx<'_>, $($ty),*) -> _ = $by;
            Handler::<($($ty,)*)>::call(handler, cx, registers)
        }
        run
    }};
}

macro_rules! rows {
    ($( $nr:literal $name:ident $verb:ident($($ty:ty),*) => $by:expr $(, only $only:ident)? $(, note $note:literal)? ; )*) => {
        /// All rows.
        pub static ROWS: &[Row] = &[ $( {
            const KINDS: &[Kind] = &[$(<$ty as Arg>::KIND),*];
            Row {
                nr: $nr,
                name: stringify!($name),
                verb: verb!($verb $by; $($ty),*),
                args: KINDS,
                only: rows!(@option $(Guest::$only)?),
                note: rows!(@option $($note)?),
                pointers: mask_of(KINDS, Column::Pointers),
                fds: mask_of(KINDS, Column::Fds),
                paths: mask_of(KINDS, Column::Paths),
            }
        } ),* ];
        const NUMBERS: &[u16] = &[$($nr),*];
    };
    (@option) => { None };
    (@option $value:expr) => { Some($value) };
}

const END: usize = NUMBERS[NUMBERS.len() - 1] as usize + 1;

/// Number to index of the row; a gap is `u16::MAX`. The order is checked here, at compile time, so that a gap shows.
static INDEX: [u16; END] = {
    let mut index = [u16::MAX; END];
    let mut i = 0;
    while i < NUMBERS.len() {
        assert!(i == 0 || NUMBERS[i - 1] < NUMBERS[i], "rows out of order");
        index[NUMBERS[i] as usize] = i as u16;
        i += 1;
    }
    index
};

/// The row of a call.
#[inline]
pub fn find(nr: u64, guest: Guest) -> Option<&'static Row> {
    let index = *INDEX.get(usize::try_from(nr).ok()?)?;
    ROWS.get(usize::from(index)).filter(|row| row.only.is_none_or(|only| only == guest))
}

rows! {
    0 io_setup forward(UInt, Ptr) => 206;
    1 io_destroy forward(Size) => 207;
    2 io_submit forward(Size, Long, Ptr) => 209;
    3 io_cancel forward(Size, Ptr, Ptr) => 210;
    4 io_getevents forward(Size, Long, Long, Ptr, TimePtr) => 208;
    5 setxattr forward(Path, Str, Ptr, Size, Hex) => 188;
    6 lsetxattr forward(LinkPath, Str, Ptr, Size, Hex) => 189;
    7 fsetxattr forward(Fd, Str, Ptr, Size, Hex) => 190;
    8 getxattr forward(Path, Str, OutBytes, Size) => 191;
    9 lgetxattr forward(LinkPath, Str, OutBytes, Size) => 192;
    10 fgetxattr forward(Fd, Str, OutBytes, Size) => 193;
    11 listxattr forward(Path, OutBytes, Size) => 194;
    12 llistxattr forward(LinkPath, OutBytes, Size) => 195;
    13 flistxattr forward(Fd, OutBytes, Size) => 196;
    14 removexattr forward(Path, Str) => 197;
    15 lremovexattr forward(LinkPath, Str) => 198;
    16 fremovexattr forward(Fd, Str) => 199;
    17 getcwd convert(OutBytes, Size) => fs::getcwd;
    18 lookup_dcookie forward(Size, Ptr, Size) => 212;
    19 eventfd2 forward(UInt, FdFlags) => 290;
    20 epoll_create1 forward(FdFlags) => 291;
    21 epoll_ctl convert(Fd, EpollOp, Fd, UserPtr<EpollEvent>) => poll::epoll_ctl;
    22 epoll_pwait convert(Fd, UserPtr<EpollEvent>, Int, Int, SigSetPtr, Size) => poll::epoll_pwait;
    23 dup forward(Fd) => 32;
    24 dup3 forward(Fd, NewFd, FdFlags) => 292;
    25 fcntl convert(Fd, FcntlCommand, Hex) => fd::fcntl;
    26 inotify_init1 forward(FdFlags) => 294;
    27 inotify_add_watch convert(Fd, OwnPath, Hex) => fs::inotify_add_watch;
    28 inotify_rm_watch forward(Fd, Int) => 255;
    29 ioctl convert(Fd, IoctlRequest, Hex) => fd::ioctl;
    30 ioprio_set forward(Int, Int, Int) => 251;
    31 ioprio_get forward(Int, Int) => 252;
    32 flock forward(Fd, FlockOp) => 73;
    33 mknodat forward(DirFd, NamePath, Mode, Size) => 259;
    34 mkdirat forward(DirFd, NamePath, Mode) => 258;
    35 unlinkat forward(DirFd, NamePath, AtFlags) => 263;
    36 symlinkat forward(Str, DirFd, NamePath) => 266;
    37 linkat forward(DirFd, PathIf<4>, DirFd, NamePath, AtFlags) => 265;
    38 renameat forward(DirFd, NamePath, DirFd, NamePath) => 264, only Aarch64;
    39 umount2 forward(Path, Hex) => 166;
    40 mount convert(Str, OwnPath, Str, Hex, Ptr) => fs::mount;
    41 pivot_root convert(Path, Path) => fs::pivot_root;
    42 nfsservctl absent(Int, Ptr, Ptr) => "removed in Linux 3.1";
    43 statfs forward(Path, StatfsOut) => 137;
    44 fstatfs forward(Fd, StatfsOut) => 138;
    45 truncate forward(Path, Long) => 76;
    46 ftruncate forward(OutFd, Long) => 77;
    47 fallocate forward(OutFd, Hex, Long, Long) => 285;
    48 faccessat forward(DirFd, Path, Access) => 269;
    49 chdir forward(Path) => 80;
    50 fchdir forward(Fd) => 81;
    51 chroot convert(Path) => fs::chroot;
    52 fchmod forward(Fd, Mode) => 91;
    53 fchmodat forward(DirFd, Path, Mode) => 268;
    54 fchownat forward(DirFd, PathUnless<4>, Int, Int, AtFlags) => 260;
    55 fchown forward(Fd, Int, Int) => 93;
    56 openat convert(DirFd, OwnPath, OpenFlags, Mode) => open::openat;
    57 close forward(Fd) => 3;
    58 vhangup forward() => 153;
    59 pipe2 convert(FdPair, OpenFlags) => fd::pipe2;
    60 quotactl forward(Hex, Path, Int, Ptr) => 179;
    61 getdents64 convert(Fd, Ptr, Size) => fs::getdents64;
    62 lseek forward(Fd, Long, Whence) => 8;
    63 read forward(Fd, OutBytes, Size) => 0;
    64 write forward(OutFd, InBytes, Size) => 1;
    65 readv forward(Fd, IoVecs, Size) => 19;
    66 writev forward(OutFd, IovIn, Size) => 20;
    67 pread64 forward(Fd, OutBytes, Size, Long) => 17;
    68 pwrite64 forward(OutFd, InBytes, Size, Long) => 18;
    69 preadv forward(Fd, IoVecs, Size, Long, Long) => 295;
    70 pwritev forward(OutFd, IovIn, Size, Long, Long) => 296;
    71 sendfile forward(OutFd, Fd, OffsetPtr, Size) => 40;
    72 pselect6 convert(Int, Ptr, Ptr, Ptr, TimePtr, Ptr) => poll::pselect6;
    73 ppoll convert(PollFds, Size, TimePtr, SigSetPtr, Size) => poll::ppoll;
    74 signalfd4 forward(Fd, SigSetPtr, Size, FdFlags) => 289;
    75 vmsplice forward(Fd, IoVecs, Size, Hex) => 278;
    76 splice forward(Fd, OffsetPtr, OutFd, OffsetPtr, Size, Hex) => 275;
    77 tee forward(Fd, Fd, Size, Hex) => 276;
    78 readlinkat convert(DirFd, OwnPath, OutBytes, Size) => fs::readlinkat;
    79 newfstatat convert(DirFd, PathUnless<3>, StatOut, AtFlags) => fs::newfstatat;
    80 fstat convert(Fd, StatOut) => fs::fstat;
    81 sync forward() => 162;
    82 fsync forward(Fd) => 74;
    83 fdatasync forward(Fd) => 75;
    84 sync_file_range forward(Fd, Long, Long, Hex) => 277;
    85 timerfd_create forward(ClockId, FdFlags) => 283;
    86 timerfd_settime forward(Fd, TimerFlags, TimerIn, TimerOut) => 286;
    87 timerfd_gettime forward(Fd, TimerOut) => 287;
    88 utimensat forward(DirFd, PathUnless<3>, Times, AtFlags) => 280;
    89 acct forward(Path) => 163;
    90 capget forward(Ptr, Ptr) => 125;
    91 capset forward(Ptr, Ptr) => 126;
    92 personality emulate(UInt) => identity::personality;
    93 exit emulate(Int) => process::exit;
    94 exit_group emulate(Int) => process::exit_group;
    95 waitid convert(Int, Pid, InfoOut, WaitFlags, RusageOut) => trace::waitid;
    96 set_tid_address forward(Addr) => 218;
    97 unshare convert(CloneFlags) => clone::unshare;
    98 futex convert(Addr, FutexOp, UInt, TimePtr, Addr, UInt) => futex::futex;
    99 set_robust_list forward(Addr, Size) => 273;
    100 get_robust_list forward(Pid, Ptr, Ptr) => 274;
    101 nanosleep forward(TimePtr, TimeOut) => 35;
    102 getitimer forward(Itimer, ItimerOut) => 36;
    103 setitimer forward(Itimer, ItimerIn, ItimerOut) => 38;
    104 kexec_load forward(Size, Size, Ptr, Hex) => 246;
    105 init_module forward(Ptr, Size, Str) => 175;
    106 delete_module forward(Str, Hex) => 176;
    107 timer_create forward(Int, Ptr, Ptr) => 222;
    108 timer_gettime forward(Int, TimerOut) => 224;
    109 timer_getoverrun forward(Int) => 225;
    110 timer_settime forward(Int, TimerFlags, TimerIn, TimerOut) => 223;
    111 timer_delete forward(Int) => 226;
    112 clock_settime forward(ClockId, TimePtr) => 227;
    113 clock_gettime emulate(ClockId, UserPtr<Timespec>) => time::clock_gettime;
    114 clock_getres forward(ClockId, TimeOut) => 229;
    115 clock_nanosleep forward(ClockId, TimerFlags, TimePtr, TimeOut) => 230;
    116 syslog forward(Int, Ptr, Int) => 103;
    117 ptrace emulate(PtraceRequest, Pid, Hex, Hex) => trace::ptrace;
    118 sched_setparam forward(Pid, Ptr) => 142;
    119 sched_setscheduler forward(Pid, Int, Ptr) => 144;
    120 sched_getscheduler forward(Pid) => 145;
    121 sched_getparam forward(Pid, Ptr) => 143;
    122 sched_setaffinity forward(Pid, Size, Ptr) => 203;
    123 sched_getaffinity forward(Pid, Size, Ptr) => 204;
    124 sched_yield forward() => 24;
    125 sched_get_priority_max forward(Int) => 146;
    126 sched_get_priority_min forward(Int) => 147;
    127 sched_rr_get_interval forward(Pid, Ptr) => 148;
    128 restart_syscall emulate() => sig::restart_syscall;
    129 kill forward(Pid, Sig) => 62;
    130 tkill forward(Pid, Sig) => 200;
    131 tgkill forward(Pid, Pid, Sig) => 234;
    132 sigaltstack emulate(UserPtr<StackT>, UserPtr<StackT>) => sig::sigaltstack;
    133 rt_sigsuspend convert(SigSetPtr, Size) => sig::rt_sigsuspend;
    134 rt_sigaction emulate(Sig, ActionIn, ActionOut, Size) => sig::rt_sigaction;
    135 rt_sigprocmask emulate(MaskHow, SigSetPtr, SigSetPtr, Size) => sig::rt_sigprocmask;
    136 rt_sigpending convert(SigSetPtr, Size) => sig::rt_sigpending;
    137 rt_sigtimedwait forward(SigSetPtr, InfoOut, TimePtr, Size) => 128;
    138 rt_sigqueueinfo forward(Pid, Sig, InfoIn) => 129;
    139 rt_sigreturn emulate() => sig::rt_sigreturn;
    140 setpriority forward(Int, Int, Int) => 141;
    141 getpriority forward(Int, Int) => 140;
    142 reboot forward(Hex, Hex, Hex, Ptr) => 169;
    143 setregid forward(Int, Int) => 114;
    144 setgid forward(Int) => 106;
    145 setreuid forward(Int, Int) => 113;
    146 setuid forward(Int) => 105;
    147 setresuid forward(Int, Int, Int) => 117;
    148 getresuid forward(IntOut, IntOut, IntOut) => 118;
    149 setresgid forward(Int, Int, Int) => 119;
    150 getresgid forward(IntOut, IntOut, IntOut) => 120;
    151 setfsuid forward(Int) => 122;
    152 setfsgid forward(Int) => 123;
    153 times forward(Ptr) => 100;
    154 setpgid forward(Pid, Pid) => 109;
    155 getpgid forward(Pid) => 121;
    156 getsid forward(Pid) => 124;
    157 setsid forward() => 112;
    158 getgroups forward(Int, Ptr) => 115;
    159 setgroups forward(Int, Ptr) => 116;
    160 uname emulate(UtsOut) => identity::uname;
    161 sethostname forward(Str, Size) => 170;
    162 setdomainname forward(Str, Size) => 171;
    163 getrlimit emulate(Resource, UserPtr<Rlimit>) => process::getrlimit;
    164 setrlimit emulate(Resource, UserPtr<Rlimit>) => process::setrlimit;
    165 getrusage forward(RusageWho, RusageOut) => 98;
    166 umask forward(Mode) => 95;
    167 prctl convert(Int, Hex, Hex, Hex, Hex) => prctl::prctl;
    168 getcpu forward(IntOut, IntOut, Ptr) => 309;
    169 gettimeofday emulate(UserPtr<Timeval>, Ptr) => time::gettimeofday;
    170 settimeofday forward(Ptr, Ptr) => 164;
    171 adjtimex forward(Ptr) => 159;
    172 getpid forward() => 39;
    173 getppid forward() => 110;
    174 getuid forward() => 102;
    175 geteuid forward() => 107;
    176 getgid forward() => 104;
    177 getegid forward() => 108;
    178 gettid forward() => 186;
    179 sysinfo forward(Ptr) => 99;
    180 mq_open convert(Str, OpenFlags, Mode, Ptr) => open::mq_open;
    181 mq_unlink forward(Str) => 241;
    182 mq_timedsend forward(Fd, InBytes, Size, UInt, TimePtr) => 242;
    183 mq_timedreceive forward(Fd, OutBytes, Size, Ptr, TimePtr) => 243;
    184 mq_notify forward(Fd, Ptr) => 244;
    185 mq_getsetattr forward(Fd, Ptr, Ptr) => 245;
    186 msgget forward(Int, Hex) => 68;
    187 msgctl forward(Int, Int, Ptr) => 71;
    188 msgrcv forward(Int, Ptr, Size, Long, Hex) => 70;
    189 msgsnd forward(Int, Ptr, Size, Hex) => 69;
    190 semget forward(Int, Int, Hex) => 64;
    191 semctl convert(Int, Int, Int, Ptr) => ipc::semctl;
    192 semtimedop forward(Int, Ptr, Size, TimePtr) => 220;
    193 semop forward(Int, Ptr, Size) => 65;
    194 shmget forward(Int, Size, Hex) => 29;
    195 shmctl forward(Int, Int, Ptr) => 31;
    196 shmat emulate(Int, Addr, Int) => ipc::shmat;
    197 shmdt emulate(Addr) => ipc::shmdt;
    198 socket forward(Family, SocketType, Int) => 41;
    199 socketpair forward(Family, SocketType, Int, FdPair) => 53;
    200 bind convert(Fd, SockIn, UInt) => net::bind;
    201 listen forward(Fd, Int) => 50;
    202 accept convert(Fd, SockOut, Ptr) => net::accept;
    203 connect convert(Fd, SockIn, UInt) => net::connect;
    204 getsockname convert(Fd, SockOut, Ptr) => net::getsockname;
    205 getpeername convert(Fd, SockOut, Ptr) => net::getpeername;
    206 sendto convert(Fd, InBytes, Size, MsgFlags, SockIn, UInt) => net::sendto;
    207 recvfrom convert(Fd, OutBytes, Size, MsgFlags, SockOut, Ptr) => net::recvfrom;
    208 setsockopt forward(Fd, Int, Int, Ptr, UInt) => 54;
    209 getsockopt forward(Fd, Int, Int, Ptr, Ptr) => 55;
    210 shutdown forward(Fd, ShutdownHow) => 48;
    211 sendmsg convert(Fd, Messages, MsgFlags) => net::sendmsg;
    212 recvmsg forward(Fd, Messages, MsgFlags) => 47;
    213 readahead forward(Fd, Long, Size) => 187;
    214 brk emulate(Addr) => mem::brk;
    215 munmap emulate(Addr, Size) => mem::munmap;
    216 mremap emulate(Addr, Size, Size, MremapFlags, Addr) => mem::mremap;
    217 add_key forward(Str, Str, Ptr, Size, Int) => 248;
    218 request_key forward(Str, Str, Str, Int) => 249;
    219 keyctl forward(Int, Hex, Hex, Hex, Hex) => 250;
    220 clone emulate(CloneFlags, Addr, Addr, Hex, Addr) => clone::clone;
    221 execve emulate(OwnPath, Argv, Envp) => exec::execve;
    222 mmap emulate(Addr, Size, ProtFlags, MapFlags, Fd, Hex) => mem::mmap;
    223 fadvise64 forward(Fd, Long, Long, Int) => 221;
    224 swapon forward(Path, Hex) => 167;
    225 swapoff forward(Path) => 168;
    226 mprotect emulate(Addr, Size, ProtFlags) => mem::mprotect;
    227 msync forward(Addr, Size, Hex) => 26;
    228 mlock forward(Addr, Size) => 149;
    229 munlock forward(Addr, Size) => 150;
    230 mlockall emulate(Int) => mem::mlockall;
    231 munlockall emulate() => mem::munlockall;
    232 mincore forward(Addr, Size, Ptr) => 27;
    233 madvise emulate(Addr, Size, Madvice) => mem::madvise;
    234 remap_file_pages convert(Addr, Size, Int, Size, Hex) => mem::remap_file_pages;
    235 mbind forward(Addr, Size, Int, Ptr, Size, Hex) => 237;
    236 get_mempolicy forward(Ptr, Ptr, Size, Addr, Hex) => 239;
    237 set_mempolicy forward(Int, Ptr, Size) => 238;
    238 migrate_pages forward(Pid, Size, Ptr, Ptr) => 256;
    239 move_pages forward(Pid, Size, Ptr, Ptr, Ptr, Hex) => 279;
    240 rt_tgsigqueueinfo forward(Pid, Pid, Sig, InfoIn) => 297;
    241 perf_event_open forward(Ptr, Pid, Int, Fd, Hex) => 298, note "events count the translated code";
    242 accept4 convert(Fd, SockOut, Ptr, FdFlags) => net::accept4;
    243 recvmmsg forward(Fd, Messages, UInt, MsgFlags, TimePtr) => 299;
    258 riscv_hwprobe emulate(Ptr, Size, Size, Ptr, Hex) => riscv::hwprobe, only Riscv64;
    259 riscv_flush_icache emulate(Addr, Addr, Hex) => riscv::flush_icache, only Riscv64;
    260 wait4 convert(Pid, WaitOut, WaitFlags, RusageOut) => trace::wait4;
    261 prlimit64 emulate(Pid, Resource, UserPtr<Rlimit>, UserPtr<Rlimit>) => process::prlimit64;
    262 fanotify_init convert(Hex, OpenFlags) => open::fanotify_init;
    263 fanotify_mark forward(Fd, Hex, Hex, DirFd, Path) => 301;
    264 name_to_handle_at forward(DirFd, PathIf<4>, Ptr, Ptr, AtFlags) => 303;
    265 open_by_handle_at convert(Fd, Ptr, OpenFlags) => open::open_by_handle_at;
    266 clock_adjtime forward(Int, Ptr) => 305;
    267 syncfs forward(Fd) => 306;
    268 setns forward(Fd, CloneFlags) => 308;
    269 sendmmsg convert(Fd, Messages, UInt, MsgFlags) => net::sendmmsg;
    270 process_vm_readv forward(Pid, IoVecs, Size, Ptr, Size, Hex) => 310;
    271 process_vm_writev forward(Pid, IoVecs, Size, IoVecs, Size, Hex) => 311, note "code of another guest that is watched for writes is EFAULT";
    272 kcmp forward(Pid, Pid, Int, Size, Size) => 312;
    273 finit_module forward(Fd, Str, Hex) => 313;
    274 sched_setattr forward(Pid, Ptr, Hex) => 314;
    275 sched_getattr forward(Pid, Ptr, UInt, Hex) => 315;
    276 renameat2 forward(DirFd, NamePath, DirFd, NamePath, Hex) => 316;
    277 seccomp emulate(Int, Hex, Ptr) => seccomp::seccomp, note "a notification (SECCOMP_RET_USER_NOTIF) has no instruction pointer, and a supervisor of the host's sees numbers of the translator's";
    278 getrandom forward(OutBytes, Size, RandomFlags) => 318;
    279 memfd_create forward(Str, MemfdFlags) => 319;
    280 bpf forward(Int, Ptr, UInt) => 321;
    281 execveat emulate(DirFd, OwnPath, Argv, Envp, AtFlags) => exec::execveat;
    282 userfaultfd forward(Hex) => 323;
    283 membarrier forward(Int, Hex, Int) => 324;
    284 mlock2 forward(Addr, Size, Hex) => 325;
    285 copy_file_range forward(Fd, OffsetPtr, OutFd, OffsetPtr, Size, Hex) => 326;
    286 preadv2 forward(Fd, IoVecs, Size, Long, Long, Hex) => 327;
    287 pwritev2 forward(OutFd, IovIn, Size, Long, Long, Hex) => 328;
    288 pkey_mprotect emulate(Addr, Size, ProtFlags, Int) => mem::pkey_mprotect;
    289 pkey_alloc emulate(Hex, Hex) => mem::pkey_alloc;
    290 pkey_free emulate(Int) => mem::pkey_free;
    291 statx forward(DirFd, PathUnless<2>, AtFlags, Hex, StatxOut) => 332;
    292 io_pgetevents forward(Size, Long, Long, Ptr, TimePtr, Ptr) => 333;
    293 rseq absent(Addr, UInt, Hex, Hex) => "the kernel would compare guest ranges with host program counters";
    294 kexec_file_load forward(Fd, Fd, Size, Str, Hex) => 320;
    424 pidfd_send_signal forward(Fd, Sig, InfoIn, Hex) => 424;
    425 io_uring_setup convert(UInt, Ptr) => uring::io_uring_setup, note "not IORING_SETUP_REGISTERED_FD_ONLY, nor _SQPOLL with _IOPOLL: requests are converted in io_uring_enter, for which the poller of IORING_SETUP_SQPOLL always sleeps";
    426 io_uring_enter convert(Fd, UInt, UInt, Hex, Ptr, Size) => uring::io_uring_enter;
    427 io_uring_register convert(Fd, UInt, Ptr, UInt) => uring::io_uring_register;
    428 open_tree forward(DirFd, Path, Hex) => 428;
    429 move_mount forward(DirFd, Path, DirFd, Path, Hex) => 429;
    430 fsopen forward(Str, Hex) => 430;
    431 fsconfig forward(Fd, UInt, Str, Ptr, Int) => 431;
    432 fsmount forward(Fd, Hex, Hex) => 432;
    433 fspick forward(DirFd, Path, Hex) => 433;
    434 pidfd_open forward(Pid, Hex) => 434;
    435 clone3 emulate(Ptr, Size) => clone::clone3;
    436 close_range convert(UInt, UInt, Hex) => fd::close_range;
    437 openat2 convert(DirFd, OwnPath, UserPtr<OpenHow>, Size) => open::openat2;
    438 pidfd_getfd forward(Fd, Int, Hex) => 438;
    439 faccessat2 forward(DirFd, PathUnless<3>, Access, AtFlags) => 439;
    440 process_madvise forward(Fd, Ptr, Size, Int, Hex) => 440;
    441 epoll_pwait2 convert(Fd, UserPtr<EpollEvent>, Int, TimePtr, SigSetPtr, Size) => poll::epoll_pwait2;
    442 mount_setattr forward(DirFd, PathUnless<2>, AtFlags, Ptr, Size) => 442;
    443 quotactl_fd forward(Fd, Hex, Int, Ptr) => 443;
    444 landlock_create_ruleset forward(Ptr, Size, Hex) => 444;
    445 landlock_add_rule forward(Fd, Int, Ptr, Hex) => 445;
    446 landlock_restrict_self forward(Fd, Hex) => 446;
    447 memfd_secret forward(Hex) => 447;
    448 process_mrelease forward(Fd, Hex) => 448;
    449 futex_waitv forward(Ptr, UInt, Hex, TimePtr, Int) => 449;
    450 set_mempolicy_home_node forward(Addr, Size, Size, Hex) => 450;
    451 cachestat forward(Fd, Ptr, Ptr, Hex) => 451;
    452 fchmodat2 forward(DirFd, PathUnless<3>, Mode, AtFlags) => 452;
    453 map_shadow_stack absent(Addr, Size, Hex) => "no guest CPU with shadow stacks is offered";
    454 futex_wake forward(Addr, Hex, Int, Hex) => 454;
    455 futex_wait forward(Addr, Hex, Hex, Hex, TimePtr, Int) => 455;
    456 futex_requeue forward(Ptr, Hex, Int, Int) => 456;
    457 statmount forward(Ptr, Ptr, Size, Hex) => 457;
    458 listmount forward(Ptr, Ptr, Size, Hex) => 458;
    459 lsm_get_self_attr forward(UInt, Ptr, Ptr, Hex) => 459;
    460 lsm_set_self_attr forward(UInt, Ptr, UInt, Hex) => 460;
    461 lsm_list_modules forward(Ptr, Ptr, Hex) => 461;
    462 mseal convert(Addr, Size, Hex) => mem::mseal;
    463 setxattrat forward(DirFd, PathUnless<2>, AtFlags, Str, Ptr, Size) => 463;
    464 getxattrat forward(DirFd, PathUnless<2>, AtFlags, Str, Ptr, Size) => 464;
    465 listxattrat forward(DirFd, PathUnless<2>, AtFlags, OutBytes, Size) => 465;
    466 removexattrat forward(DirFd, PathUnless<2>, AtFlags, Str) => 466;
    467 open_tree_attr forward(DirFd, Path, Hex, Ptr, Size) => 467;
    468 file_getattr forward(DirFd, PathUnless<4>, Ptr, Size, AtFlags) => 468;
    469 file_setattr forward(DirFd, PathUnless<4>, Ptr, Size, AtFlags) => 469;
}

/// Whether the result is an address, for strace.
pub(crate) fn returns_address(row: &Row) -> bool {
    matches!(row.name, "mmap" | "mremap" | "brk" | "shmat")
}

/// The support table as Markdown, for docs/syscalls.md.
pub fn markdown() -> String {
    let works = ROWS.iter().filter(|row| !matches!(row.verb, Verb::Absent(_))).count();
    let mut out = format!(
        "# System calls\n\nGenerated from the rows of `syscalls/src/table.rs` by `cargo xtask docs`. Of {} calls {works} work.\n\n\
         | number | call | how | remarks |\n|---|---|---|---|\n",
        ROWS.len()
    );
    for row in ROWS {
        let (how, why) = match row.verb {
            Verb::Forward(_) => ("forward", None),
            Verb::Convert(_) => ("convert", None),
            Verb::Emulate(_) => ("emulate", None),
            Verb::Absent(why) => ("absent", Some(why)),
        };
        let only = match row.only {
            Some(Guest::Aarch64) => Some("AArch64 alone"),
            Some(Guest::Riscv64) => Some("RISC-V alone"),
            None => None,
        };
        let remarks: Vec<&str> = [only, why, row.note].into_iter().flatten().collect();
        out.push_str(&format!("| {} | {} | {how} | {} |\n", row.nr, row.name, remarks.join("; ")));
    }
    out
}
