//! How blocks follow each other: links, calls and returns, the table of indirect branches, polls.

mod common;

use codegen::{HostFeatures, Left, Mend};
use common::TABLES;
use common::machine::{Code, Machine};
use ir::{Block, Exit, text};
use std::sync::atomic::Ordering;

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
    let Mend::Link(site) = mend else { panic!("{mend:?}") };
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
