//! The trait of a guest architecture.

use ir::{FpControl, GuestState, Helper, NanRule, SlotDef, SlotId, Underflow};
use memory::Errno;

use crate::ahead::FlagsUse;
use crate::cpu::{FeatureDef, Features};
use crate::debug::Feature;
use crate::flow::Flow;
use crate::lower::Mode;
use crate::rows::{Instruction, Row};
use crate::signal::{CoreRegisters, SignalDelivery, SignalFrame, SignalReturn};

/// A system call as the guest's registers say it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SyscallRegs {
    /// Number in the generic table.
    pub number: u64,
    /// Arguments.
    pub args: [u64; 6],
}

/// Which registers a system call is made by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SyscallSlots {
    /// Number in the generic table.
    pub number: SlotId,
    /// Arguments.
    pub args: [SlotId; 6],
    /// What the call returns.
    pub result: SlotId,
}

/// The guest's vDSO: a small shared library that the kernel maps into every process.
#[derive(Clone, Copy, Debug)]
pub struct Vdso {
    /// The ELF image, position-independent.
    pub image: &'static [u8],
    /// Offset in it of the signal return trampoline.
    pub sigreturn: u64,
}

/// A guest architecture with a chosen CPU model. All methods are pure.
pub trait Target: Sync + Send {
    // ---- what it is

    /// Name as in `uname -m`.
    fn name(&self) -> &'static str;
    /// `e_machine` of its ELF files.
    fn elf_machine(&self) -> u16;
    /// The registers.
    fn slots(&self) -> &'static [SlotDef];
    /// The helpers its lowering calls.
    fn helpers(&self) -> &'static [Helper];
    /// Every instruction row.
    fn rows(&self) -> Vec<&'static Row>;
    /// Every CPU feature row.
    fn feature_table(&self) -> &'static [FeatureDef];
    /// The features of the chosen CPU.
    fn features(&self) -> Features;
    /// The features that code has in a mode.
    fn features_in(&self, _mode: Mode) -> Features {
        self.features()
    }
    /// Instructions are aligned to this power of two: 2 for AArch64, 1 for RISC-V with compressed ones.
    fn code_shift(&self) -> u32;

    // ---- decoding

    /// The first instruction word of `code` and its length; `None` where it is cut off.
    fn fetch(&self, code: &[u8]) -> Option<(u32, usize)>;
    /// What a word is.
    fn decode(&self, word: u32) -> Option<Instruction>;
    /// Where a word at `pc` goes on.
    fn flow(&self, word: u32, pc: u64) -> Flow;
    /// What a word at `pc` that has a row is to the condition flags, for guests that have any.
    fn flags_use(&self, _word: u32, _pc: u64) -> FlagsUse {
        FlagsUse::Reads
    }
    /// A word at `pc` as text, for traces.
    fn disassemble(&self, word: u32, pc: u64) -> String;

    // ---- what code depends on

    /// The mode the state is in.
    fn mode(&self, state: &GuestState) -> Mode;
    /// Which NaN arithmetic yields in a mode.
    fn nan_rule(&self, mode: Mode) -> NanRule;
    /// How arithmetic underflows in a mode.
    fn underflow(&self, _mode: Mode) -> Underflow {
        Underflow::Host
    }
    /// Rounding and flushing the state asks for.
    fn fp_control(&self, state: &GuestState) -> FpControl;

    /// The mode in which code leaves out of account those bits of addresses that programs may keep tags in: what a
    /// block is translated for once it met such an address. `mode` itself where the architecture has no tags.
    fn masking(&self, mode: Mode) -> Mode {
        mode
    }

    /// How many of an address' highest bits loads and stores leave out of account in this state; `None` where
    /// programs can't choose that.
    fn tag_bits(&self, _state: &GuestState) -> Option<u32> {
        None
    }

    /// Has loads and stores leave out of account so many of an address' highest bits, or the next larger number that there
    /// is. False where programs can't choose that, or not so many.
    fn set_tag_bits(&self, _state: &mut GuestState, _at_least: u32) -> bool {
        false
    }

    /// Whether the thread may use vectors, as PR_RISCV_V_GET_CONTROL has it; `None` where that is no question.
    fn vector_control(&self, _state: &GuestState) -> Option<u64> {
        None
    }

    /// PR_RISCV_V_SET_CONTROL.
    fn set_vector_control(&self, _state: &mut GuestState, _word: u64) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    /// Gives the keys named in `which` new values, all for 0: PR_PAC_RESET_KEYS, and the start of a program.
    fn reset_keys(&self, _state: &mut GuestState, _which: u64, _random: &mut dyn FnMut() -> u128) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    /// PR_PAC_GET_ENABLED_KEYS.
    fn enabled_keys(&self, _state: &GuestState) -> Result<u64, Errno> {
        Err(Errno::EINVAL)
    }

    /// PR_PAC_SET_ENABLED_KEYS: of the keys in `which` those in `on`.
    fn enable_keys(&self, _state: &mut GuestState, _which: u64, _on: u64) -> Result<(), Errno> {
        Err(Errno::EINVAL)
    }

    /// What of the state a program knows that this one executes.
    fn heritage(&self, _state: &GuestState) -> u64 {
        0
    }

    /// Has a program's first state know it.
    fn inherit(&self, _state: &mut GuestState, _heritage: u64) {}

    /// The mode that the table of indirect branches and predicted returns belong to while blocks of `mode` run. Blocks of
    /// modes with the same answer can go from one to the other; those of another mode than the answer do neither.
    fn branching(&self, mode: Mode) -> Mode {
        mode
    }

    /// What code made now may expect of the state where it begins, beyond the mode; 0: nothing. It has to ask.
    fn expectation(&self, _state: &GuestState) -> u64 {
        0
    }

    /// Whether programs run code that they wrote without announcing it. Many processors see such writes although the
    /// architecture does not promise it, and programs have come to rely on that.
    fn runs_unannounced_code(&self) -> bool {
        false
    }

    // ---- conventions

    /// The registers at a program's start (psABI): everything zero but `entry` and the stack pointer.
    fn start(&self, state: &mut GuestState, entry: u64, sp: u64);
    /// The stack pointer.
    fn sp(&self, state: &GuestState) -> u64;
    /// Sets the stack pointer (clone).
    fn set_sp(&self, state: &mut GuestState, sp: u64);
    /// Sets the thread pointer (clone with CLONE_SETTLS).
    fn set_tls(&self, state: &mut GuestState, tls: u64);
    /// The registers of a system call: number, arguments, result.
    fn syscall_slots(&self) -> SyscallSlots;
    /// Number and arguments of the system call at hand.
    fn syscall(&self, state: &GuestState) -> SyscallRegs;
    /// Sets a system call's result: a value or a negative errno.
    fn set_result(&self, state: &mut GuestState, value: u64);
    /// Sets the state back before the system call, whose first argument was `arg0`, so that it runs again;
    /// with `number` as another call (restart_syscall).
    fn restart_syscall(&self, state: &mut GuestState, arg0: u64, number: Option<u64>);

    /// The call that a tracer lets a thread make, which was about to make `asked`; `number` is what the tracer set apart from
    /// the registers, if it did.
    fn traced_syscall(&self, state: &GuestState, asked: &SyscallRegs, number: Option<u64>) -> SyscallRegs;
    /// Puts into a register what tells a tracer the two stops of a call apart, and returns what was there; a second call
    /// with that puts it back.
    fn mark_stop(&self, _state: &mut GuestState, value: u64) -> u64 {
        value
    }
    /// A set of registers as ptrace(2) names and lays it out, empty where the thread has not used them; `None` where the
    /// architecture has no such set.
    fn regset(&self, state: &GuestState, kind: u32) -> Option<Vec<u8>>;
    /// The length of which a request's for that set has to be a multiple.
    fn regset_unit(&self, kind: u32) -> usize;
    /// Sets the registers of a set from its first bytes. False where it has none such, or can't take these.
    fn set_regset(&self, state: &mut GuestState, kind: u32, bytes: &[u8]) -> bool;
    /// The sets beside those of [`Target::core_registers`] that core files have.
    fn core_sets(&self) -> &'static [u32];
    /// The set that is the number of the system call at hand, where tracers see that apart from the registers.
    fn number_regset(&self) -> Option<u32> {
        None
    }
    /// Whether the processor can step.
    fn steps(&self) -> bool;

    /// Whether signal frames tell of the thread's latest fault ([`SignalDelivery::fault`]).
    fn frames_tell_faults(&self) -> bool {
        false
    }
    /// Lays out a signal frame for the present state.
    fn signal_frame(&self, state: &GuestState, delivery: &SignalDelivery) -> SignalFrame;
    /// Sets the registers for the handler once the frame is in memory at `frame`.
    fn enter_handler(&self, state: &mut GuestState, delivery: &SignalDelivery, frame: u64);
    /// Restores the state from the frame the stack pointer is at; `read` fills a buffer from guest memory or
    /// says that it can't. `None` where the frame is unreadable or malformed: the guest gets SIGSEGV.
    fn signal_return(
        &self,
        state: &mut GuestState,
        read: &mut dyn FnMut(u64, &mut [u8]) -> bool,
    ) -> Option<SignalReturn>;
    /// The address that the SIGSEGV for a refused frame has, with the state that `signal_return` left behind; `None` where
    /// it has none.
    fn refused_frame(&self, _: &GuestState) -> Option<u64> {
        None
    }

    // ---- identity

    /// AT_HWCAP, AT_HWCAP2, AT_HWCAP3.
    fn hwcaps(&self) -> [u64; 3] {
        let mut words = [0; 3];
        for (i, def) in self.feature_table().iter().enumerate() {
            if self.features().has(crate::cpu::Feature(i as u8)) {
                words.iter_mut().zip(def.hwcap).for_each(|(word, bits)| *word |= bits);
            }
        }
        words
    }
    /// AT_PLATFORM, if the architecture has one.
    fn platform(&self) -> Option<&'static str>;
    /// AT_MINSIGSTKSZ.
    fn min_signal_stack(&self) -> u64;
    /// `/proc/cpuinfo` for so many CPUs.
    fn cpuinfo(&self, cpus: usize) -> String;
    /// The vDSO.
    fn vdso(&self) -> Vdso;
    /// The registers as a debugger numbers them.
    fn debug_features(&self) -> Vec<Feature>;
    /// What GDB calls the architecture.
    fn debug_name(&self) -> &'static str;
    /// The registers as a core file holds them.
    fn core_registers(&self, state: &GuestState) -> CoreRegisters;
    /// The addresses that lead to where the state is, innermost first, as far as the chain of frame pointers tells;
    /// `read` reads a word of memory.
    fn backtrace(&self, state: &GuestState, read: &mut dyn FnMut(u64) -> Option<u64>) -> Vec<u64>;
    /// Names and values of the registers for crash reports and traces: the general ones, and of the `others` those that
    /// are not zero.
    fn dump(&self, state: &GuestState, others: bool) -> String {
        crate::debug::text(&self.debug_features(), state, others)
    }
}
