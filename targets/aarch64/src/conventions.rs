//! The conventions of an AArch64 Linux program (AAPCS64, `Documentation/arch/arm64`).

use ir::{FpControl, GuestState, Helper, NanRule, SlotDef, Underflow};
use memory::Errno;
use target::{
    CoreRegisters, FeatureDef, Features, FlagsUse, Flow, Instruction, Mode, Row, SignalDelivery, SignalFrame,
    SignalReturn, SyscallRegs, SyscallSlots, Target, Vdso,
};

use crate::cpu::{self, Cpu};
use crate::rows::DECODER;
use crate::state::{EXCL_ADDR, MIDR, SLOTS, SP, TPIDR, x};
use crate::{disassembly, fpstate, helpers, pauth, regsets, signal};

const EM_AARCH64: u16 = 183;
/// Number register of a system call.
const X8: u32 = 8;
/// Bytes of SVC.
const SVC: u64 = 4;

/// The AArch64 guest with a chosen CPU.
#[derive(Clone, Copy, Debug)]
pub struct Aarch64 {
    cpu: Cpu,
}

impl Aarch64 {
    /// A guest with this CPU.
    pub fn new(cpu: Cpu) -> Aarch64 {
        Aarch64 { cpu }
    }

    fn keys(&self) -> pauth::Kinds {
        let has = |feature| self.cpu.features.has(feature);
        pauth::Kinds { address: has(cpu::PACA), generic: has(cpu::PACG) }
    }
}

#[inline]
fn slot(state: &GuestState, id: ir::SlotId) -> u64 {
    state.get(&SLOTS[id.0 as usize]) as u64
}

#[inline]
fn set_slot(state: &mut GuestState, id: ir::SlotId, value: u64) {
    state.set(&SLOTS[id.0 as usize], value as u128);
}

impl Target for Aarch64 {
    fn name(&self) -> &'static str {
        "aarch64"
    }

    fn elf_machine(&self) -> u16 {
        EM_AARCH64
    }

    fn slots(&self) -> &'static [SlotDef] {
        SLOTS
    }

    fn helpers(&self) -> &'static [Helper] {
        helpers::TABLE
    }

    fn rows(&self) -> Vec<&'static Row> {
        DECODER.rows().collect()
    }

    fn feature_table(&self) -> &'static [FeatureDef] {
        cpu::TABLE
    }

    fn features(&self) -> Features {
        self.cpu.features
    }

    fn code_shift(&self) -> u32 {
        2
    }

    fn fetch(&self, code: &[u8]) -> Option<(u32, usize)> {
        let bytes = code.first_chunk::<4>()?;
        Some((u32::from_le_bytes(*bytes), 4))
    }

    fn decode(&self, word: u32) -> Option<Instruction> {
        DECODER.decode(word)
    }

    fn mode(&self, state: &GuestState) -> Mode {
        fpstate::mode(state)
    }

    fn nan_rule(&self, mode: Mode) -> NanRule {
        fpstate::nan_rule(mode)
    }

    fn underflow(&self, mode: Mode) -> Underflow {
        fpstate::underflow(mode)
    }

    fn fp_control(&self, state: &GuestState) -> FpControl {
        fpstate::control(state)
    }

    fn masking(&self, mode: Mode) -> Mode {
        Mode(mode.0 | crate::MASK_TAGS.0)
    }

    fn flow(&self, word: u32, pc: u64) -> Flow {
        crate::flow::flow(word, pc)
    }

    fn flags_use(&self, word: u32, pc: u64) -> FlagsUse {
        crate::flags_use::flags_use(word, pc, self.cpu.features)
    }

    fn disassemble(&self, word: u32, _pc: u64) -> String {
        disassembly::text(word)
    }

    fn start(&self, state: &mut GuestState, entry: u64, sp: u64) {
        *state = GuestState::default();
        state.pc = entry;
        set_slot(state, SP, sp);
        set_slot(state, EXCL_ADDR, u64::MAX);
        set_slot(state, MIDR, self.cpu.midr as u64);
    }

    fn sp(&self, state: &GuestState) -> u64 {
        slot(state, SP)
    }

    fn set_sp(&self, state: &mut GuestState, sp: u64) {
        set_slot(state, SP, sp);
    }

    fn set_tls(&self, state: &mut GuestState, tls: u64) {
        set_slot(state, TPIDR, tls);
    }

    /// Linux takes the number from W8.
    fn syscall_slots(&self) -> SyscallSlots {
        SyscallSlots { number: x(X8), args: [x(0), x(1), x(2), x(3), x(4), x(5)], result: x(0) }
    }

    fn syscall(&self, state: &GuestState) -> SyscallRegs {
        let arg = |n| slot(state, x(n));
        let args = [arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)];
        SyscallRegs { number: slot(state, x(X8)) as u32 as u64, args }
    }

    fn set_result(&self, state: &mut GuestState, value: u64) {
        set_slot(state, x(0), value);
    }

    fn restart_syscall(&self, state: &mut GuestState, arg0: u64, number: Option<u64>) {
        state.pc -= SVC;
        set_slot(state, x(0), arg0);
        if let Some(number) = number {
            set_slot(state, x(X8), number);
        }
    }

    /// The number is not x8's any more once the call has begun (NT_ARM_SYSTEM_CALL).
    fn traced_syscall(&self, state: &GuestState, asked: &SyscallRegs, number: Option<u64>) -> SyscallRegs {
        SyscallRegs { number: number.unwrap_or(asked.number), args: self.syscall(state).args }
    }

    /// x7 (arch/arm64/kernel/ptrace.c, report_syscall).
    fn mark_stop(&self, state: &mut GuestState, value: u64) -> u64 {
        let before = slot(state, x(7));
        set_slot(state, x(7), value);
        before
    }

    fn regset(&self, state: &GuestState, kind: u32) -> Option<Vec<u8>> {
        regsets::get(state, kind, self.keys())
    }

    fn regset_unit(&self, kind: u32) -> usize {
        regsets::unit(kind)
    }

    fn set_regset(&self, state: &mut GuestState, kind: u32, bytes: &[u8]) -> bool {
        regsets::set(state, kind, bytes, self.keys())
    }

    fn core_sets(&self) -> &'static [u32] {
        &regsets::CORE
    }

    fn reset_keys(&self, state: &mut GuestState, which: u64, random: &mut dyn FnMut() -> u128) -> Result<(), Errno> {
        pauth::reset(state, self.keys(), which, random)
    }

    fn enabled_keys(&self, state: &GuestState) -> Result<u64, Errno> {
        pauth::enabled(state, self.keys())
    }

    fn enable_keys(&self, state: &mut GuestState, which: u64, on: u64) -> Result<(), Errno> {
        pauth::enable(state, self.keys(), which, on)
    }

    fn number_regset(&self) -> Option<u32> {
        Some(regsets::NT_ARM_SYSTEM_CALL)
    }

    fn steps(&self) -> bool {
        true
    }

    fn frames_tell_faults(&self) -> bool {
        true
    }

    fn signal_frame(&self, state: &GuestState, delivery: &SignalDelivery) -> SignalFrame {
        signal::frame(state, delivery)
    }

    fn enter_handler(&self, state: &mut GuestState, delivery: &SignalDelivery, frame: u64) {
        signal::enter(state, delivery, frame);
    }

    fn signal_return(
        &self,
        state: &mut GuestState,
        read: &mut dyn FnMut(u64, &mut [u8]) -> bool,
    ) -> Option<SignalReturn> {
        signal::sigreturn(state, read)
    }

    /// The stack pointer (arm64_notify_segfault in arch/arm64/kernel/traps.c).
    fn refused_frame(&self, state: &GuestState) -> Option<u64> {
        Some(self.sp(state))
    }

    fn platform(&self) -> Option<&'static str> {
        Some("aarch64")
    }

    fn core_registers(&self, state: &GuestState) -> CoreRegisters {
        signal::core_registers(state)
    }

    fn backtrace(&self, state: &GuestState, read: &mut dyn FnMut(u64) -> Option<u64>) -> Vec<u64> {
        signal::backtrace(state, read)
    }

    fn min_signal_stack(&self) -> u64 {
        signal::MIN_STACK
    }

    fn cpuinfo(&self, cpus: usize) -> String {
        self.cpu.proc_cpuinfo(cpus)
    }

    fn debug_features(&self) -> Vec<target::debug::Feature> {
        crate::debug::features(self.keys().address)
    }

    fn debug_name(&self) -> &'static str {
        "aarch64"
    }

    fn vdso(&self) -> Vdso {
        Vdso { image: IMAGE, sigreturn: SIGRETURN }
    }
}

/// Built by `vdso/build.sh`.
const IMAGE: &[u8] = include_bytes!("../vdso/vdso.so");
/// MOV X8, #139 (`rt_sigreturn`); SVC #0: what unwinders know the trampoline by.
const TRAMPOLINE: [u8; 8] = [0x68, 0x11, 0x80, 0xd2, 0x01, 0x00, 0x00, 0xd4];
const SIGRETURN: u64 = find(IMAGE, TRAMPOLINE);

const fn find(image: &[u8], wanted: [u8; 8]) -> u64 {
    let mut at = 0;
    while at + 8 <= image.len() {
        let mut i = 0;
        while i < 8 && image[at + i] == wanted[i] {
            i += 1;
        }
        if i == 8 {
            return at as u64;
        }
        at += 4;
    }
    panic!("the vDSO has no signal return trampoline")
}
