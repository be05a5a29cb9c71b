//! Truth values: comparisons, and what depends on them.

use crate::alloc::Class;
use crate::buffer::asm;
use crate::emitter::Emitter;
use crate::encode::{Alu, Amode, Opcode, Rm, Src};
use crate::flags::{Test, cc};
use crate::regs::{RAX, RCX};
use dynasmrt::DynasmApi;
use ir::{Cond, Icond, Op, Ty, Val};

impl Emitter<'_, '_> {
    /// A test on EFLAGS for the truth value `val`: its own comparison if it waits for that.
    pub fn condition(&mut self, val: Val) -> Test {
        if self.deferred == val {
            self.deferred = Val::NONE;
            return self.truth_test(val);
        }
        self.clobber();
        match self.src(val) {
            Src::Mem(disp) => self.buf.alu_imm(Alu::Cmp, false, Rm::Mem(Amode::context(disp)), 0),
            Src::Reg(r) => self.buf.rm(Opcode::TEST, false, r, Rm::Reg(r)),
            Src::Imm(imm) => {
                self.buf.mov_imm(RAX, imm as u32 as i64);
                self.buf.rm(Opcode::TEST, false, RAX, Rm::Reg(RAX));
            }
        }
        Test::Cc(cc::NE)
    }

    /// Emits the comparison that yields `val`.
    fn truth_test(&mut self, val: Val) -> Test {
        let inst = self.inst(val);
        let [a, b, _] = inst.args;
        match inst.op {
            Op::Icmp if self.deferred_mask.is_some() => self.test_bits(Icond::from_u8(inst.aux)),
            Op::Icmp => {
                self.clobber();
                self.emit_cmp(inst.ty == Ty::I64, a, b);
                Test::Cc(icond_cc(Icond::from_u8(inst.aux)))
            }
            Op::Cond => self.flags_test(a, Cond::from_u8(inst.aux)),
            _ => self.float_test(val),
        }
    }

    /// Tests whether any of the bits that the mask that waits selects is set (`Ne`) or none (`Eq`).
    fn test_bits(&mut self, cond: Icond) -> Test {
        let mask = std::mem::replace(&mut self.deferred_mask, Val::NONE);
        let inst = self.inst(mask);
        let wide = inst.ty == Ty::I64;
        let [a, b, _] = inst.args;
        self.clobber();
        let bits = self.as_const(b).map_or(0, |bits| if wide { bits as u64 } else { bits as u32 as u64 });
        let (bit, byte) = (bits.trailing_zeros(), bits.trailing_zeros() / 8);
        match self.src(a) {
            Src::Mem(disp) if bits != 0 && bits >> (byte * 8) <= 0xff => {
                self.buf.test_byte(disp + byte as i32, (bits >> (byte * 8)) as u8);
            }
            Src::Reg(a) if bits.is_power_of_two() && bit >= 31 => {
                asm!(self.buf; bt Rq(a), bit as i8);
                return Test::Cc(if cond == Icond::Ne { cc::B } else { cc::AE });
            }
            _ => self.emit_test(wide, a, b),
        }
        Test::Cc(icond_cc(cond))
    }

    /// `icmp`, `cond`, `fcmp` as a value.
    pub fn truth(&mut self, val: Val) {
        let test = self.truth_test(val);
        self.unlock();
        let d = self.def(val, 0);
        match test {
            Test::Always => self.buf.mov_imm(d, 1),
            Test::Cc(code) => self.set_byte(code, d),
            // Parity first, then the other outcome for the pairs that differ. EFLAGS stay.
            Test::EqOrdered | Test::NeUnordered => {
                let equal = test == Test::EqOrdered;
                self.set_byte(if equal { cc::NP } else { cc::P }, d);
                self.buf.mov_imm(RCX, !equal as i64);
                self.buf.rm(Opcode::cmov(cc::NE), false, d, Rm::Reg(RCX));
            }
        }
        self.zero_above(val);
    }

    /// A condition as a number. EFLAGS stay; uses `rax`.
    pub fn set_byte(&mut self, code: u8, d: u8) {
        self.buf.setcc(code, RAX);
        self.buf.rm(Opcode::MOVZX8, false, d, Rm::Reg(RAX));
    }

    /// `select`
    pub fn select(&mut self, val: Val) {
        let inst = self.inst(val);
        let [cond, b, c] = inst.args;
        let test = self.condition(cond);
        self.unlock();
        if test == Test::Always {
            let ent = self.alloc.ent(b);
            return self.alloc.share(val.0, ent, self.live.last_use(val));
        }
        if inst.ty.is_vec() {
            return self.select_vec(val, test, b, c);
        }
        let wide = inst.ty == Ty::I64;
        let (rb, rc) = (self.reg(b), self.reg(c));
        let allow = self.dying(b) | self.dying(c);
        let d = self.def(val, allow);
        // Where the result takes the place of b, c is what may move in.
        let (test, other, own) = if d == rb { (test.not(), rc, rb) } else { (test, rb, rc) };
        let (test, other) = match test {
            Test::EqOrdered => {
                // Only the opposite can be said by two moves: take `other` first.
                self.move_reg(Class::Gpr, RAX, own);
                self.move_reg(Class::Gpr, d, other);
                (Test::NeUnordered, RAX)
            }
            _ => {
                self.move_reg(Class::Gpr, d, own);
                (test, other)
            }
        };
        match test {
            Test::Cc(code) => self.buf.rm(Opcode::cmov(code), wide, d, Rm::Reg(other)),
            _ => {
                self.buf.rm(Opcode::cmov(cc::NE), wide, d, Rm::Reg(other));
                self.buf.rm(Opcode::cmov(cc::P), wide, d, Rm::Reg(other));
            }
        }
        self.zero_above(val);
    }

    /// A choice between vectors, by a jump.
    fn select_vec(&mut self, val: Val, test: Test, b: Val, c: Val) {
        let (rb, rc) = (self.reg(b), self.reg(c));
        let allow = self.dying(b) | self.dying(c);
        let d = self.def(val, allow);
        let (test, other, own) = if d == rb { (test.not(), rc, rb) } else { (test, rb, rc) };
        self.move_reg(Class::Xmm, d, own);
        let skip = self.jump_unless(test);
        self.move_reg(Class::Xmm, d, other);
        if let Some(skip) = skip {
            self.bind_all(skip);
        }
    }

    /// Jumps where `test` fails: the fields to bind with [`Emitter::bind_all`]. `None` if it never fails.
    pub fn jump_unless(&mut self, test: Test) -> Option<[usize; 2]> {
        Some(match test {
            Test::Always => return None,
            Test::Cc(code) => [self.buf.jcc(code ^ 1), 0],
            Test::EqOrdered => [self.buf.jcc(cc::NE), self.buf.jcc(cc::P)],
            Test::NeUnordered => {
                // Unordered passes by the jump over the second test.
                let unordered = self.buf.jcc8(cc::P);
                let equal = self.buf.jcc(cc::E);
                self.buf.bind8(unordered);
                [equal, 0]
            }
        })
    }

    /// Points jumps to here; 0 is none.
    pub fn bind_all(&mut self, fields: [usize; 2]) {
        for field in fields {
            if field != 0 {
                self.buf.bind(field);
            }
        }
    }
}

fn icond_cc(cond: Icond) -> u8 {
    match cond {
        Icond::Eq => cc::E,
        Icond::Ne => cc::NE,
        Icond::LtS => cc::L,
        Icond::LeS => cc::LE,
        Icond::GtS => cc::G,
        Icond::GeS => cc::GE,
        Icond::LtU => cc::B,
        Icond::LeU => cc::BE,
        Icond::GtU => cc::A,
        Icond::GeU => cc::AE,
    }
}
