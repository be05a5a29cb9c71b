//! A guest process and its threads, as far as system calls know them.

use crate::abi::Abi;
use crate::hidden::{HiddenFd, HiddenFds};
use crate::limits::GuestLimits;
use crate::paths::Roots;
use crate::seccomp;
use crate::signal::{Actions, AltStack, HostSignals, SigSet};
use crate::strace::Strace;
use crate::tagging::{self, Tagging};
use crate::uring::Rings;
use crate::user_dispatch::UserDispatch;
use memory::{AddressSpace, GuestAddr};
use std::ffi::CString;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

/// What is shared by the threads of a guest process.
pub struct Process {
    /// The guest's interface.
    pub abi: &'static Abi,
    /// Its memory; shared with a child made with CLONE_VM.
    pub space: Arc<AddressSpace>,
    /// Its signal actions; shared with a child made with CLONE_SIGHAND.
    pub actions: Arc<Actions>,
    /// The host's side of them.
    pub host_signals: &'static dyn HostSignals,
    /// The program that runs.
    pub image: Arc<Image>,
    /// The roots of `-L`.
    pub roots: Arc<Roots>,
    /// The translator's own descriptors; shared with a child made with CLONE_VM and CLONE_FILES.
    pub hidden: Arc<HiddenFds>,
    /// Its io_uring instances.
    pub rings: Arc<Rings>,
    /// Limits on the guest's own memory.
    pub limits: Arc<GuestLimits>,
    /// personality(2) as the guest set it.
    pub personality: Arc<AtomicU32>,
    /// Whether its pointers may have tags.
    pub tagging: Arc<Tagging>,
    /// The filters of its threads' system calls.
    pub seccomp: Arc<seccomp::Threads>,
    /// Where system calls are written to, with `--strace`.
    pub strace: Option<Arc<Strace>>,
    /// The release that uname(2) tells, instead of the host's.
    pub release: Option<Arc<str>>,
}

impl Process {
    /// The process of a child that clone(2) made: what the flags don't share is copied. (A forked child has a copy of
    /// all memory anyway; this is for CLONE_VM without CLONE_THREAD.)
    pub fn for_child(&self, flags: u64) -> Process {
        let shares = |flag: i32| flags & flag as u64 != 0;
        let child = Process {
            abi: self.abi,
            space: Arc::clone(&self.space),
            actions: if shares(libc::CLONE_SIGHAND) {
                Arc::clone(&self.actions)
            } else {
                Arc::new(self.actions.copy())
            },
            host_signals: self.host_signals,
            image: Arc::clone(&self.image),
            roots: if shares(libc::CLONE_FS) { Arc::clone(&self.roots) } else { Arc::new(self.roots.copy()) },
            hidden: if shares(libc::CLONE_FILES) { Arc::clone(&self.hidden) } else { Arc::new(self.hidden.copy()) },
            rings: if shares(libc::CLONE_FILES) { Arc::clone(&self.rings) } else { Arc::new(self.rings.copy()) },
            limits: Arc::new(self.limits.copy()),
            personality: Arc::clone(&self.personality),
            tagging: Arc::clone(&self.tagging),
            seccomp: Arc::default(),
            strace: self.strace.clone(),
            release: self.release.clone(),
        };
        if flags & CLONE_CLEAR_SIGHAND != 0 {
            child.actions.clear_handlers();
        }
        child
    }
}

impl Process {
    /// Bits of the tags that system calls leave out of account in pointers.
    #[inline]
    pub fn tag_bits(&self) -> u32 {
        self.abi.tag_bits.max(tagging::length(self.tagging.word()))
    }
}

/// linux/sched.h; a flag of clone3(2) alone.
const CLONE_CLEAR_SIGHAND: u64 = 1 << 32;

impl Process {
    /// Holds everything that threads share still for a fork. Kept by the forking thread over the call and dropped on
    /// both sides: the child then finds no lock held by a thread that it does not have.
    pub fn lock_for_fork(&self) -> impl Sized + '_ {
        (
            self.space.lock_for_fork(),
            self.actions.lock_for_fork(),
            self.rings.lock_for_fork(),
            self.limits.lock_for_fork(),
            self.hidden.lock_for_fork(),
            self.seccomp.lock_for_fork(),
        )
    }

    /// Releases what a vfork child held when it died. Called by the thread that made it, once it goes on.
    pub fn recover_after_vfork(&self) {
        self.space.recover_after_vfork();
        self.actions.recover_after_vfork();
        self.rings.recover_after_vfork();
        self.limits.recover_after_vfork();
        self.hidden.recover_after_vfork();
        self.seccomp.recover_after_vfork();
    }
}

/// The program, as /proc tells of it.
#[derive(Debug, Default)]
pub struct Image {
    /// Absolute path of the program's file; what /proc/self/exe reads as.
    pub exe: CString,
    /// Opens the program's file if its path does not (memfd, deleted).
    pub exe_fd: Option<HiddenFd>,
    /// /proc/self/cmdline: the arguments, each with its zero.
    pub cmdline: Vec<u8>,
    /// /proc/self/environ.
    pub environ: Vec<u8>,
    /// /proc/self/auxv.
    pub auxv: Vec<u8>,
    /// Start of the main thread's stack: field 28 of /proc/self/stat.
    pub start_stack: GuestAddr,
    /// Whether the kernel was told of the above (PR_SET_MM_MAP), so that /proc needs no help with them.
    pub published: bool,
    /// /proc/cpuinfo.
    pub cpuinfo: CpuInfo,
    /// What riscv_hwprobe answers.
    pub hwprobe: HwProbe,
}

/// What riscv_hwprobe answers of a key, found out when it is asked: the counter's rate takes time.
pub struct HwProbe(pub Box<dyn Fn(i64) -> Option<u64> + Send + Sync>);

impl Default for HwProbe {
    fn default() -> HwProbe {
        HwProbe(Box::new(|_| None))
    }
}

impl std::fmt::Debug for HwProbe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HwProbe")
    }
}

/// /proc/cpuinfo of so many CPUs, made when it is asked for: to count them takes files of the host's.
pub struct CpuInfo(pub Box<dyn Fn(usize) -> String + Send + Sync>);

impl CpuInfo {
    pub(crate) fn text(&self) -> String {
        (self.0)(std::thread::available_parallelism().map_or(1, |count| count.get()))
    }
}

impl Default for CpuInfo {
    fn default() -> CpuInfo {
        CpuInfo(Box::new(|_| String::new()))
    }
}

impl std::fmt::Debug for CpuInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text())
    }
}

/// One guest thread.
pub struct Thread {
    /// Its id, the kernel's own.
    pub tid: i32,
    /// The signals the guest blocked.
    pub mask: SigSet,
    /// Its alternate signal stack.
    pub alt_stack: AltStack,
    /// Synchronous signals that were sent (kill(2)) while the guest blocked them: taken by the host handler, kept by
    /// the run loop until they are unblocked.
    pub held: SigSet,
    /// Whether it has SIGSYS instead of system calls.
    pub user_dispatch: UserDispatch,
    /// The filters of its system calls.
    pub seccomp: Arc<seccomp::State>,
    /// Whether its tracer has seen the call that is about to be made, for filters that leave it to that.
    pub inspected: bool,
    /// Non-zero while a signal waits to be delivered. The host handler sets it; the run loop clears it.
    pub pending: Arc<AtomicU32>,
}

impl Thread {
    /// A thread that blocks nothing.
    pub fn new(tid: i32, pending: Arc<AtomicU32>) -> Thread {
        let seccomp = Arc::default();
        Thread {
            tid,
            mask: SigSet::EMPTY,
            alt_stack: AltStack::NONE,
            held: SigSet::EMPTY,
            user_dispatch: UserDispatch::default(),
            seccomp,
            inspected: false,
            pending,
        }
    }

    /// Whether anything decides over each of its calls, so that all of them have to come to [`crate::dispatch`].
    #[inline]
    pub fn is_filtered(&self) -> bool {
        self.user_dispatch.is_on() || self.seccomp.mode() != seccomp::DISABLED
    }

    /// Tells the thread its id.
    pub fn set_tid(&mut self, tid: i32) {
        self.tid = tid;
        self.seccomp.set_tid(tid);
    }
}
