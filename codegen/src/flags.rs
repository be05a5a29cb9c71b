//! NZCV: in EFLAGS as long as nothing else needs them, and put together only where it escapes.
//!
//! A flags value is in EFLAGS, in a general register or in memory (the latter two as
//! [`ir::Nzcv`] lays them out). A `put` of one in EFLAGS stores nothing: the slot is *pending*, and
//! is written when EFLAGS are about to change, or at an exit.

use crate::alloc::{Ent, Home, NOBODY};
use crate::buffer::asm;
use crate::constants;
use crate::emitter::Emitter;
use crate::encode::Opcode;
use crate::faults::FlagsAt;
use crate::regs::{NONE, RAX};
use dynasmrt::DynasmApi;
use ir::{Cond, SlotId, Ty, Val};

/// Numbers of the host's conditions.
pub(crate) mod cc {
    pub const O: u8 = 0;
    pub const B: u8 = 2;
    pub const AE: u8 = 3;
    pub const E: u8 = 4;
    pub const NE: u8 = 5;
    pub const BE: u8 = 6;
    pub const A: u8 = 7;
    pub const S: u8 = 8;
    pub const NS: u8 = 9;
    pub const P: u8 = 10;
    pub const NP: u8 = 11;
    pub const L: u8 = 12;
    pub const GE: u8 = 13;
    pub const LE: u8 = 14;
    pub const G: u8 = 15;
}

/// What EFLAGS hold.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EflagsState {
    /// The flags value, or nobody.
    pub ent: Ent,
    /// How it is represented; meaningful if there is one.
    pub at: FlagsAt,
    /// Whether the flags slot is to become it.
    pub pending: bool,
}

impl EflagsState {
    pub const EMPTY: EflagsState = EflagsState { ent: NOBODY, at: FlagsAt::Slot, pending: false };
}

/// A test on EFLAGS.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Test {
    Always,
    Cc(u8),
    /// ZF and not PF: equal by `ucomis`.
    EqOrdered,
    /// The opposite.
    NeUnordered,
}

impl Test {
    pub fn not(self) -> Test {
        match self {
            Test::Cc(code) => Test::Cc(code ^ 1),
            Test::EqOrdered => Test::NeUnordered,
            Test::NeUnordered => Test::EqOrdered,
            Test::Always => unreachable!("a condition that always holds has no use for its opposite"),
        }
    }
}

impl Emitter<'_, '_> {
    /// EFLAGS are about to change: saves what is still needed of them. Uses `rax`.
    #[inline]
    pub fn clobber(&mut self) {
        if self.eflags.ent != NOBODY {
            self.save_eflags();
            self.eflags = EflagsState::EMPTY;
        }
    }

    /// Whether a change of EFLAGS would have to save them.
    pub fn eflags_are_needed(&self) -> bool {
        let EflagsState { ent, pending, .. } = self.eflags;
        ent != NOBODY && (self.alloc.lives_on(ent) || pending && self.analysis.flags_live_at(self.alloc.now))
    }

    /// Saves what is still needed of EFLAGS, which stay what they are but for the sense of CF.
    pub fn save_eflags(&mut self) {
        let ent = self.eflags.ent;
        if ent == NOBODY {
            return;
        }
        let slot_needed = self.eflags.pending && self.analysis.flags_live_at(self.alloc.now);
        if slot_needed {
            self.write_pending();
        } else if self.alloc.lives_on(ent) {
            let e = *self.alloc.get(ent);
            if e.reg == NONE && e.home == Home::None {
                let (disp, _) = self.alloc.spill_word(ent);
                self.nzcv_to_rax();
                self.buf.field(Opcode::MOV_STORE, false, RAX, disp);
                self.alloc.get_mut(ent).home_size = 4;
            }
        }
        self.eflags.pending = false;
    }

    /// Writes the flags slot if it is pending. EFLAGS stay what they are.
    pub fn write_pending(&mut self) {
        if !self.eflags.pending {
            return;
        }
        let Some(slot) = self.flags_slot else { return };
        self.nzcv_to_rax();
        let disp = self.slot_disp(slot);
        self.buf.field(Opcode::MOV_STORE, false, RAX, disp);
        self.was_written(slot);
    }

    /// The same at the end of a loop's round where nobody but a fault reads them before they are written again: by
    /// bytes. To put two bytes of a register together costs the host more, but who reads the slot as a whole would
    /// wait for both stores.
    pub fn write_pending_apart(&mut self) {
        let Some(slot) = self.flags_slot.filter(|_| self.eflags.pending) else { return };
        if matches!(self.eflags.at, FlagsAt::Fcmp | FlagsAt::FcmpSwapped) {
            return self.write_pending();
        }
        if self.eflags.at == FlagsAt::Add {
            self.make_sub_kind();
        }
        let disp = self.slot_disp(slot);
        asm!(self.buf; lahf ; mov [rbp + disp + 1], ah ; seto [rbp + disp]);
        self.was_written(slot);
    }

    /// The flags slot holds what EFLAGS do.
    fn was_written(&mut self, slot: SlotId) {
        self.eflags.pending = false;
        let ent = self.eflags.ent;
        self.alloc.slot_owner[slot.0 as usize] = ent;
        let e = self.alloc.get_mut(ent);
        (e.home, e.home_size) = (Home::Slot(slot), 4);
    }

    /// The value in EFLAGS to `eax` as slots hold it.
    fn nzcv_to_rax(&mut self) {
        match self.eflags.at {
            FlagsAt::Add => self.make_sub_kind(),
            FlagsAt::Fcmp | FlagsAt::FcmpSwapped => {
                let table =
                    if self.eflags.at == FlagsAt::Fcmp { constants::FCMP_NZCV } else { constants::FCMP_NZCV_SWAPPED };
                return asm!(self.buf; lahf ; movzx eax, ah ; movzx eax, WORD [rbp + rax * 2 + table]);
            }
            FlagsAt::Sub | FlagsAt::Slot => {}
        }
        asm!(self.buf; lahf ; seto al);
    }

    /// Turns CF to the sense of a subtraction.
    fn make_sub_kind(&mut self) {
        if self.eflags.at == FlagsAt::Add {
            asm!(self.buf; cmc);
            self.eflags.at = FlagsAt::Sub;
        }
    }

    /// EFLAGS now hold the result `val`.
    pub fn define_flags(&mut self, val: Val, at: FlagsAt) {
        let ent = self.alloc.define(val.0, Ty::Flags, self.live.last_use(val));
        self.eflags = EflagsState { ent, at, pending: false };
    }

    /// Loads a flags value that is in EFLAGS alone.
    pub fn load_flags_ent(&mut self, ent: Ent, reg: u8) {
        debug_assert_eq!(self.eflags.ent, ent, "a value without a place");
        self.nzcv_to_rax();
        self.buf.mov(false, reg, RAX);
    }

    /// Writes the flags slot: later if EFLAGS hold the value.
    pub fn put_flags(&mut self, val: Val, disp: i32) {
        let ent = self.alloc.ent(val);
        if self.eflags.ent == ent {
            self.eflags.pending = true;
            return;
        }
        // What was pending is overwritten.
        self.eflags.pending = false;
        let e = *self.alloc.get(ent);
        let reg = if e.reg != NONE {
            e.reg
        } else {
            self.load_ent(ent, RAX);
            RAX
        };
        self.buf.field(Opcode::MOV_STORE, false, reg, disp);
    }

    /// A test for `cond` on a flags value.
    pub fn flags_test(&mut self, val: Val, cond: Cond) -> Test {
        if matches!(cond, Cond::Al | Cond::Nv) {
            return Test::Always;
        }
        let ent = self.alloc.ent(val);
        if self.eflags.ent != ent {
            if let Some(test) = self.test_in_memory(ent, cond) {
                return test;
            }
            self.flags_to_eflags(ent);
        }
        match self.eflags.at {
            FlagsAt::Fcmp => self.fcmp_test(cond, false),
            FlagsAt::FcmpSwapped => self.fcmp_test(cond, true),
            FlagsAt::Add if matches!(cond, Cond::Hs) => Test::Cc(cc::B),
            FlagsAt::Add if matches!(cond, Cond::Lo) => Test::Cc(cc::AE),
            FlagsAt::Add => {
                if matches!(cond, Cond::Hi | Cond::Ls) {
                    self.make_sub_kind();
                }
                sub_test(cond)
            }
            FlagsAt::Sub | FlagsAt::Slot => sub_test(cond),
        }
    }

    /// A condition on one flag of a value in memory: a test of its bit.
    fn test_in_memory(&mut self, ent: Ent, cond: Cond) -> Option<Test> {
        // NZCV's layout: Z is bit 6, N bit 7 and not C bit 0 of the second byte; V bit 0 of the first.
        let (byte, mask, set) = match cond {
            Cond::Eq => (1, 0x40, true),
            Cond::Ne => (1, 0x40, false),
            Cond::Mi => (1, 0x80, true),
            Cond::Pl => (1, 0x80, false),
            Cond::Lo => (1, 1, true),
            Cond::Hs => (1, 1, false),
            Cond::Vs => (0, 1, true),
            Cond::Vc => (0, 1, false),
            _ => return None,
        };
        let disp = self.home_disp(self.alloc.get(ent).home)?;
        self.clobber();
        self.buf.test_byte(disp + byte, mask);
        Some(Test::Cc(if set { cc::NE } else { cc::E }))
    }

    /// Brings a flags value back into EFLAGS, in the sense of a subtraction.
    pub fn flags_to_eflags(&mut self, ent: Ent) {
        if self.eflags.ent == ent {
            return;
        }
        self.clobber();
        let e = *self.alloc.get(ent);
        if e.reg != NONE {
            self.buf.mov(false, RAX, e.reg);
        } else {
            self.load_ent(ent, RAX);
        }
        // 127 more than V overflows exactly where V is 1.
        asm!(self.buf; add al, 127 ; sahf);
        self.eflags = EflagsState { ent, at: FlagsAt::Sub, pending: false };
    }

    /// The condition that C of a flags value is, where that is in EFLAGS and has to be saved if they change.
    pub fn needed_carry(&self, val: Val) -> Option<u8> {
        let code = match self.eflags.at {
            FlagsAt::Add => cc::B,
            FlagsAt::Sub => cc::AE,
            FlagsAt::Slot | FlagsAt::Fcmp | FlagsAt::FcmpSwapped => return None,
        };
        (self.eflags.ent == self.alloc.ent(val) && self.eflags_are_needed()).then_some(code)
    }

    /// CF becomes C of a flags value, or its opposite.
    pub fn carry_to_cf(&mut self, val: Val, inverted: bool) {
        let ent = self.alloc.ent(val);
        let is_inverted = if self.eflags.ent == ent {
            if matches!(self.eflags.at, FlagsAt::Fcmp | FlagsAt::FcmpSwapped) {
                self.fcmp_to_sub_kind();
            }
            // Saving keeps EFLAGS, but may turn CF.
            self.save_eflags();
            let at = std::mem::replace(&mut self.eflags, EflagsState::EMPTY).at;
            at != FlagsAt::Add
        } else {
            self.clobber();
            let e = *self.alloc.get(ent);
            match (e.reg, self.home_disp(e.home)) {
                (NONE, Some(disp)) => asm!(self.buf; bt DWORD [rbp + disp], 8),
                (reg, _) => asm!(self.buf; bt Rd(reg), 8),
            }
            true
        };
        if is_inverted != inverted {
            asm!(self.buf; cmc);
        }
    }

    /// Conditions after `ucomis a, b` (or `b, a` if swapped): unordered sets ZF, PF and CF, less CF, equal ZF.
    fn fcmp_test(&mut self, cond: Cond, swapped: bool) -> Test {
        match (cond, swapped) {
            (Cond::Eq, _) => Test::EqOrdered,
            (Cond::Ne, _) => Test::NeUnordered,
            (Cond::Vs, _) => Test::Cc(cc::P),
            (Cond::Vc, _) => Test::Cc(cc::NP),
            // Greater; greater or equal; and their opposites, which unordered satisfies.
            (Cond::Gt, false) => Test::Cc(cc::A),
            (Cond::Ge, false) => Test::Cc(cc::AE),
            (Cond::Lt, false) => Test::Cc(cc::B),
            (Cond::Le, false) => Test::Cc(cc::BE),
            // Less; less or equal; and their opposites.
            (Cond::Mi | Cond::Lo, true) => Test::Cc(cc::A),
            (Cond::Ls, true) => Test::Cc(cc::AE),
            (Cond::Hi, true) => Test::Cc(cc::B),
            (Cond::Pl | Cond::Hs, true) => Test::Cc(cc::BE),
            // The comparison was made the other way round for another condition.
            _ => {
                self.fcmp_to_sub_kind();
                sub_test(cond)
            }
        }
    }

    /// Puts NZCV together from a floating-point comparison and brings it back as a subtraction has it.
    fn fcmp_to_sub_kind(&mut self) {
        let ent = self.eflags.ent;
        if self.eflags.pending {
            self.write_pending();
            self.load_ent(ent, RAX);
        } else {
            self.nzcv_to_rax();
            let e = *self.alloc.get(ent);
            if self.alloc.lives_on(ent) && e.home == Home::None {
                let (disp, _) = self.alloc.spill_word(ent);
                self.buf.field(Opcode::MOV_STORE, false, RAX, disp);
                self.alloc.get_mut(ent).home_size = 4;
            }
        }
        asm!(self.buf; add al, 127 ; sahf);
        self.eflags.at = FlagsAt::Sub;
    }
}

/// Conditions after a subtraction.
fn sub_test(cond: Cond) -> Test {
    Test::Cc(match cond {
        Cond::Eq => cc::E,
        Cond::Ne => cc::NE,
        Cond::Hs => cc::AE,
        Cond::Lo => cc::B,
        Cond::Mi => cc::S,
        Cond::Pl => cc::NS,
        Cond::Vs => cc::O,
        Cond::Vc => cc::O ^ 1,
        Cond::Hi => cc::A,
        Cond::Ls => cc::BE,
        Cond::Ge => cc::GE,
        Cond::Lt => cc::L,
        Cond::Gt => cc::G,
        Cond::Le | Cond::Al | Cond::Nv => cc::LE,
    })
}
