//! Jumps that are too far for their 32 bits: they go by a thunk in their own arena.
//!
//! Code of a guest's JIT compiler and of the file that it belongs to is often like that, as code of files stands at
//! a distance of its own.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::arena::Arena;

/// `jmp [rip + 0]`; the address follows.
const JUMP: [u8; 6] = [0xff, 0x25, 0, 0, 0, 0];
/// Bytes of a thunk.
const LEN: usize = JUMP.len() + 8;

/// The thunks of a generation, by their arena's base and by where they lead. They are as right as what leads to
/// them: a jump that is unlinked leaves its thunk behind for another one.
#[derive(Default)]
pub struct Thunks(HashMap<(u64, u64), u64>);

impl Thunks {
    /// A thunk in `arena` that leads to `code`; `None` where there is no room.
    pub fn get(&mut self, arena: &mut Arena, code: u64) -> Option<u64> {
        match self.0.entry((arena.base(), code)) {
            Entry::Occupied(known) => Some(*known.get()),
            Entry::Vacant(new) => {
                let (at, room) = arena.free()?;
                room[..JUMP.len()].copy_from_slice(&JUMP);
                room[JUMP.len()..LEN].copy_from_slice(&code.to_le_bytes());
                arena.take(LEN);
                Some(*new.insert(at))
            }
        }
    }

    /// Forgets those in arenas that go.
    pub fn forget(&mut self, goes: impl Fn(u64) -> bool) {
        self.0.retain(|(arena, _), _| !goes(*arena));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leads_far_and_serves_again() {
        let mut arena = Arena::map().unwrap();
        let mut thunks = Thunks::default();
        let far = 0x1234_5678_9abc;
        let thunk = thunks.get(&mut arena, far).unwrap();
        assert!(arena.contains(thunk));
        // SAFETY: it was written there.
        let bytes = unsafe { std::slice::from_raw_parts(thunk as *const u8, LEN) };
        assert_eq!((&bytes[..2], &bytes[2..6]), (&[0xff, 0x25][..], &[0; 4][..]), "an indirect jump by what follows");
        assert_eq!(bytes[6..], u64::to_le_bytes(far));
        assert_eq!(thunks.get(&mut arena, far), Some(thunk));
        assert_ne!(thunks.get(&mut arena, far + 1), Some(thunk));
        let base = arena.base();
        thunks.forget(|arena| arena == base);
        assert_ne!(thunks.get(&mut arena, far), Some(thunk));
    }
}
