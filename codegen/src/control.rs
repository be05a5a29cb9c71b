//! How blocks end and where they go on: linked jumps, polls, calls and returns, exits.

use crate::buffer::asm;
use crate::compiler::{LinkSite, Reloc, RelocKind};
use crate::context::field;
use crate::emitter::Emitter;
use crate::encode::Opcode;
use crate::exit::RawExit;
use crate::flags::{EflagsState, Test, cc};
use crate::lookup;
use crate::regs::{RAX, RCX};
use crate::slow::{SlowKind, SlowPath};
use dynasmrt::DynasmApi;
use ir::{Term, Trap, Val};

impl Emitter<'_, '_> {
    /// The terminator.
    pub fn terminate(&mut self, term: &Term) {
        self.eflags.pending &= self.analysis.flags_live_at(self.alloc.now);
        if self.loops_blind_to_flags(term) {
            self.write_pending_apart();
        } else {
            self.write_pending();
        }
        match *term {
            Term::Jump { target } if target == self.block.pc => return self.loop_back(),
            Term::Branch { cond, taken, fall } => return self.branch(cond, taken, fall),
            Term::Switch { known, next } => return self.switch(known, next),
            _ => {}
        }
        // An operand is safe in `rax`.
        if let Some(operand) = term.operand() {
            self.copy_to(RAX, operand);
        }
        self.leave_layout();
        match *term {
            Term::Jump { target } => self.jump_with_poll(target),
            Term::Branch { .. } | Term::Switch { .. } => unreachable!("done above"),
            Term::JumpIndirect { .. } => self.lookup_jump(),
            Term::Call { target, ret } if self.config.call_pairs => self.call(target, ret),
            Term::Call { target, .. } => self.jump_with_poll(target),
            Term::CallIndirect { ret, .. } => self.call_indirect(ret),
            Term::Return { .. } => self.ret(),
            Term::Syscall { next } => self.system_call(next),
            Term::Trap { kind, pc } => self.emit_exit(pc, trap_exit(kind)),
            Term::Sync { next } => self.emit_exit(next, RawExit::Sync),
            Term::Invalidate { len, next, .. } => {
                self.buf.field(Opcode::MOV_STORE, true, RAX, field::EXIT_ADDR);
                self.store_imm64(field::EXIT_LEN, len as i64);
                self.emit_exit(next, RawExit::Invalidate);
            }
        }
    }

    /// Whether the block goes on with itself or with who has no use for the flags, and writes them before it reads them.
    fn loops_blind_to_flags(&self, term: &Term) -> bool {
        let Term::Branch { taken, fall, .. } = *term else { return false };
        let head = self.block.pc;
        let leaves = taken == head && self.flags_die.contains(&fall) || fall == head && self.flags_die.contains(&taken);
        leaves && self.flags_slot.is_some_and(|slot| !self.layout.is_read_first(slot))
    }

    /// Comes back only from a call that was made.
    fn system_call(&mut self, next: u64) {
        self.mov_addr(RAX, next);
        asm!(self.buf; call QWORD [rbp + field::ENTRY_SYSCALL]);
        self.jump_to(next);
    }

    /// Whether a jump there may close a loop, so that it has to poll.
    fn is_backward(&self, target: u64) -> bool {
        target <= self.pc()
    }

    fn jump_with_poll(&mut self, target: u64) {
        if self.is_backward(target) {
            self.poll(target);
        }
        self.jump_to(target);
    }

    /// Leaves for the run loop, to go on at `target`, if it asked for that.
    pub fn poll(&mut self, target: u64) {
        asm!(self.buf; cmp rsp, [BYTE rbp + field::STACK_LIMIT]);
        let field = self.buf.jcc(cc::B);
        let kind = SlowKind::Exit { pc: target, code: RawExit::Interrupted };
        self.slow.push(SlowPath { jumps: [field, 0], kind });
    }

    /// A jump that can be linked; to the block itself it is.
    pub fn jump_to(&mut self, target: u64) {
        self.buf.pad(1);
        let field = self.buf.jmp();
        self.link(field, target);
    }

    fn link(&mut self, field: usize, target: u64) {
        if target == self.block.pc {
            return self.buf.bind_to(field, 0);
        }
        self.add_link(field, target, false);
    }

    fn add_link(&mut self, field: usize, target: u64, switches: bool) {
        let number = self.links.len() as u32;
        self.links.push(LinkSite { offset: field as u32, stub: 0, target, switches });
        self.slow.push(SlowPath { jumps: [0, 0], kind: SlowKind::Link(number) });
    }

    /// Goes on with code for another state, by a jump where that is always the same.
    fn switch(&mut self, known: Val, next: u64) {
        let test = self.condition(known);
        self.leave_layout();
        match test {
            Test::Always => {}
            Test::Cc(_) => self.leave_unless(test, next),
            Test::EqOrdered | Test::NeUnordered => return self.emit_exit(next, RawExit::Sync),
        }
        if self.is_backward(next) {
            self.poll(next);
        }
        self.buf.pad(1);
        let field = self.buf.jmp();
        self.add_link(field, next, true);
    }

    fn leave_unless(&mut self, test: Test, next: u64) {
        if let Test::Cc(code) = test.not() {
            let jumps = [self.buf.jcc(code), 0];
            self.slow.push(SlowPath { jumps, kind: SlowKind::Exit { pc: next, code: RawExit::Sync } });
        }
    }

    fn jcc_to(&mut self, code: u8, target: u64) {
        self.buf.pad(2);
        let field = self.buf.jcc(code);
        self.link(field, target);
    }

    /// Goes to `target` where `test` holds.
    fn branch_if(&mut self, test: Test, target: u64) {
        match test {
            Test::Always => self.jump_to(target),
            Test::Cc(code) => self.jcc_to(code, target),
            Test::EqOrdered => {
                let unordered = self.buf.jcc8(cc::P);
                self.jcc_to(cc::E, target);
                self.buf.bind8(unordered);
            }
            Test::NeUnordered => {
                self.jcc_to(cc::P, target);
                self.jcc_to(cc::NE, target);
            }
        }
    }

    fn branch(&mut self, cond: Val, taken: u64, fall: u64) {
        let test = self.condition(cond);
        let head = self.block.pc;
        match test {
            Test::Always if taken == head => return self.loop_back(),
            Test::Always => {}
            _ if taken == head => return self.loop_if(test, fall),
            _ if fall == head => return self.loop_if(test.not(), taken),
            _ => {}
        }
        self.leave_layout();
        if test == Test::Always {
            self.jump_with_poll(taken);
        } else if self.is_backward(taken) {
            self.branch_if(test.not(), fall);
            self.poll(taken);
            self.jump_to(taken);
        } else {
            self.branch_if(test, taken);
            self.jump_with_poll(fall);
        }
    }

    /// Goes on at the block's beginning where `test` holds, else at `fall`.
    fn loop_if(&mut self, test: Test, fall: u64) {
        if self.layout.moved().is_empty() && !self.is_backward(fall) {
            self.branch_if(test.not(), fall);
        } else {
            self.side_exit(test.not(), fall, false);
        }
        self.loop_back();
    }

    /// Goes on at the block's beginning, where registers are as they are here.
    fn loop_back(&mut self) {
        asm!(self.buf; cmp rsp, [BYTE rbp + field::STACK_LIMIT]);
        let again = self.buf.jcc(cc::AE);
        self.buf.bind_to(again, self.body);
        let polled = self.buf.jmp();
        self.slow.push(SlowPath { jumps: [polled, 0], kind: SlowKind::LoopExit });
    }

    /// `exit_if`
    pub fn exit_if(&mut self, val: Val) {
        let inst = self.inst(val);
        let target = inst.imm as u64;
        let test = self.condition(inst.args[0]);
        let pending = self.eflags.pending && !self.flags_die.contains(&target);
        let simple = !pending && !self.is_backward(target) && self.layout.moved().is_empty();
        if simple && test != Test::Always {
            self.branch_if(test, target)
        } else {
            self.side_exit(test, target, pending)
        }
    }

    /// `trap_if`
    pub fn trap_if(&mut self, val: Val) {
        let inst = self.inst(val);
        let (pc, code) = (inst.imm as u64, trap_exit(Trap::from_u8(inst.aux)));
        let test = self.condition(inst.args[0]);
        self.leave_by(test, SlowKind::SideTrap { pc, code, eflags: self.eflags });
    }

    /// Goes to `target` where `test` holds, by a path that has more to do than to jump: to write the flags if they are
    /// `pending` there.
    fn side_exit(&mut self, test: Test, target: u64, pending: bool) {
        let poll = self.is_backward(target);
        self.leave_by(test, SlowKind::SideExit { target, eflags: EflagsState { pending, ..self.eflags }, poll });
    }

    /// Takes this path where `test` holds.
    fn leave_by(&mut self, test: Test, kind: SlowKind) {
        let jumps = match test {
            Test::Always => [self.buf.jmp(), 0],
            Test::Cc(code) => [self.buf.jcc(code), 0],
            Test::NeUnordered => [self.buf.jcc(cc::P), self.buf.jcc(cc::NE)],
            Test::EqOrdered => {
                let unordered = self.buf.jcc8(cc::P);
                let equal = self.buf.jcc(cc::E);
                self.buf.bind8(unordered);
                [equal, 0]
            }
        };
        self.slow.push(SlowPath { jumps, kind });
    }

    // ---- indirect branches

    /// Jumps to the code for the guest address in `rax`.
    fn lookup_jump(&mut self) {
        let jumps = self.poll_and_look_up();
        asm!(self.buf; jmp QWORD [rbp + rcx + field::LOOKUP_CODE]);
        self.slow.push(SlowPath { jumps, kind: SlowKind::Miss });
    }

    /// The offset of the table's entry for `rax` in `rcx`; the jumps that are taken if it is of another address.
    fn poll_and_look_up(&mut self) -> [usize; 2] {
        asm!(self.buf; cmp rsp, [BYTE rbp + field::STACK_LIMIT]);
        let polled = self.buf.jcc(cc::B);
        lookup::near_offset(self.buf, self.config.pc_shift);
        asm!(self.buf; cmp rax, [rbp + rcx + field::LOOKUP]);
        [polled, self.buf.jcc(cc::NE)]
    }

    // ---- calls and returns: on the stack a guest return address, and above it the host's

    fn call(&mut self, target: u64, ret: u64) {
        self.poll(target);
        self.push_return(ret, RAX);
        self.buf.pad(1);
        self.buf.put([0xe8, 0, 0, 0, 0]);
        let field = self.buf.len() - 4;
        self.link(field, target);
        self.land(ret);
    }

    /// A call of the guest address in `rax`.
    fn call_indirect(&mut self, ret: u64) {
        if !self.config.call_pairs {
            return self.lookup_jump();
        }
        let jumps = self.poll_and_look_up();
        // `rcx` is taken: the return address goes through `rax`, which has done its duty.
        self.push_return(ret, RAX);
        asm!(self.buf; call QWORD [rbp + rcx + field::LOOKUP_CODE]);
        self.slow.push(SlowPath { jumps, kind: SlowKind::CallMiss { ret, back: self.buf.len() } });
        self.land(ret);
    }

    /// The same for an address that the table does not know: the pair is pushed all the same, so that the return finds it.
    pub fn call_missed(&mut self, ret: u64) {
        self.push_return(ret, RCX);
        asm!(self.buf; call QWORD [rbp + field::ENTRY_MISS]);
    }

    /// Pushes the guest's return address; `scratch` may be changed.
    fn push_return(&mut self, ret: u64, scratch: u8) {
        match i32::try_from(ret) {
            Ok(imm) if !self.buf.is_beside_guest() => {
                asm!(self.buf; push DWORD imm);
                let offset = self.buf.len() as u32 - 4;
                self.relocs.push(Reloc { offset, kind: RelocKind::AbsS32, value: ret });
            }
            _ => {
                self.mov_addr(scratch, ret);
                asm!(self.buf; push Rq(scratch));
            }
        }
    }

    /// Where a return comes back to: drops the guest address and goes on.
    fn land(&mut self, ret: u64) {
        asm!(self.buf; pop rcx);
        self.jump_to(ret);
    }

    /// A return to the guest address in `rax`.
    fn ret(&mut self) {
        if !self.config.call_pairs {
            return self.lookup_jump();
        }
        asm!(self.buf; cmp rax, [rsp + 8]);
        let missed = self.buf.jcc(cc::NE);
        asm!(self.buf; ret);
        self.slow.push(SlowPath { jumps: [missed, 0], kind: SlowKind::ReturnMiss });
    }
}

fn trap_exit(kind: Trap) -> RawExit {
    match kind {
        Trap::Illegal => RawExit::Illegal,
        Trap::Breakpoint => RawExit::Breakpoint,
        Trap::Misaligned => RawExit::Misaligned,
        Trap::Authentication => RawExit::Authentication,
    }
}
