//! From what went wrong to the signal that says so.

use ir::Trap;
use memory::{GuestAddr, Prot, Range, space::place::USER_END};
use syscalls::Signal;
use target::{Access, MemoryFault, Refused};

use super::info::code;
use super::{Cause, Resume};
use crate::cache::Key;
use crate::engine::{FetchFault, interp};
use crate::vcpu::Vcpu;

/// A write that the host refused although the guest may make it.
#[derive(Clone, Copy)]
pub struct Refusal {
    /// The guest's pc and the address.
    at: (u64, u64),
    /// How often on end.
    times: u32,
}

/// So often in a row no race with other threads makes the host refuse one write: some milliseconds.
const MAX_REFUSALS: u32 = 1000;

/// An instruction that can't be fetched.
pub fn of_fetch(fault: FetchFault) -> Cause {
    let (signal, code, addr) = match fault {
        FetchFault::Unmapped(addr) => (Signal::SIGSEGV, code::SEGV_MAPERR, addr),
        FetchFault::NotExecutable(addr) => (Signal::SIGSEGV, code::SEGV_ACCERR, addr),
        FetchFault::BeyondFile(addr) => (Signal::SIGBUS, code::BUS_ADRERR, addr),
        FetchFault::Misaligned(addr) => (Signal::SIGBUS, code::BUS_ADRALN, addr),
    };
    Cause { signal, code, addr }
}

impl Vcpu {
    /// An instruction raised a trap.
    pub fn trap(&mut self, trap: Trap) -> Resume {
        if matches!(trap, Trap::Illegal | Trap::Authentication) {
            // Linux forgets the fault before it (arch/arm64/kernel/traps.c, arm64_notify_die).
            self.last_fault = None;
        }
        let (signal, code) = match trap {
            Trap::Illegal => (Signal::SIGILL, code::ILL_ILLOPC),
            Trap::Breakpoint => (Signal::SIGTRAP, code::TRAP_BRKPT),
            Trap::Misaligned => (Signal::SIGBUS, code::BUS_ADRALN),
            Trap::Authentication => (Signal::SIGILL, code::ILL_ILLOPN),
        };
        Resume::Cause(Cause { signal, code, addr: self.context.guest.pc })
    }

    /// A memory access faulted.
    pub fn access_fault(&mut self, addr: u64) -> Resume {
        let host = self.mailbox.fault();
        if host.code == code::SI_KERNEL {
            return self.unaddressable(addr);
        }
        if host.code == code::SEGV_ACCERR && self.wrote_code(host.addr) {
            return Resume::Here;
        }
        let signal = if host.signal == libc::SIGBUS { Signal::SIGBUS } else { Signal::SIGSEGV };
        // The host tells the first byte that could not be reached, which may lie behind the access' address.
        let cause = Cause { signal, code: host.code, addr: host.addr };
        self.note_fault(&cause, |vcpu| if host.write { vcpu.written(&cause) } else { Access::Read });
        Resume::Cause(cause)
    }

    /// Keeps what the frames of the thread's signals tell from now on, where they tell of faults at all.
    pub fn note_fault(&mut self, cause: &Cause, access: impl FnOnce(&Vcpu) -> Access) {
        if !self.machine.engine.target.frames_tell_faults() {
            return;
        }
        let refused = match (cause.signal, cause.code) {
            (Signal::SIGBUS, code::BUS_ADRALN) => Refused::Misaligned,
            (Signal::SIGSEGV, code::SEGV_ACCERR) => {
                let region = self.process.space.mapping_at(GuestAddr(cause.addr));
                let closed = region.is_some_and(|region| region.prot.is_empty());
                if closed { Refused::Closed } else { Refused::Protected }
            }
            _ => Refused::Unmapped,
        };
        self.last_fault = Some(MemoryFault { addr: cause.addr, access: access(self), refused });
    }

    /// What an instruction wanted whose write the host refused. One that also reads the place is told of the read, where that
    /// fails too (Arm ARM, ESR_EL1.WnR); the host makes one access of both.
    fn written(&self, cause: &Cause) -> Access {
        let region = self.process.space.mapping_at(GuestAddr(cause.addr));
        let readable = cause.signal == Signal::SIGSEGV && region.is_some_and(|region| region.prot.contains(Prot::READ));
        if readable { Access::Write } else { self.wanted(cause.addr) }
    }

    /// What the instruction at the pc wants of `addr`.
    fn wanted(&self, addr: u64) -> Access {
        interp::access(self.machine.engine.target, &self.process.space, &self.context.guest, addr)
    }

    /// Whether the fault was a write to watched code. It is made here, by the interpreter: translated code that writes to
    /// its own page would be watched again before it came to the write.
    fn wrote_code(&mut self, addr: u64) -> bool {
        let (engine, space) = (&self.machine.engine, &self.process.space);
        let page = GuestAddr(addr).page();
        let opened = space.is_watching()
            && engine.open_watched(space, Range { start: page, end: page.offset(memory::PAGE_SIZE) });
        // Another thread may have opened the page meanwhile; threads that run what others write have it watched and
        // opened over and over. A write that the host goes on refusing although the guest may make it is the guest's.
        let at = (self.context.guest.pc, addr);
        let before = self.refused.filter(|refused| refused.at == at).map_or(0, |refused| refused.times);
        let raced = !opened
            && before < MAX_REFUSALS
            && space.is_watching()
            && space.mapping_at(GuestAddr(addr)).is_some_and(|region| region.prot.contains(Prot::WRITE));
        self.refused = raced.then_some(Refusal { at, times: before + 1 });
        if opened && interp::step_one(engine.target, space, &mut self.context.guest).is_err() {
            // What it can't fetch any more it is told when it goes on there.
            return true;
        }
        opened || raced
    }

    /// The host could not even form the address, and does not tell it: a tag in its high bits, another
    /// address beyond 47 bits, or a 16-byte atomic that is not aligned.
    fn unaddressable(&mut self, addr: u64) -> Resume {
        let engine = &self.machine.engine;
        let pc = self.context.guest.pc;
        let mode = engine.target.mode(&self.context.guest);
        if !engine.interprets && engine.target.masking(mode) != mode {
            let mut cache = engine.cache.lock();
            let block = cache.locate(self.context.fault.rip).map_or(Key { pc, mode }, |at| at.key);
            if cache.set_tagged(block, pc) {
                return Resume::Here;
            }
        }
        let addr = match engine.interprets {
            true => addr,
            false => interp::fault_address(engine.target, &self.process.space, &self.context.guest).unwrap_or(addr),
        };
        let readable =
            self.process.space.mapping_at(GuestAddr(addr)).is_some_and(|region| region.prot.contains(Prot::READ));
        let (signal, code) = match addr < USER_END && readable {
            true => (Signal::SIGBUS, code::BUS_ADRALN),
            false => (Signal::SIGSEGV, code::SEGV_MAPERR),
        };
        let cause = Cause { signal, code, addr };
        self.note_fault(&cause, |vcpu| vcpu.wanted(addr));
        Resume::Cause(cause)
    }
}
