//! The contexts that threads run on. One that a thread left is the next one's: its pages are there, and its table of
//! indirect branches is filled.

use std::mem::ManuallyDrop;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, Ordering};

use codegen::Context;
use memory::{Lock, Zeroed};
use target::Mode;

use crate::engine::Engine;

/// How many contexts are kept that no thread runs on.
const MOST: usize = 64;

/// A context, and of which code its tables are.
struct Furnished {
    context: Zeroed<Context>,
    epoch: u64,
    mode: Mode,
}

static FREE: Lock<Vec<Furnished>> = Lock::new(Vec::new());

/// The context of one thread.
pub struct Quarters(ManuallyDrop<Furnished>);

impl Quarters {
    /// A context that is ready but for the guest's state and the stack.
    pub fn new(engine: &Engine) -> Quarters {
        let left = FREE.lock().pop();
        Quarters(ManuallyDrop::new(left.unwrap_or_else(|| Furnished::new(engine))))
    }

    /// The cache's epoch that its tables are of.
    #[inline]
    pub fn epoch(&self) -> u64 {
        self.0.epoch
    }

    /// Declares that its tables were brought up to `epoch`.
    pub fn set_epoch(&mut self, epoch: u64) {
        self.0.epoch = epoch;
    }

    /// Has its tables be of `mode`. What is remembered of code is code of one mode: the table of indirect branches and
    /// the pairs of calls say addresses only.
    #[inline]
    pub fn adopt(&mut self, mode: Mode) {
        if self.0.mode != mode {
            self.0.mode = mode;
            self.lookup.clear();
            self.reset_calls();
        }
    }
}

impl Furnished {
    fn new(engine: &Engine) -> Furnished {
        // The first thread's soon has something all over its tables; of those that come later many do little.
        static IS_THE_FIRST: AtomicBool = AtomicBool::new(true);
        let mut context = match IS_THE_FIRST.swap(false, Ordering::Relaxed) {
            // SAFETY: the context says that all zeros is a value of it.
            true => unsafe { Zeroed::<Context>::present() },
            // SAFETY: as above.
            false => unsafe { Zeroed::<Context>::new() },
        };
        context.set_up(engine.target.helpers());
        engine.equip(&mut context);
        Furnished { context, epoch: engine.cache.epoch(), mode: Mode::default() }
    }
}

impl Deref for Quarters {
    type Target = Context;

    #[inline]
    fn deref(&self) -> &Context {
        &self.0.context
    }
}

impl DerefMut for Quarters {
    #[inline]
    fn deref_mut(&mut self) -> &mut Context {
        &mut self.0.context
    }
}

impl Drop for Quarters {
    fn drop(&mut self) {
        // SAFETY: it is not used again.
        let left = unsafe { ManuallyDrop::take(&mut self.0) };
        let mut free = FREE.lock();
        if free.len() < MOST {
            free.push(left);
        }
    }
}

/// Holds the list over a fork.
pub fn lock_for_fork() -> impl Sized {
    FREE.lock()
}

/// Releases the list if a vfork child died holding it.
pub fn recover_after_vfork() {
    FREE.recover();
}
