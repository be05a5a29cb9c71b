//! Tags in pointers: what the tasks on one memory share of that (tagged-address-abi.rst; arch/riscv/kernel/process.c). How
//! long the tags are that loads and stores leave out of account is each thread's own, among its registers; system calls
//! leave out those of the memory.

use std::sync::atomic::{AtomicU64, Ordering};

use memory::{GuestAddr, IoVec, UserPtr};

use crate::args::Kind;
use crate::table::Row;

// linux/prctl.h; not all are in libc.
/// PR_SET_TAGGED_ADDR_CTRL.
pub const SET: i32 = 55;
/// PR_GET_TAGGED_ADDR_CTRL.
pub const GET: i32 = 56;
/// PR_TAGGED_ADDR_ENABLE: system calls take pointers with tags.
pub const ENABLE: u64 = 1;
/// Where PR_PMLEN begins, the length that RISC-V's tags are to have.
pub const LENGTH_SHIFT: u32 = 24;
/// PR_PMLEN_MASK.
pub const LENGTH_MASK: u64 = 0x7f << LENGTH_SHIFT;
/// The length of tags stays: there was a second task on this memory (MM_CONTEXT_LOCK_PMLEN).
pub const LOCKED: u64 = 1 << 63;

/// The part of a memory: the last control word with ENABLE, 0 without, and LOCKED.
#[derive(Debug, Default)]
#[repr(transparent)]
pub struct Tagging(AtomicU64);

impl Tagging {
    /// All of it.
    pub fn word(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Sets it.
    pub fn set_word(&self, word: u64) {
        self.0.store(word, Ordering::Relaxed);
    }

    /// Whether system calls take pointers with tags that they would refuse else.
    #[inline]
    pub fn is_on(&self) -> bool {
        self.word() & ENABLE != 0
    }

    /// A second task comes to this memory.
    pub fn lock(&self) {
        self.0.fetch_or(LOCKED, Ordering::Relaxed);
    }

    /// This memory is a copy, with one task.
    pub fn unlock(&self) {
        self.0.fetch_and(!LOCKED, Ordering::Relaxed);
    }

    /// Where a tracer finds it.
    pub fn address(&self) -> u64 {
        &raw const self.0 as u64
    }
}

/// The length in a control word.
#[inline]
pub const fn length(word: u64) -> u32 {
    ((word & LENGTH_MASK) >> LENGTH_SHIFT) as u32
}

/// An address without a tag of so many bits: the rest is sign-extended, so that the kernel's half stays the kernel's.
#[inline]
pub const fn untag(addr: u64, bits: u32) -> u64 {
    ((addr << bits) as i64 >> bits) as u64
}

/// UIO_MAXIOV: the kernel takes no more vectors, nor messages.
const MOST: u64 = 1024;

// Words of `struct msghdr`; `struct mmsghdr` has one more.
const NAME: usize = 0;
const NAME_LEN: usize = 1;
const VECTORS: usize = 2;
const COUNT: usize = 3;
const CONTROL: usize = 4;
const CONTROL_LEN: usize = 5;
const MESSAGE: usize = 7;

/// Structures with pointers, copied without the tags of these. What can't be read is left to the host to refuse.
#[derive(Default)]
pub struct Copies {
    vectors: Vec<Vec<IoVec>>,
    messages: Vec<Messages>,
}

/// Messages, each of so many words, and where they were copied from.
struct Messages {
    from: UserPtr<u64>,
    words: Vec<u64>,
    each: usize,
}

impl Copies {
    /// Those of a call, whose arguments become the copies.
    pub fn of(row: &Row, bits: u32, args: &mut [u64; 6]) -> Copies {
        let mut copies = Copies::default();
        for (index, kind) in row.args.iter().enumerate() {
            let (at, count) = (args[index], args.get(index + 1).copied().unwrap_or(0));
            let copied = match kind {
                Kind::Iov | Kind::IoVecs => copies.copy_vectors(at, count, bits),
                Kind::Messages if row.name.ends_with("mmsg") => {
                    copies.copy_messages(at, u64::from(count as u32).min(MOST), MESSAGE + 1, bits)
                }
                Kind::Messages => copies.copy_messages(at, 1, MESSAGE, bits),
                _ => None,
            };
            args[index] = copied.unwrap_or(at);
        }
        copies
    }

    fn copy_vectors(&mut self, at: u64, count: u64, bits: u32) -> Option<u64> {
        let at = UserPtr::<IoVec>::new(GuestAddr(at));
        let vectors: Result<Vec<IoVec>, _> = (0..count.min(MOST + 1)).map(|n| at.element(n).read()).collect();
        let mut vectors = vectors.ok()?;
        vectors.iter_mut().for_each(|vector| vector.base = GuestAddr(untag(vector.base.0, bits)));
        self.vectors.push(vectors);
        self.vectors.last().map(|vectors| vectors.as_ptr() as u64)
    }

    fn copy_messages(&mut self, at: u64, count: u64, each: usize, bits: u32) -> Option<u64> {
        let from = UserPtr::<u64>::new(GuestAddr(at));
        let words: Result<Vec<u64>, _> = (0..count * each as u64).map(|n| from.element(n).read()).collect();
        let mut words = words.ok()?;
        for message in words.chunks_exact_mut(each) {
            for word in [NAME, VECTORS, CONTROL] {
                message[word] = untag(message[word], bits);
            }
            message[VECTORS] = self.copy_vectors(message[VECTORS], message[COUNT], bits).unwrap_or(message[VECTORS]);
        }
        self.messages.push(Messages { from, words, each });
        self.messages.last().map(|messages| messages.words.as_ptr() as u64)
    }

    /// Tells the guest what the kernel wrote to its messages: lengths and flags.
    pub fn write_back(&self) {
        for Messages { from, words, each } in &self.messages {
            for (n, &word) in words.iter().enumerate() {
                if n % each == NAME_LEN || n % each >= CONTROL_LEN {
                    // The kernel could write there, unless another thread of the guest has changed that since.
                    let _ = from.element(n as u64).write(word);
                }
            }
        }
    }
}
