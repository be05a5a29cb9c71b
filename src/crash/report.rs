//! The report on standard error.

use std::fmt::Write;

use memory::{GuestAddr, UserPtr};
use syscalls::Signal;

use crate::maps::Maps;
use crate::signals::Info;
use crate::symbols::Symbols;
use crate::vcpu::Vcpu;

fn number(info: &Info, at: usize) -> u64 {
    info[at..at + 8].iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte))
}

/// Prints it.
pub fn print(vcpu: &Vcpu, signal: Signal, info: &Info, maps: &Maps) {
    let target = vcpu.machine.engine.target;
    let pc = vcpu.context.guest.pc;
    // Writing to a string can't fail.
    let mut text = String::new();
    let code = number(info, 8) as i32;
    let _ = write!(text, "transom: {signal} ends {}", vcpu.process.image.exe.to_string_lossy());
    if code > 0 {
        let _ = write!(text, ": code {code}, address {:#x}", number(info, 16));
    }
    let _ = writeln!(text, "\nregisters:\n{}", target.dump(&vcpu.context.guest, true).trim_end());
    let _ = writeln!(text, "mappings:");
    let mut places = vec![("pc", pc), ("sp", target.sp(&vcpu.context.guest))];
    places.extend((code > 0).then(|| ("address", number(info, 16))));
    for (what, addr) in places {
        let line = maps.at(addr).map_or("not mapped", |line| &line.text);
        let _ = writeln!(text, "  {what:<8}{addr:#018x}  {line}");
    }
    backtrace(&mut text, vcpu, maps);
    // With `--strace` they were told of as they were made.
    let recent = vcpu.process.strace.as_ref().map_or_else(Vec::new, |strace| strace.recent());
    if !recent.is_empty() {
        let _ = writeln!(text, "latest system calls:");
        recent.iter().for_each(|line| {
            let _ = writeln!(text, "  {line}");
        });
    }
    eprint!("{text}");
}

fn backtrace(text: &mut String, vcpu: &Vcpu, maps: &Maps) {
    let _ = writeln!(text, "backtrace:");
    let mut read = |addr| UserPtr::<u64>::new(GuestAddr(addr)).read().ok();
    let mut symbols = Symbols::default();
    for (index, addr) in vcpu.machine.engine.target.backtrace(&vcpu.context.guest, &mut read).into_iter().enumerate() {
        // A return address may lie behind the function that called: it is the call before it that counts.
        let looked_up = if index == 0 { addr } else { addr.wrapping_sub(1) };
        let place = maps.at(looked_up).map_or_else(String::new, |line| symbols.describe(line, looked_up));
        let _ = writeln!(text, "  #{index:<2} {addr:#018x}  {place}");
    }
}
