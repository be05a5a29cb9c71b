//! What differs between the guests' system-call interfaces.
//!
//! Both use the generic table and the asm-generic layouts; what is left is here, as data.

use crate::signal::SigSet;

/// Which guest a row of the table is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guest {
    /// AArch64.
    Aarch64,
    /// RISC-V, 64 bits.
    Riscv64,
}

/// One guest's interface.
#[derive(Debug)]
pub struct Abi {
    /// Which rows of the table it has.
    pub guest: Guest,
    /// utsname.machine.
    pub machine: &'static str,
    /// Open flags whose numbers differ from the host's: (guest, host).
    pub open_flags: &'static [(u32, u32)],
    /// Whether `struct sigaction` has sa_restorer (SA_RESTORER).
    pub restorer: bool,
    /// Smallest alternate signal stack (MINSIGSTKSZ).
    pub min_signal_stack: u64,
    /// Bits of the tags that system calls leave out of account in pointers whatever a program asks for: AArch64 ignores
    /// the top byte (tagged-address-abi.rst).
    pub tag_bits: u32,
    /// Bits of mmap's protection beside PROT_READ, WRITE and EXEC that are accepted without effect.
    pub extra_prot: u32,
    /// Bits of the personality that an execve clears (SET_PERSONALITY in arch/*/include/asm/elf.h).
    pub cleared_personality: u32,
    /// AUDIT_ARCH_*, as seccomp and audit name the guest.
    pub audit_arch: u32,
}

/// asm/fcntl.h of arm64: four flags have the numbers of the old 32-bit ABI.
const AARCH64_OPEN: &[(u32, u32)] = &[
    (0o40000, libc::O_DIRECTORY as u32),
    (0o100000, libc::O_NOFOLLOW as u32),
    (0o200000, libc::O_DIRECT as u32),
    (0o400000, 0o100000), // O_LARGEFILE, which libc has as 0 on 64-bit hosts
];

/// AArch64 Linux.
pub static AARCH64: Abi = Abi {
    guest: Guest::Aarch64,
    machine: "aarch64",
    open_flags: AARCH64_OPEN,
    restorer: true,
    min_signal_stack: 5120,
    tag_bits: 8,
    extra_prot: 0x10, // PROT_BTI
    cleared_personality: libc::READ_IMPLIES_EXEC as u32,
    audit_arch: 0xc000_00b7,
};

/// RISC-V Linux, 64 bits.
pub static RISCV64: Abi = Abi {
    guest: Guest::Riscv64,
    machine: "riscv64",
    open_flags: &[],
    restorer: false,
    min_signal_stack: 2048,
    tag_bits: 0,
    extra_prot: 0,
    cleared_personality: 0xff, // PER_MASK
    audit_arch: 0xc000_00f3,
};

impl Abi {
    /// Guest open flags in the host's numbers.
    pub fn open_flags_to_host(&self, guest: u32) -> u32 {
        translate(guest, self.open_flags.iter().copied())
    }

    /// Host open flags in the guest's numbers.
    pub fn open_flags_to_guest(&self, host: u32) -> u32 {
        translate(host, self.open_flags.iter().map(|&(guest, host)| (host, guest)))
    }
}

fn translate(flags: u32, pairs: impl Iterator<Item = (u32, u32)>) -> u32 {
    let (mut known, mut translated) = (0, 0);
    for (from, to) in pairs {
        known |= from;
        if flags & from == from {
            translated |= to;
        }
    }
    flags & !known | translated
}

memory::abi_struct! {
    /// `struct stat` of asm-generic/stat.h.
    pub struct Stat: 128 {
        pub dev: u64,
        pub ino: u64,
        pub mode: u32,
        pub nlink: u32,
        pub uid: u32,
        pub gid: u32,
        pub rdev: u64,
        pub pad1: u64,
        pub size: i64,
        pub blksize: i32,
        pub pad2: i32,
        pub blocks: i64,
        pub atime: i64,
        pub atime_nsec: u64,
        pub mtime: i64,
        pub mtime_nsec: u64,
        pub ctime: i64,
        pub ctime_nsec: u64,
        pub unused: [u32; 2],
    }

    /// `struct epoll_event`: not packed, as it is on x86-64.
    pub struct EpollEvent: 16 {
        pub events: u32,
        pub pad: u32,
        pub data: u64,
    }

    /// `struct io_uring_sqe` (linux/io_uring.h); the names are those of its most used members.
    pub struct IoUringSqe: 64 {
        pub opcode: u8,
        pub flags: u8,
        pub ioprio: u16,
        pub fd: i32,
        pub off: u64,
        pub addr: u64,
        pub len: u32,
        pub op_flags: u32,
        pub rest: [u64; 4],
    }

    /// `struct io_sqring_offsets`.
    pub struct IoSqringOffsets: 40 {
        pub head: u32,
        pub tail: u32,
        pub ring_mask: u32,
        pub ring_entries: u32,
        pub flags: u32,
        pub dropped: u32,
        pub array: u32,
        pub resv1: u32,
        pub user_addr: u64,
    }

    /// `struct io_cqring_offsets`.
    pub struct IoCqringOffsets: 40 {
        pub head: u32,
        pub tail: u32,
        pub ring_mask: u32,
        pub ring_entries: u32,
        pub overflow: u32,
        pub cqes: u32,
        pub flags: u32,
        pub resv1: u32,
        pub user_addr: u64,
    }

    /// `struct io_uring_params`.
    pub struct IoUringParams: 120 {
        pub sq_entries: u32,
        pub cq_entries: u32,
        pub flags: u32,
        pub sq_thread_cpu: u32,
        pub sq_thread_idle: u32,
        pub features: u32,
        pub wq_fd: u32,
        pub resv: [u32; 3],
        pub sq_off: IoSqringOffsets,
        pub cq_off: IoCqringOffsets,
    }

    /// `struct io_uring_probe_op`.
    pub struct IoUringProbeOp: 8 {
        pub op: u8,
        pub resv: u8,
        pub flags: u16,
        pub resv2: u32,
    }

    /// `struct timespec` and `__kernel_timespec`.
    pub struct Timespec: 16 {
        pub sec: i64,
        pub nsec: i64,
    }

    /// `struct timeval`.
    pub struct Timeval: 16 {
        pub sec: i64,
        pub usec: i64,
    }

    /// `struct rlimit64`.
    pub struct Rlimit: 16 {
        pub current: u64,
        pub maximum: u64,
    }

    /// The kernel's `struct sigaction` of a guest without SA_RESTORER.
    pub struct SigactionPlain: 24 {
        pub handler: u64,
        pub flags: u64,
        pub mask: SigSet,
    }

    /// The kernel's `struct sigaction` of a guest with SA_RESTORER.
    pub struct SigactionRestorer: 32 {
        pub handler: u64,
        pub flags: u64,
        pub restorer: u64,
        pub mask: SigSet,
    }

    /// `stack_t`.
    pub struct StackT: 24 {
        pub sp: u64,
        pub flags: i32,
        pub pad: i32,
        pub size: u64,
    }

    /// `struct ipc64_perm` of asm-generic/ipcbuf.h, which x86-64 shares.
    pub struct IpcPerm: 48 {
        pub key: i32,
        pub ids: [u32; 4],
        pub mode: u32,
        pub seq: u16,
        pub pad: [u16; 3],
        pub unused: [u64; 2],
    }

    /// `struct semid64_ds` of asm-generic/sembuf.h. x86-64 has a spare word behind each of the two times.
    pub struct SemidDs: 88 {
        pub perm: IpcPerm,
        pub otime: i64,
        pub ctime: i64,
        pub nsems: u64,
        pub unused: [u64; 2],
    }

    /// `struct open_how` (openat2(2)).
    pub struct OpenHow: 24 {
        pub flags: u64,
        pub mode: u64,
        pub resolve: u64,
    }

    /// `struct clone_args` (clone3(2)).
    pub struct CloneArgs: 88 {
        pub flags: u64,
        pub pidfd: u64,
        pub child_tid: u64,
        pub parent_tid: u64,
        pub exit_signal: u64,
        pub stack: u64,
        pub stack_size: u64,
        pub tls: u64,
        pub set_tid: u64,
        pub set_tid_size: u64,
        pub cgroup: u64,
    }

    /// `struct new_utsname`.
    pub struct Utsname: 390 {
        pub sysname: [u8; 65],
        pub nodename: [u8; 65],
        pub release: [u8; 65],
        pub version: [u8; 65],
        pub machine: [u8; 65],
        pub domainname: [u8; 65],
    }
}
