//! The RISC-V guest as a [`Target`].

use ::target::{
    CoreRegisters, FeatureDef, Features, Flow, Instruction, Mode, Row, SignalDelivery, SignalFrame, SignalReturn,
    SyscallRegs, SyscallSlots, Target, Vdso,
};
use ir::{FpControl, GuestState, Helper, NanRule, SlotDef};
use memory::Errno;

use crate::conv;
use crate::cpu::{self, Cpu};
use crate::disassembly;
use crate::float;
use crate::helpers;
use crate::masking;
use crate::rows::{DECODER16, DECODER32};
use crate::state::{FRM, SLOTS, SP, TP};
use crate::vector;

const EM_RISCV: u16 = 243;

/// A RISC-V guest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Riscv64 {
    cpu: Cpu,
}

impl Riscv64 {
    /// With this CPU.
    pub fn new(cpu: Cpu) -> Riscv64 {
        Riscv64 { cpu }
    }

    /// The ISA string.
    pub fn isa(&self) -> String {
        cpu::isa(self.cpu.features)
    }

    /// The value of a `riscv_hwprobe` key; see [`cpu::hwprobe`].
    pub fn hwprobe(&self, key: i64, time_hz: impl FnOnce() -> u64, highest_address: u64) -> Option<u64> {
        cpu::hwprobe(self.cpu.features, key, time_hz, highest_address)
    }
}

fn offset(slot: ir::SlotId) -> u16 {
    SLOTS[slot.0 as usize].offset
}

fn frm(state: &GuestState) -> u32 {
    state.u32_at(offset(FRM))
}

impl Target for Riscv64 {
    fn name(&self) -> &'static str {
        "riscv64"
    }

    fn elf_machine(&self) -> u16 {
        EM_RISCV
    }

    fn slots(&self) -> &'static [SlotDef] {
        SLOTS
    }

    fn helpers(&self) -> &'static [Helper] {
        helpers::TABLE
    }

    fn rows(&self) -> Vec<&'static Row> {
        DECODER32.rows().chain(DECODER16.rows()).collect()
    }

    fn feature_table(&self) -> &'static [FeatureDef] {
        cpu::TABLE
    }

    fn features(&self) -> Features {
        self.cpu.features
    }

    fn features_in(&self, mode: Mode) -> Features {
        if mode.0 >> vector::OFF_SHIFT & 1 == 0 { self.cpu.features } else { cpu::without_vectors(self.cpu.features) }
    }

    fn code_shift(&self) -> u32 {
        1
    }

    fn runs_unannounced_code(&self) -> bool {
        true
    }

    /// The low two bits tell a compressed instruction from a full one (unprivileged ISA, expanded instruction-length encoding). Longer ones are
    /// reserved: their first 32 bits match no row.
    fn fetch(&self, code: &[u8]) -> Option<(u32, usize)> {
        match *code {
            [a, b, ..] if a & 3 != 3 => Some((u16::from_le_bytes([a, b]) as u32, 2)),
            [a, b, c, d, ..] => Some((u32::from_le_bytes([a, b, c, d]), 4)),
            _ => None,
        }
    }

    fn decode(&self, word: u32) -> Option<Instruction> {
        if word & 3 == 3 { DECODER32.decode(word) } else { DECODER16.decode(word) }
    }

    fn flow(&self, word: u32, pc: u64) -> Flow {
        crate::flow::flow(word, pc)
    }

    fn disassemble(&self, word: u32, pc: u64) -> String {
        self.decode(word).map_or_else(|| "undefined".to_owned(), |found| disassembly::text(found.row, word, pc))
    }

    fn mode(&self, state: &GuestState) -> Mode {
        let off = u32::from(conv::are_vectors_off(state)) << vector::OFF_SHIFT;
        Mode(float::mode(frm(state)).0 | masking::mode_of(state) | off | vector::mode_of(state) << vector::MODE_SHIFT)
    }

    fn tag_bits(&self, state: &GuestState) -> Option<u32> {
        self.cpu.features.has(cpu::SSNPM).then(|| masking::tag_bits(state))
    }

    fn set_tag_bits(&self, state: &mut GuestState, at_least: u32) -> bool {
        self.cpu.features.has(cpu::SSNPM) && masking::set_tag_bits(state, at_least)
    }

    fn vector_control(&self, state: &GuestState) -> Option<u64> {
        self.cpu.features.has(cpu::V).then(|| conv::vector_control(state))
    }

    fn set_vector_control(&self, state: &mut GuestState, word: u64) -> Result<(), Errno> {
        if self.cpu.features.has(cpu::V) { conv::set_vector_control(state, word) } else { Err(Errno::EINVAL) }
    }

    fn heritage(&self, state: &GuestState) -> u64 {
        conv::heritage(state)
    }

    fn inherit(&self, state: &mut GuestState, heritage: u64) {
        conv::inherit(state, heritage);
    }

    fn branching(&self, mode: Mode) -> Mode {
        vector::without_vectors(mode)
    }

    fn expectation(&self, state: &GuestState) -> u64 {
        vector::expectation(state)
    }

    fn nan_rule(&self, _mode: Mode) -> NanRule {
        NanRule::Canonical
    }

    fn fp_control(&self, state: &GuestState) -> FpControl {
        FpControl { round: float::host_round(frm(state)), flush: false }
    }

    fn start(&self, state: &mut GuestState, entry: u64, sp: u64) {
        conv::start(state, entry, sp);
    }

    fn sp(&self, state: &GuestState) -> u64 {
        state.u64_at(offset(SP))
    }

    fn set_sp(&self, state: &mut GuestState, sp: u64) {
        state.set_u64_at(offset(SP), sp);
    }

    fn set_tls(&self, state: &mut GuestState, tls: u64) {
        state.set_u64_at(offset(TP), tls);
    }

    fn syscall_slots(&self) -> SyscallSlots {
        conv::SYSCALL_SLOTS
    }

    fn syscall(&self, state: &GuestState) -> SyscallRegs {
        conv::syscall(state)
    }

    fn set_result(&self, state: &mut GuestState, value: u64) {
        conv::set_result(state, value);
    }

    /// Linux keeps the first argument where no tracer of its time can change it (orig_a0).
    fn traced_syscall(&self, state: &GuestState, asked: &SyscallRegs, _number: Option<u64>) -> SyscallRegs {
        let now = conv::syscall(state);
        let [_, b, c, d, e, f] = now.args;
        SyscallRegs { number: now.number, args: [asked.args[0], b, c, d, e, f] }
    }

    fn regset(&self, state: &GuestState, kind: u32) -> Option<Vec<u8>> {
        conv::regset(state, kind, self.cpu.features.has(cpu::V))
    }

    fn regset_unit(&self, kind: u32) -> usize {
        conv::regset_unit(kind)
    }

    fn set_regset(&self, state: &mut GuestState, kind: u32, bytes: &[u8]) -> bool {
        conv::set_regset(state, kind, bytes, self.cpu.features.has(cpu::V))
    }

    fn core_sets(&self) -> &'static [u32] {
        &conv::CORE_SETS
    }

    /// Linux offers no steps on RISC-V: debuggers set breakpoints instead.
    fn steps(&self) -> bool {
        false
    }

    fn restart_syscall(&self, state: &mut GuestState, arg0: u64, number: Option<u64>) {
        conv::restart_syscall(state, arg0, number);
    }

    fn signal_frame(&self, state: &GuestState, delivery: &SignalDelivery) -> SignalFrame {
        conv::signal_frame(state, delivery)
    }

    fn enter_handler(&self, state: &mut GuestState, delivery: &SignalDelivery, frame: u64) {
        conv::enter_handler(state, delivery, frame);
    }

    fn signal_return(
        &self,
        state: &mut GuestState,
        read: &mut dyn FnMut(u64, &mut [u8]) -> bool,
    ) -> Option<SignalReturn> {
        conv::signal_return(state, read)
    }

    fn platform(&self) -> Option<&'static str> {
        None
    }

    fn core_registers(&self, state: &GuestState) -> CoreRegisters {
        conv::core_registers(state)
    }

    fn backtrace(&self, state: &GuestState, read: &mut dyn FnMut(u64) -> Option<u64>) -> Vec<u64> {
        conv::backtrace(state, read)
    }

    fn min_signal_stack(&self) -> u64 {
        conv::frame_bytes(self.cpu.features.has(cpu::V))
    }

    fn cpuinfo(&self, cpus: usize) -> String {
        cpu::cpuinfo(self.cpu.features, cpus)
    }

    fn debug_features(&self) -> Vec<::target::debug::Feature> {
        crate::debug::features(self.cpu.features.has(cpu::V))
    }

    fn debug_name(&self) -> &'static str {
        "riscv:rv64"
    }

    fn vdso(&self) -> Vdso {
        conv::VDSO
    }
}
