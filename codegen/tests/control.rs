//! How blocks follow each other: links, calls and returns, the table of indirect branches, polls.

mod common;

use codegen::{DirectCall, DirectCalls, HostFeatures, Left, Limit, Mend};
use common::TABLES;
use common::machine::{CALL_REGS, Code, Machine};
use ir::{Block, Exit, text};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

const CALLER: &str = "block 0x1000..0x1004 propagate
  insn 0x1000
  v1 = addr 0x1004
  put x0, v1
  call_to 0x2000, 0x1004
";
const CALLEE: &str = "block 0x2000..0x2004 propagate
  insn 0x2000
  v1 = get x0
  return v1
";
const BEHIND: &str = "block 0x1004..0x1008 propagate
  insn 0x1004
  syscall 0x1008
";
const ENDLESS: &str = "block 0x2000..0x2004 propagate
  insn 0x2000
  call_to 0x2000, 0x2004
";
const SPIN: &str = "block 0x3000..0x3008 propagate
  insn 0x3000
  v1 = get x1
  v2 = const.i64 1
  v3 = add.i64 v1, v2
  put x1, v3
  insn 0x3004
  jump 0x3000
";

fn parse(source: &str) -> Block {
    text::parse(source, &TABLES).unwrap_or_else(|error| panic!("{error}"))
}

fn machine(sources: &[&str]) -> (Machine, Vec<Code>) {
    let mut machine = Machine::new(HostFeatures::detect());
    let codes = sources.iter().map(|source| machine.compile(&parse(source))).collect();
    (machine, codes)
}

/// Enters `code`, which must leave by a jump to `pc` that can be linked; links it to `target`.
fn link(machine: &mut Machine, code: &Code, pc: u64, target: &Code) {
    let Left { exit, mend } = machine.enter(code.addr);
    assert_eq!((exit, machine.context.guest.pc), (Exit::Jump, pc));
    let Mend::Link(exit) = mend else { panic!("{mend:?}") };
    let link = code.links.iter().find(|link| code.addr + u64::from(link.stub) == exit).expect("an exit of the block");
    let site = code.addr + u64::from(link.offset);
    assert!(site.is_multiple_of(4), "a link is one aligned store");
    machine.link(site, target.addr);
}

#[test]
fn a_return_goes_behind_its_call() {
    let (mut machine, codes) = machine(&[CALLER, CALLEE, BEHIND]);
    link(&mut machine, &codes[0], 0x2000, &codes[1]);
    machine.context.reset_calls();
    link(&mut machine, &codes[0], 0x1004, &codes[2]);
    machine.context.reset_calls();
    let left = machine.enter(codes[0].addr);
    assert_eq!((left.exit, machine.context.guest.pc), (Exit::Syscall, 0x1008));
}

#[test]
fn a_return_without_its_call_is_an_indirect_branch() {
    let (mut machine, codes) = machine(&[CALLEE, BEHIND]);
    machine.context.guest.set_u64_at(0, 0x1004);
    let left = machine.enter(codes[0].addr);
    assert_eq!((left.exit, left.mend, machine.context.guest.pc), (Exit::Jump, Mend::Lookup, 0x1004));
    machine.context.lookup.insert(0x1004, codes[1].addr, 2);
    assert_eq!(machine.enter(codes[0].addr).exit, Exit::Syscall);
    machine.context.lookup.remove(0x1004, 2);
    assert_eq!(machine.enter(codes[0].addr).mend, Mend::Lookup);
}

#[test]
fn no_address_is_in_the_empty_table() {
    let (mut machine, codes) = machine(&[CALLEE]);
    for target in [0, u64::MAX, 1 << 2, 4095 << 2] {
        machine.context.guest.set_u64_at(0, target);
        let left = machine.enter(codes[0].addr);
        assert_eq!((left.mend, machine.context.guest.pc), (Mend::Lookup, target));
    }
}

#[test]
fn the_depth_of_calls_is_bounded() {
    let (mut machine, codes) = machine(&[ENDLESS]);
    let left = machine.enter(codes[0].addr);
    assert_eq!((left.exit, machine.context.guest.pc), (Exit::Interrupted, 0x2000));
    assert!(machine.context.calls_exhausted());
    machine.context.reset_calls();
    assert!(!machine.context.calls_exhausted());
}

#[test]
fn a_request_ends_a_loop() {
    let (mut machine, codes) = machine(&[SPIN]);
    machine.context.guest.set_u64_at(8, 41);
    machine.context.stack_limit().store(u64::MAX, Ordering::Relaxed);
    let left = machine.enter(codes[0].addr);
    assert_eq!((left.exit, machine.context.guest.pc), (Exit::Interrupted, 0x3000));
    assert_eq!(machine.context.guest.u64_at(8), 42, "one round was run");
    machine.context.clear_request();
}

const CALL: &str = "block 0x4000..0x4004 propagate
  insn 0x4000
  syscall 0x4004
";

#[test]
fn a_call_that_the_host_takes_as_it_is_is_made() {
    const NUMBER: u64 = 7;
    const ARG: u64 = 2;
    let limits = [Limit::Descriptor, Limit::None, Limit::None, Limit::None, Limit::None, Limit::None];
    let call = (NUMBER as usize, DirectCall::new(libc::SYS_getpid as u16, limits));
    let calls: &'static DirectCalls = Box::leak(DirectCalls::new([call].into_iter(), u64::MAX, ARG));
    let (pending, running) = (AtomicU32::new(0), AtomicU64::new(5));
    let (mut machine, codes) = machine(&[CALL]);
    machine.context.set_calls(calls, &pending, &running);
    let mut enter = |number: u64, arg: u64, request: u64| {
        machine.context.guest.set_u64_at(CALL_REGS.number, number);
        machine.context.guest.set_u64_at(CALL_REGS.args[0], arg);
        machine.context.stack_limit().fetch_or(request, Ordering::Relaxed);
        let left = machine.enter(codes[0].addr);
        machine.context.clear_request();
        assert_eq!(machine.context.guest.pc, 0x4004);
        (left.exit, machine.context.guest.u64_at(CALL_REGS.result))
    };
    let pid = u64::from(std::process::id());
    assert_eq!(enter(NUMBER, ARG, 0), (Exit::Jump, pid));
    assert_eq!(enter(NUMBER, ARG, u64::MAX), (Exit::Interrupted, pid), "a request that came meanwhile is seen");
    assert_eq!(enter(NUMBER, ARG + 1, 0), (Exit::Syscall, ARG + 1), "an argument beyond its limit");
    assert_eq!(enter(NUMBER + 1, ARG, 0), (Exit::Syscall, ARG), "another call");
    assert_eq!(enter(1 << 32 | NUMBER, ARG, 0), (Exit::Syscall, ARG), "no number");
    pending.store(1, Ordering::Relaxed);
    assert_eq!(enter(NUMBER, ARG, 0), (Exit::Syscall, ARG), "a signal comes before the call");
    pending.store(0, Ordering::Relaxed);
    calls.close();
    assert_eq!(enter(NUMBER, ARG, 0), (Exit::Syscall, ARG));
}
