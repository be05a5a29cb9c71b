//! io_uring's requests: they lie in memory that the guest shares with the kernel, so that what the guest lays out in its
//! own way is put right there, while the call that submits it lasts.
//!
//! The kernel copies what a request points to when it takes the request (io_uring_enter(2)), and takes it in that call.
//! A ring that a thread of the kernel's polls (IORING_SETUP_SQPOLL) can't be served so: the guest gets one whose poller
//! always sleeps. The ring says so (IORING_SQ_NEED_WAKEUP), the guest makes the call that would wake it, and in that call
//! the requests are taken.

use crate::abi::{EpollEvent, IoUringParams, IoUringSqe, OpenHow};
use crate::dispatch::Cx;
use crate::outcome::Stop;
use crate::paths::{self, GuestPath, Last};
use crate::sys;
use memory::{Errno, GuestAddr, Lock, LockGuard, UserPtr, copy};
use std::ffi::CString;

// linux/io_uring.h.
const SETUP_IOPOLL: u32 = 1 << 0;
const SETUP_SQPOLL: u32 = 1 << 1;
const SETUP_SQ_AFF: u32 = 1 << 2;
const SETUP_COOP_TASKRUN: u32 = 1 << 8;
const SETUP_TASKRUN_FLAG: u32 = 1 << 9;
const SETUP_SQE128: u32 = 1 << 10;
const SETUP_SINGLE_ISSUER: u32 = 1 << 12;
const SETUP_DEFER_TASKRUN: u32 = 1 << 13;
const SETUP_REGISTERED_FD_ONLY: u32 = 1 << 15;
const SETUP_NO_MMAP: u32 = 1 << 14;
const SETUP_NO_SQARRAY: u32 = 1 << 16;
const SQ_NEED_WAKEUP: u32 = 1 << 0;
const OFF_SQ_RING: u64 = 0;
const OFF_CQ_RING: u64 = 0x800_0000;
const OFF_SQES: u64 = 0x1000_0000;
const OP_OPENAT: u8 = 18;
const OP_STATX: u8 = 21;
const OP_OPENAT2: u8 = 28;
const OP_EPOLL_CTL: u8 = 29;
/// Its events are written when it is done, by then in the host's layout: not offered, as before Linux 6.15.
pub(crate) const OP_EPOLL_WAIT: u8 = 59;
/// No kernel's: the request ends with EINVAL.
const OP_NONE: u8 = 255;

/// A ring as io_uring_setup(2) described it, and where the guest mapped its two parts.
#[derive(Clone, Copy)]
pub(crate) struct Ring {
    fd: i32,
    params: IoUringParams,
    ring: GuestAddr,
    entries: GuestAddr,
}

/// The guest's rings by descriptor. One that was closed stays until its number is a ring's again; what it names may be
/// unmapped by then, so that all access is checked.
#[derive(Default)]
pub struct Rings(Lock<Vec<Ring>>);

impl Rings {
    /// A copy for a child that does not share descriptors.
    pub(crate) fn copy(&self) -> Rings {
        Rings(Lock::new(self.0.lock().clone()))
    }

    pub(crate) fn lock_for_fork(&self) -> LockGuard<'_, Vec<Ring>> {
        self.0.lock()
    }

    pub(crate) fn recover_after_vfork(&self) {
        self.0.recover();
    }

    /// Whether a ring of these flags would be entered by another name, or has a poller that does not only submit.
    pub(crate) fn refuses(flags: u32) -> bool {
        flags & SETUP_REGISTERED_FD_ONLY != 0 || flags & (SETUP_SQPOLL | SETUP_IOPOLL) == SETUP_SQPOLL | SETUP_IOPOLL
    }

    /// Notes a new ring.
    pub(crate) fn add(&self, fd: i32, params: IoUringParams) {
        let (ring, entries) = match params.flags & SETUP_NO_MMAP {
            0 => (GuestAddr(0), GuestAddr(0)),
            _ => (GuestAddr(params.cq_off.user_addr), GuestAddr(params.sq_off.user_addr)),
        };
        let ring = Ring { fd, params, ring, entries };
        ring.tell_poller_sleeps();
        let mut rings = self.0.lock();
        rings.retain(|ring| ring.fd != fd);
        rings.push(ring);
    }

    /// Notes where the guest mapped a part of a ring, if `fd` is one.
    pub(crate) fn mapped(&self, fd: i32, offset: u64, addr: GuestAddr) {
        let mut rings = self.0.lock();
        let Some(ring) = rings.iter_mut().find(|ring| ring.fd == fd) else { return };
        match offset {
            OFF_SQ_RING | OFF_CQ_RING => {
                ring.ring = addr;
                ring.tell_poller_sleeps();
            }
            OFF_SQES => ring.entries = addr,
            _ => {}
        }
    }

    /// Whether a descriptor is a ring's.
    pub(crate) fn is_ring(&self, fd: i32) -> bool {
        self.find(fd).is_some()
    }

    /// The ring of a descriptor if the guest has it polled.
    pub(crate) fn polled(&self, fd: i32) -> Option<Ring> {
        self.find(fd).filter(Ring::is_polled)
    }

    fn find(&self, fd: i32) -> Option<Ring> {
        self.0.lock().iter().find(|ring| ring.fd == fd).copied()
    }
}

impl Ring {
    fn word(&self, offset: u32) -> Option<u32> {
        UserPtr::new(self.ring.offset(offset.into())).read().ok()
    }

    fn head(&self) -> Option<u32> {
        self.word(self.params.sq_off.head)
    }

    /// How many requests wait to be taken.
    fn pending(&self) -> u32 {
        let tail = self.word(self.params.sq_off.tail);
        tail.zip(self.head()).map_or(0, |(tail, head)| tail.wrapping_sub(head))
    }

    fn is_polled(&self) -> bool {
        self.params.flags & SETUP_SQPOLL != 0
    }

    /// Has the guest wake a poller, if it wants one. The kernel changes other bits of the word, and never this one of a
    /// ring that it does not poll.
    fn tell_poller_sleeps(&self) {
        if !self.is_polled() || self.ring == GuestAddr(0) {
            return;
        }
        let flags = self.ring.offset(self.params.sq_off.flags.into());
        while let Some(seen) = self.word(self.params.sq_off.flags) {
            match copy::compare_exchange(flags, seen, seen | SQ_NEED_WAKEUP) {
                Ok(found) if found != seen => {}
                _ => return,
            }
        }
    }

    /// What a poller does when it is woken: all requests are taken. Those for which there is no room now are left.
    pub(crate) fn poll(&self, cx: &Cx<'_>, flags: u64) -> Result<(), Stop> {
        loop {
            let pending = self.pending();
            let submission = Submission::prepare(cx, self.fd, pending);
            let result = cx.call(libc::SYS_io_uring_enter, [self.fd as u64, pending.into(), 0, flags, 0, 0]);
            submission.restore();
            match result {
                Ok(taken) if taken != 0 && self.pending() != 0 => {}
                Ok(_) | Err(Stop::Errno(Errno::EAGAIN | Errno::EBUSY)) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
    }

    /// The entry at a position of the queue.
    fn entry(&self, position: u32) -> Option<UserPtr<IoUringSqe>> {
        let slot = position & self.word(self.params.sq_off.ring_mask)?;
        let index = match self.params.flags & SETUP_NO_SQARRAY {
            0 => self.word(self.params.sq_off.array + 4 * slot)?,
            _ => slot,
        };
        let size = if self.params.flags & SETUP_SQE128 != 0 { 128 } else { 64 };
        Some(UserPtr::new(self.entries.offset(size * u64::from(index))))
    }
}

/// What the host is asked for in place of a ring that is polled (io_sq_offload_create in io_uring/sqpoll.c).
pub(crate) fn without_poller(mut params: IoUringParams) -> Result<IoUringParams, Errno> {
    if params.flags & SETUP_SQPOLL == 0 {
        return Ok(params);
    }
    // Of use where the guest itself runs the kernel's work.
    let own_work = SETUP_COOP_TASKRUN | SETUP_TASKRUN_FLAG | SETUP_DEFER_TASKRUN;
    let cpu = std::path::PathBuf::from(format!("/sys/devices/system/cpu/cpu{}", params.sq_thread_cpu));
    if params.flags & own_work != 0 || params.flags & SETUP_SQ_AFF != 0 && !cpu.exists() {
        return Err(Errno::EINVAL);
    }
    // The poller would be the single issuer, whoever wakes it.
    params.flags &= !(SETUP_SQPOLL | SETUP_SQ_AFF | SETUP_SINGLE_ISSUER);
    Ok(params)
}

/// What requests point to in place of the guest's own.
enum Kept {
    Event(Box<libc::epoll_event>),
    How(Box<OpenHow>),
    Path(CString),
}

impl Kept {
    fn address(&self) -> u64 {
        match self {
            Kept::Event(event) => sys::address(&**event),
            Kept::How(how) => sys::address(&**how),
            Kept::Path(path) => path.as_ptr() as u64,
        }
    }
}

/// Requests that were put right, for the time of the call that submits them.
#[derive(Default)]
pub(crate) struct Submission {
    ring: Option<Ring>,
    changed: Vec<(u32, UserPtr<IoUringSqe>, IoUringSqe)>,
    kept: Vec<Kept>,
}

impl Submission {
    /// Puts right what the call is about to take. What can't be read is the kernel's to refuse.
    pub(crate) fn prepare(cx: &Cx<'_>, fd: i32, count: u32) -> Submission {
        let mut submission = Submission { ring: cx.process.rings.find(fd), ..Submission::default() };
        let Some(ring) = submission.ring else { return submission };
        let (Some(head), Some(tail)) = (ring.head(), ring.word(ring.params.sq_off.tail)) else { return submission };
        for position in 0..count.min(tail.wrapping_sub(head)).min(ring.params.sq_entries) {
            let position = head.wrapping_add(position);
            let Some(entry) = ring.entry(position) else { break };
            let Ok(original) = entry.read() else { break };
            let converted = submission.convert(cx, original);
            if converted != original && entry.write(converted).is_ok() {
                submission.changed.push((position, entry, original));
            }
        }
        submission
    }

    /// Gives requests back that the kernel did not take. What it took is the guest's to fill anew.
    pub(crate) fn restore(self) {
        let Some(head) = self.ring.and_then(|ring| ring.head()) else { return };
        for (_, entry, original) in self.changed.iter().filter(|(at, ..)| at.wrapping_sub(head) as i32 >= 0) {
            // Unmapped meanwhile: then no one will take it.
            let _ = entry.write(*original);
        }
    }

    fn convert(&mut self, cx: &Cx<'_>, mut sqe: IoUringSqe) -> IoUringSqe {
        match sqe.opcode {
            OP_EPOLL_CTL if sqe.len != libc::EPOLL_CTL_DEL as u32 => {
                if let Ok(EpollEvent { events, data, .. }) = UserPtr::new(GuestAddr(sqe.addr)).read() {
                    sqe.addr = self.keep(Kept::Event(Box::new(libc::epoll_event { events, u64: data })));
                }
            }
            OP_EPOLL_WAIT => sqe.opcode = OP_NONE,
            OP_OPENAT => {
                sqe.op_flags = cx.abi().open_flags_to_host(sqe.op_flags);
                let creates = sqe.op_flags as i32 & (libc::O_CREAT | libc::O_NOFOLLOW) != 0;
                self.locate(cx, &mut sqe, !creates);
            }
            OP_OPENAT2 => self.open_how(cx, &mut sqe),
            OP_STATX => {
                let follow = sqe.op_flags as i32 & libc::AT_SYMLINK_NOFOLLOW == 0;
                self.locate(cx, &mut sqe, follow);
            }
            _ => {}
        }
        sqe
    }

    /// openat2(2)'s `struct open_how`; one longer than is known goes as it is.
    fn open_how(&mut self, cx: &Cx<'_>, sqe: &mut IoUringSqe) {
        let Ok(mut how) = UserPtr::<OpenHow>::new(GuestAddr(sqe.off)).read() else { return };
        if sqe.len as usize != size_of::<OpenHow>() {
            return;
        }
        how.flags = how.flags & !0xffff_ffff | u64::from(cx.abi().open_flags_to_host(how.flags as u32));
        sqe.off = self.keep(Kept::How(Box::new(how)));
        if how.resolve == 0 {
            self.locate(cx, sqe, how.flags as i32 & (libc::O_CREAT | libc::O_NOFOLLOW) == 0);
        }
    }

    /// A path that means another file on the host.
    fn locate(&mut self, cx: &Cx<'_>, sqe: &mut IoUringSqe, follow: bool) {
        let Ok(path) = GuestPath::read(GuestAddr(sqe.addr)) else { return };
        // The ring has no place for an error found here: the kernel finds its own.
        if let Ok(Some(host)) = paths::elsewhere(cx.process, sqe.fd, &path, Last::follow_if(follow)) {
            sqe.addr = self.keep(Kept::Path(host));
        }
    }

    fn keep(&mut self, kept: Kept) -> u64 {
        let address = kept.address();
        self.kept.push(kept);
        address
    }
}
