//! Whether a thread may use vectors, and what programs that it executes start with (Linux, Documentation/arch/riscv/vector.rst,
//! arch/riscv/kernel/vector.c).

use ir::GuestState;
use memory::Errno;

use crate::state::{SLOTS, VECTOR_CONTROL};

// uapi/linux/prctl.h, PR_RISCV_V_VSTATE_CTRL_*.
const DEFAULT: u32 = 0;
const OFF: u32 = 1;
const ON: u32 = 2;
const NEXT_SHIFT: u32 = 2;
const INHERIT: u32 = 1 << 4;
const MASK: u64 = 0x1f;

const fn current(word: u32) -> u32 {
    word & 3
}

const fn next(word: u32) -> u32 {
    word >> NEXT_SHIFT & 3
}

fn word(state: &GuestState) -> u32 {
    state.u32_at(SLOTS[VECTOR_CONTROL.0 as usize].offset)
}

fn set_word(state: &mut GuestState, word: u32) {
    state.set_u32_at(SLOTS[VECTOR_CONTROL.0 as usize].offset, word);
}

/// Whether vector instructions are illegal in this state.
pub fn are_vectors_off(state: &GuestState) -> bool {
    current(word(state)) == OFF
}

/// What PR_RISCV_V_GET_CONTROL says.
pub fn vector_control(state: &GuestState) -> u64 {
    let word = word(state);
    u64::from(if current(word) == DEFAULT { word | ON } else { word })
}

/// PR_RISCV_V_SET_CONTROL: vectors stay on where they are.
pub fn set_vector_control(state: &mut GuestState, asked: u64) -> Result<(), Errno> {
    let known = u32::try_from(asked).ok().filter(|_| asked & !MASK == 0).ok_or(Errno::EINVAL)?;
    let was_off = are_vectors_off(state);
    let now = match current(known) {
        DEFAULT if was_off => OFF,
        DEFAULT | ON => ON,
        OFF if was_off => OFF,
        OFF => return Err(Errno::EPERM),
        _ => return Err(Errno::EINVAL),
    };
    if next(known) > ON {
        return Err(Errno::EINVAL);
    }
    set_word(state, known & !3 | now);
    Ok(())
}

/// The word of a program that this one executes: it starts with what is next here, which stays only where it is inherited.
pub fn heritage(state: &GuestState) -> u64 {
    let word = word(state);
    let now = if next(word) == DEFAULT { ON } else { next(word) };
    let kept = if word & INHERIT != 0 { word & !3 } else { 0 };
    u64::from(kept | now)
}

/// Starts with that.
pub fn inherit(state: &mut GuestState, heritage: u64) {
    set_word(state, heritage as u32 & MASK as u32);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_next_comes_with_a_program() {
        let executed = |word: u64| {
            let mut state = GuestState::default();
            set_vector_control(&mut state, word).unwrap();
            heritage(&state)
        };
        assert_eq!(executed(0), 2);
        assert_eq!(executed(1 << 2), 1);
        assert_eq!(executed(2 << 2 | 2), 2);
        assert_eq!(executed(1 << 4 | 1 << 2), 1 << 4 | 1 << 2 | 1);
        assert_eq!(executed(1 << 4), 1 << 4 | 2);
    }

    #[test]
    fn vectors_can_be_turned_on_but_not_off() {
        let mut state = GuestState::default();
        assert_eq!(vector_control(&state), 2);
        assert_eq!(set_vector_control(&mut state, 1), Err(Errno::EPERM));
        for wrong in [3, 0xc, 0x20, 1 << 32] {
            assert_eq!(set_vector_control(&mut state, wrong), Err(Errno::EINVAL), "{wrong:#x}");
        }
        inherit(&mut state, 1);
        assert!(are_vectors_off(&state));
        assert_eq!(set_vector_control(&mut state, 1 << 2), Ok(()));
        assert_eq!(vector_control(&state), 1 << 2 | 1);
        assert_eq!(set_vector_control(&mut state, 2), Ok(()));
        assert_eq!((vector_control(&state), are_vectors_off(&state)), (2, false));
    }
}
