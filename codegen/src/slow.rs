//! What is emitted behind a block: exits that are not linked, slow paths, and the calls they make.

use crate::alloc::Class;
use crate::buffer::asm;
use crate::compiler::{Reloc, RelocKind};
use crate::constants;
use crate::context::field;
use crate::emitter::Emitter;
use crate::encode::{Amode, Opcode};
use crate::exit::RawExit;
use crate::flags::EflagsState;
use crate::regs::RAX;
use crate::runtime::SLOW_PATH;
use crate::stubs::EXIT_CALL;
use dynasmrt::DynasmApi;
use ir::eval::slow;
use ir::{Inst, Ty, Val};

/// Code out of line, and the rel32 fields that lead there (0: none).
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowPath {
    pub jumps: [usize; 2],
    pub kind: SlowKind,
}

/// What it does.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SlowKind {
    /// The exit of an unlinked jump, by its number.
    Link(u32),
    /// The poll of a loop over the block.
    LoopExit,
    /// Another exit.
    Exit { pc: u64, code: RawExit },
    /// An indirect branch to `rax` that the table does not know.
    Miss,
    /// A call of `rax` that the table does not know; it returns to `back`.
    CallMiss { ret: u64, back: usize },
    /// A return to `rax` that does not match the latest call.
    ReturnMiss,
    /// A side exit that has something to do before it can be linked.
    SideExit { target: u64, eflags: EflagsState, poll: bool },
    /// A trap that not every run meets.
    SideTrap { pc: u64, code: RawExit, eflags: EflagsState },
    /// Evaluates an instruction that inline code found unfit, by its number among the calls, and goes on at `back`.
    Evaluate { call: u32, back: usize },
    /// Mends a NaN that came of two operands, of the instruction with this number among the calls, and goes on at `back`.
    ChooseNan { call: u32, back: usize },
    /// Replaces a NaN by the canonical one of a type.
    Canonical { reg: u8, ty: Ty, back: usize },
}

/// An instruction with its operands and its result in registers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlowCall {
    pub inst: Inst,
    /// Type of the first operand.
    pub from: Ty,
    /// Registers of the operands; [`crate::regs::NONE`] where there is none.
    pub args: [u8; 3],
    pub classes: [Class; 3],
    pub result: u8,
}

impl Emitter<'_, '_> {
    /// Emits all that waits; doing so may add to it.
    pub fn emit_slow_paths(&mut self) {
        let mut at = 0;
        while at < self.slow.len() {
            let path = self.slow[at];
            at += 1;
            if let SlowKind::Link(link) = path.kind {
                self.emit_link_exit(link);
            } else {
                self.bind_all(path.jumps);
                self.emit_slow_path(path.kind);
            }
        }
    }

    fn emit_slow_path(&mut self, kind: SlowKind) {
        match kind {
            SlowKind::Link(link) => self.emit_link_exit(link),
            SlowKind::Exit { pc, code } => self.emit_exit(pc, code),
            SlowKind::LoopExit => {
                self.leave_layout();
                self.emit_exit(self.block.pc, RawExit::Interrupted);
            }
            SlowKind::Miss => asm!(self.buf; jmp QWORD [rbp + field::ENTRY_MISS]),
            SlowKind::CallMiss { ret, back } => {
                self.call_missed(ret);
                self.jump_back(back);
            }
            SlowKind::ReturnMiss => asm!(self.buf; jmp QWORD [BYTE rbp + field::EXIT_RETURN_MISS]),
            SlowKind::SideExit { target, eflags, poll } => {
                self.eflags = eflags;
                self.write_pending();
                self.leave_layout();
                if poll {
                    self.poll(target);
                }
                self.jump_to(target);
            }
            SlowKind::SideTrap { pc, code, eflags } => {
                self.eflags = eflags;
                self.write_pending();
                self.leave_layout();
                self.emit_exit(pc, code);
            }
            SlowKind::Evaluate { call, back } => {
                let call = self.calls[call as usize];
                self.call_slow(&call);
                self.jump_back(back);
            }
            SlowKind::ChooseNan { call, back } => {
                let call = self.calls[call as usize];
                self.choose_nan(&call, back);
            }
            SlowKind::Canonical { reg, ty, back } => {
                self.load_canonical_nan(reg, ty);
                self.jump_back(back);
            }
        }
    }

    /// Like all scalars that are loaded, with zeros above.
    pub fn load_canonical_nan(&mut self, reg: u8, ty: Ty) {
        match ty {
            Ty::F64 => self.load_xmm(8, reg, Amode::context(constants::NAN64)),
            Ty::F32 => self.load_xmm(4, reg, Amode::context(constants::NAN32)),
            _ => self.load_xmm(4, reg, Amode::context(constants::NAN16)),
        }
    }

    pub fn jump_back(&mut self, back: usize) {
        let field = self.buf.jmp();
        self.buf.bind_to(field, back);
    }

    fn emit_link_exit(&mut self, link: u32) {
        let stub = self.buf.len();
        let site = &mut self.links[link as usize];
        site.stub = stub as u32;
        let (offset, target) = (site.offset, site.target);
        // The field leads here until it is linked.
        self.buf.bind(offset as usize);
        let entries = [field::EXIT_LINK, field::EXIT_LINK_LOW, field::EXIT_LINK_NEAR];
        let named = self.call_with_addr(target, entries);
        // Where the distance of an exit is follows from where that is.
        if !named.kind.is_distance() {
            self.relocs.push(named);
        }
    }

    /// Leaves emitted code with the guest at `pc`.
    pub fn emit_exit(&mut self, pc: u64, code: RawExit) {
        let entries = [field::EXIT_CODE, field::EXIT_CODE_LOW, field::EXIT_CODE_NEAR];
        let named = self.call_with_addr(pc, entries);
        self.relocs.push(named);
        self.buf.push(code as u8);
    }

    /// Calls one of the runtime's entries with a guest address behind the call: whole, its lower half, or its distance.
    fn call_with_addr(&mut self, addr: u64, [whole, low, near]: [i8; 3]) -> Reloc {
        let offset = self.buf.len() + EXIT_CALL;
        let kind = if let Some(distance) = self.buf.distance(offset, addr) {
            asm!(self.buf; call QWORD [BYTE rbp + near]);
            self.buf.push_i32(distance);
            RelocKind::FromField
        } else if let (Ok(addr), false) = (u32::try_from(addr), self.buf.is_beside_guest()) {
            asm!(self.buf; call QWORD [BYTE rbp + low]);
            self.buf.push_i32(addr as i32);
            RelocKind::Abs32
        } else {
            asm!(self.buf; call QWORD [BYTE rbp + whole]);
            self.buf.push_u64(addr);
            RelocKind::Abs64
        };
        Reloc { offset: offset as u32, kind, value: addr }
    }

    /// Evaluates `val` by a call, in line: for what is rare, and for hosts that lack an instruction.
    pub fn evaluate(&mut self, val: Val) {
        self.clobber();
        let mut call = self.slow_call(val);
        self.unlock();
        call.result = self.def(val, 0);
        self.call_slow(&call);
        self.zero_above(val);
    }

    /// Has `jumps` lead to a call, which goes on at `back`.
    pub fn evaluate_behind(&mut self, jumps: [usize; 2], call: SlowCall, back: usize) {
        let call = self.note_call(call);
        self.slow.push(SlowPath { jumps, kind: SlowKind::Evaluate { call, back } });
    }

    /// The number of a call that is made out of line.
    pub fn note_call(&mut self, call: SlowCall) -> u32 {
        self.calls.push(call);
        self.calls.len() as u32 - 1
    }

    /// The call for `val`, its operands in registers, its result to be filled in.
    pub fn slow_call(&mut self, val: Val) -> SlowCall {
        let inst = self.inst(val);
        let mut call = SlowCall {
            inst,
            from: Ty::None,
            args: [crate::regs::NONE; 3],
            classes: [Class::Gpr; 3],
            result: crate::regs::NONE,
        };
        for (i, &arg) in inst.args.iter().enumerate() {
            if arg.is_some() {
                let ty = self.inst(arg).result();
                call.args[i] = self.reg(arg);
                call.classes[i] = Class::of(ty);
                if i == 0 {
                    call.from = ty;
                }
            }
        }
        call
    }

    pub fn call_slow(&mut self, call: &SlowCall) {
        for i in 0..3 {
            if call.args[i] != crate::regs::NONE {
                let size = if call.classes[i] == Class::Xmm { 16 } else { 8 };
                self.store_field(call.classes[i], size, field::VEC_ARGS + i as i32 * 16, call.args[i]);
            }
        }
        let constant = slow::constant(self.block, &call.inst, call.from);
        self.store_imm64(field::VEC_IMM, constant as i64);
        self.call_function(field::ENTRY_CALL_VEC, SLOW_PATH);
        let class = Class::of(call.inst.result());
        let size = if class == Class::Xmm { 16 } else { 8 };
        self.load_field(class, size, call.result, field::VEC_ARGS);
    }

    /// Stores a constant in the context, by `rax` where it is long.
    pub fn store_imm64(&mut self, disp: i32, value: i64) {
        match i32::try_from(value) {
            Ok(imm) => self.buf.store_imm(true, Amode::context(disp), imm),
            Err(_) => {
                self.buf.mov_imm(RAX, value);
                self.buf.field(Opcode::MOV_STORE, true, RAX, disp);
            }
        }
    }

    /// Calls function number `function` of the context's table through the runtime.
    pub fn call_function(&mut self, entry: i32, function: usize) {
        self.buf.mov_imm(RAX, function as i64);
        asm!(self.buf; call QWORD [rbp + entry]);
    }
}
