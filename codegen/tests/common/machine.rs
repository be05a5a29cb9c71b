//! Runs emitted code: memory that can be executed, a stack, and a handler for its faults.

use super::arena::{BASE, SIZE};
use super::{HELPERS, NZCV, SLOTS, TABLES};
use codegen::{CallRegs, CodeBuf, Compiler, Config, Context, HostFeatures, Left, Stubs, emit_runtime};
use ir::{Block, FpControl, GuestState, passes};
use std::cell::Cell;

/// Bytes of memory for code, and of the stack.
const CODE: usize = 1 << 20;
const STACK: usize = 256 << 10;
/// Where blocks go: behind the runtime.
const BLOCKS: usize = 4096;

/// Registers of a system call: x0 to x5, the number in x6.
pub const CALL_REGS: CallRegs = CallRegs { number: 152, args: [0, 8, 16, 24, 32, 40], result: 0 };

thread_local! {
    /// The context and the fault entry of the machine that runs.
    static RUNNING: Cell<(*mut Context, u64)> = const { Cell::new((std::ptr::null_mut(), 0)) };
}

/// One guest thread.
pub struct Machine {
    pub context: Box<Context>,
    pub compiler: Compiler,
    code: *mut u8,
    stubs: Stubs,
    /// Bytes of code behind the runtime.
    used: usize,
}

/// A block that was compiled.
#[derive(Clone)]
pub struct Code {
    pub addr: u64,
    pub len: usize,
    pub faults: Vec<u8>,
    pub links: Vec<codegen::LinkSite>,
}

fn map(addr: u64, len: usize, prot: i32) -> *mut u8 {
    let fixed = if addr == 0 { 0 } else { libc::MAP_FIXED };
    // SAFETY: a new anonymous mapping; at a fixed address only the tests' own, which holds bytes.
    let at = unsafe { libc::mmap(addr as *mut _, len, prot, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | fixed, -1, 0) };
    assert_ne!(at, libc::MAP_FAILED);
    at.cast()
}

impl Machine {
    pub fn new(features: HostFeatures) -> Machine {
        let config = Config { slots: SLOTS, pc_shift: 2, features, call_pairs: true };
        let compiler = Compiler::new(config);
        let code = map(0, CODE, libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC);
        // SAFETY: the mapping is ours alone.
        let bytes = unsafe { std::slice::from_raw_parts_mut(code, BLOCKS) };
        let stubs = emit_runtime(&mut CodeBuf::new(bytes), compiler.pins(), &CALL_REGS, config.pc_shift).expect("room");
        // SAFETY: the context says that all zeros is a value of it.
        let mut context = unsafe { Box::<Context>::new_zeroed().assume_init() };
        context.set_up(HELPERS);
        context.set_runtime(code as u64, &stubs);
        let stack = map(0, STACK, libc::PROT_READ | libc::PROT_WRITE) as u64;
        context.set_stack(stack, stack + STACK as u64);
        install_handler();
        Machine { context, compiler, code, stubs, used: BLOCKS }
    }

    /// Compiles a block behind those before it.
    pub fn compile(&mut self, block: &Block) -> Code {
        passes::verify(block, &TABLES);
        // SAFETY: the mapping is ours, and no code runs while this slice is alive.
        let bytes = unsafe { std::slice::from_raw_parts_mut(self.code.add(self.used), CODE - self.used) };
        let compiled = self.compiler.compile(block, &mut CodeBuf::new(bytes)).expect("room");
        let addr = self.code as u64 + self.used as u64;
        let code = Code { addr, len: compiled.len, faults: compiled.faults.to_vec(), links: compiled.links.to_vec() };
        self.used += compiled.len.next_multiple_of(16);
        code
    }

    /// Forgets all blocks.
    pub fn clear(&mut self) {
        self.used = BLOCKS;
    }

    /// The bytes of a block.
    pub fn bytes(&self, code: &Code) -> &[u8] {
        // SAFETY: `compile` wrote them, and no code runs.
        unsafe { std::slice::from_raw_parts(code.addr as *const u8, code.len) }
    }

    /// Links a jump of a block to other code.
    pub fn link(&mut self, site: u64, target: u64) {
        // SAFETY: the site is the rel32 of a jump in our mapping.
        unsafe { (site as *mut i32).write((target as i64 - site as i64 - 4) as i32) };
    }

    /// Runs `code` of `block` on `state`.
    pub fn run(&mut self, block: &Block, code: &Code, control: FpControl, state: &GuestState) -> (Left, GuestState) {
        self.context.guest = state.clone();
        self.context.set_fp_control(control);
        let left = self.enter(code.addr);
        if matches!(left.exit, ir::Exit::Fault { .. }) {
            let offset = self.context.fault.rip.wrapping_sub(code.addr) as u32;
            assert!(self.context.recover(&code.faults, block.pc, offset, Some(NZCV)), "no fault at {offset:#x}");
        }
        (left, self.context.guest.clone())
    }

    /// Runs code on the state that is.
    pub fn enter(&mut self, code: u64) -> Left {
        let context: *mut Context = &mut *self.context;
        RUNNING.set((context, self.code as u64 + self.stubs.fault as u64));
        // SAFETY: the runtime's entry has this signature; the context outlives the call.
        let raw = unsafe {
            let enter: extern "C" fn(*mut Context, u64) -> u32 = std::mem::transmute(self.code.add(self.stubs.enter));
            enter(context, code)
        };
        RUNNING.set((std::ptr::null_mut(), 0));
        self.context.left(raw)
    }
}

/// Fills guest memory.
pub fn fill(bytes: &[u8]) {
    memory().copy_from_slice(bytes);
}

/// Guest memory, mapped for this thread's use.
pub fn memory() -> &'static mut [u8] {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        map(BASE, SIZE, libc::PROT_READ | libc::PROT_WRITE);
    });
    // SAFETY: mapped above; the tests that use it hold a lock.
    unsafe { std::slice::from_raw_parts_mut(BASE as *mut u8, SIZE) }
}

fn install_handler() {
    // SAFETY: the handler only touches the context of the machine that runs on this thread.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = on_fault as *const () as usize;
        action.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK;
        libc::sigaction(libc::SIGSEGV, &action, std::ptr::null_mut());
        libc::sigaction(libc::SIGBUS, &action, std::ptr::null_mut());
    }
}

extern "C" fn on_fault(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    let (running, entry) = RUNNING.get();
    if running.is_null() {
        // SAFETY: the default action kills the process when the access is made again.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
        return;
    }
    // SAFETY: the kernel's frame, and the context of the machine that this thread runs.
    unsafe {
        let registers = &mut (*context.cast::<libc::ucontext_t>()).uc_mcontext.gregs;
        (*running).fault.rip = registers[libc::REG_RIP as usize] as u64;
        (*running).fault.addr = (*info).si_addr() as u64;
        registers[libc::REG_RIP as usize] = entry as i64;
    }
}
