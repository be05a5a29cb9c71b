//! Where the translator's own memory comes from: libc's allocator, but for tasks that run on another process' memory.
//!
//! Such a task may be killed at any instruction (the child of a vfork, a child with CLONE_VM alone), and would leave libc's
//! allocator locked or half changed to those that live on. So it has blocks of a heap that is made for that: each change
//! is one store, and its lock is one that is released when the owner is gone ([`Lock`]). What dies with the task is a block.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use memory::{Lock, sys};

/// Address space of the heap: what is not touched costs nothing.
const SIZE: u64 = 1 << 30;
/// Blocks have sizes that are powers of two, from this one up: a malloc(3) of any size aligns to it.
const SMALLEST: usize = 16;
const CLASSES: usize = SIZE.ilog2() as usize;

thread_local! {
    static IS_LODGER: Cell<bool> = const { Cell::new(false) };
}

/// Whether the calling task runs on another process' memory.
pub fn is_lodger() -> bool {
    IS_LODGER.get()
}

/// Says whether it does from now on.
pub fn set_lodger(is_lodger: bool) {
    IS_LODGER.set(is_lodger);
}

/// A block that nobody uses, and the next one.
struct Free {
    next: *mut Free,
}

/// The heap: blocks by class, and what was never used.
struct Heap {
    free: [*mut Free; CLASSES],
    rest: u64,
    end: u64,
}

// SAFETY: the blocks that it points to are its own.
unsafe impl Send for Heap {}

static HEAP: Lock<Heap> = Lock::new(Heap { free: [ptr::null_mut(); CLASSES], rest: 0, end: 0 });
/// Where it is; no block begins at the initial value or above it.
static START: AtomicU64 = AtomicU64::new(u64::MAX);
/// Blocks of libc's that lodgers freed.
static LEFT: AtomicPtr<Free> = AtomicPtr::new(ptr::null_mut());

/// Which blocks a layout needs, as a power of two.
fn class(layout: Layout) -> usize {
    layout.size().max(layout.align()).max(SMALLEST).next_power_of_two().ilog2() as usize
}

impl Heap {
    /// A block of the class; null if there is none.
    fn take(&mut self, class: usize) -> *mut u8 {
        let Some(head) = self.free.get_mut(class) else { return ptr::null_mut() };
        // SAFETY: a block in the list holds the next one's address.
        if let Some(block) = unsafe { head.as_ref() } {
            let taken = *head;
            *head = block.next;
            return taken.cast();
        }
        if self.end == 0 && !self.map() {
            return ptr::null_mut();
        }
        let start = self.rest.next_multiple_of(1 << class);
        if self.end - start.min(self.end) < 1 << class {
            return ptr::null_mut();
        }
        self.rest = start + (1 << class);
        start as *mut u8
    }

    /// Takes a block back.
    fn give(&mut self, block: *mut u8, class: usize) {
        let block = block.cast::<Free>();
        // SAFETY: the caller has no use for it any more, and it has room for an address.
        unsafe { block.write(Free { next: self.free[class] }) };
        self.free[class] = block;
    }

    /// Finds the heap a place. False if there is none.
    fn map(&mut self) -> bool {
        let prot = (libc::PROT_READ | libc::PROT_WRITE) as u64;
        let flags = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE) as u64;
        // SAFETY: a new mapping at a place of the kernel's choice.
        let Ok(start) = (unsafe { sys::syscall(libc::SYS_mmap as u64, [0, SIZE, prot, flags, u64::MAX, 0]) }) else {
            return false;
        };
        START.store(start, Ordering::Relaxed);
        self.rest = start;
        self.end = start + SIZE;
        true
    }
}

/// Whether a block is the heap's.
fn is_ours(block: *mut u8) -> bool {
    let start = START.load(Ordering::Relaxed);
    (block as u64).checked_sub(start).is_some_and(|offset| offset < SIZE)
}

/// Keeps a block of libc's for who may free it.
fn leave(block: *mut u8) {
    let block = block.cast::<Free>();
    let mut next = LEFT.load(Ordering::Relaxed);
    loop {
        // SAFETY: libc has no block that is smaller than this, and the caller has no use for it any more.
        unsafe { block.write(Free { next }) };
        match LEFT.compare_exchange_weak(next, block, Ordering::Release, Ordering::Relaxed) {
            Ok(_) => return,
            Err(seen) => next = seen,
        }
    }
}

/// Frees what lodgers left, which are gone.
pub fn clean_up() {
    if is_lodger() {
        return;
    }
    let mut left = LEFT.swap(ptr::null_mut(), Ordering::Acquire);
    while !left.is_null() {
        // SAFETY: the blocks were left by who owned them, and the list is this task's alone since the swap.
        left = unsafe {
            let next = left.read().next;
            libc::free(left.cast());
            next
        };
    }
}

/// Holds the heap over a fork.
pub fn lock_for_fork() -> impl Sized {
    HEAP.lock()
}

/// Releases the heap if a vfork child died holding it.
pub fn recover_after_vfork() {
    HEAP.recover();
}

/// The program's allocator.
struct Allocator;

#[global_allocator]
static ALLOCATOR: Allocator = Allocator;

// SAFETY: a block is libc's or the heap's, which each hand it out once and take it back once; all of a block of the
// heap's is as large as its class, and aligned to it.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        if is_lodger() {
            return HEAP.lock().take(class(layout));
        }
        // SAFETY: the caller's.
        unsafe { System.alloc(layout) }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if is_lodger() {
            let block = HEAP.lock().take(class(layout));
            if !block.is_null() {
                // SAFETY: the block is as large.
                unsafe { block.write_bytes(0, layout.size()) };
            }
            return block;
        }
        // SAFETY: the caller's.
        unsafe { System.alloc_zeroed(layout) }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        if is_ours(block) {
            HEAP.lock().give(block, class(layout));
        } else if is_lodger() {
            leave(block);
        } else {
            // SAFETY: the caller's, and the block is libc's.
            unsafe { System.dealloc(block, layout) }
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_ours(block) && !is_lodger() {
            // SAFETY: the caller's, and the block is libc's.
            return unsafe { System.realloc(block, layout, size) };
        }
        // SAFETY: the caller says that the size with this alignment does not overflow.
        let new = unsafe { Layout::from_size_align_unchecked(size, layout.align()) };
        if is_ours(block) && class(new) == class(layout) {
            return block;
        }
        // SAFETY: both blocks have that much; the old one is not used after it was moved.
        unsafe {
            let moved = self.alloc(new);
            if !moved.is_null() {
                moved.copy_from_nonoverlapping(block, layout.size().min(size));
                self.dealloc(block, layout);
            }
            moved
        }
    }
}
