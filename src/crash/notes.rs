//! The notes of a core file (include/uapi/linux/elfcore.h, fs/binfmt_elf.c).

use ir::GuestState;
use memory::sys;
use syscalls::Signal;
use target::CoreRegisters;

use super::others::Other;
use crate::controls;
use crate::maps::Maps;
use crate::signals::Info;
use crate::vcpu::Vcpu;

const NT_PRSTATUS: u32 = 1;
const NT_FPREGSET: u32 = 2;
const NT_PRPSINFO: u32 = 3;
const NT_AUXV: u32 = 6;
const NT_SIGINFO: u32 = 0x5349_4749;
const NT_FILE: u32 = 0x4649_4c45;

/// Bytes of `pr_fname` and `pr_psargs`.
const NAME: usize = 16;
const ARGUMENTS: usize = 80;

/// All notes, in the kernel's order: the thread that the signal came to, the process, the other threads.
pub fn all(vcpu: &Vcpu, signal: Signal, info: &Info, maps: &Maps, others: &[Other]) -> Vec<u8> {
    let target = vcpu.machine.engine.target;
    let registers = target.core_registers(&vcpu.context.guest);
    let mut out = Vec::new();
    add(&mut out, NT_PRSTATUS, &status(vcpu.thread.tid, vcpu.thread.mask.0, signal, info, &registers));
    add(&mut out, NT_PRPSINFO, &process(vcpu));
    add(&mut out, NT_SIGINFO, info);
    add(&mut out, NT_AUXV, &vcpu.process.image.auxv);
    add(&mut out, NT_FILE, &files(maps));
    add_registers(&mut out, vcpu, &vcpu.context.guest, &registers);
    for other in others {
        let registers = target.core_registers(&other.state);
        // Of what came to them there is the signal's number (fs/binfmt_elf.c, fill_prstatus).
        let mut info: Info = [0; 128];
        info[..4].copy_from_slice(&signal.number().to_le_bytes());
        add(&mut out, NT_PRSTATUS, &status(other.tid, other.mask, signal, &info, &registers));
        add_registers(&mut out, vcpu, &other.state, &registers);
    }
    out
}

/// A thread's registers but for the general ones.
fn add_registers(out: &mut Vec<u8>, vcpu: &Vcpu, state: &GuestState, registers: &CoreRegisters) {
    add(out, NT_FPREGSET, &registers.float);
    let target = vcpu.machine.engine.target;
    for &kind in target.core_sets() {
        if let Some(set) = target.regset(state, kind).filter(|set| !set.is_empty()) {
            add_of(out, b"LINUX\0\0\0", kind, &set);
        }
    }
    if let Ok(word) = controls::control(target, state, vcpu.process.tagging.word()) {
        add_of(out, b"LINUX\0\0\0", controls::REGSET, &word.to_le_bytes());
    }
}

fn add(out: &mut Vec<u8>, kind: u32, desc: &[u8]) {
    add_of(out, b"CORE\0\0\0\0", kind, desc);
}

/// A note whose kind is named by this owner.
fn add_of(out: &mut Vec<u8>, owner: &[u8; 8], kind: u32, desc: &[u8]) {
    let name = owner.iter().position(|&byte| byte == 0).unwrap_or(owner.len()) + 1;
    for word in [name as u32, desc.len() as u32, kind] {
        out.extend(word.to_le_bytes());
    }
    out.extend(owner);
    out.extend(desc);
    out.resize(out.len().next_multiple_of(4), 0);
}

fn id(nr: i64, args: [u64; 6]) -> u32 {
    // SAFETY: the calls that ask for ids touch no memory.
    unsafe { sys::syscall(nr as u64, args) }.unwrap_or(0) as u32
}

/// pid, ppid, pgrp, sid.
fn ids(pid: u32) -> Vec<u8> {
    let others = [id(libc::SYS_getppid, [0; 6]), id(libc::SYS_getpgid, [0; 6]), id(libc::SYS_getsid, [0; 6])];
    std::iter::once(pid).chain(others).flat_map(u32::to_le_bytes).collect()
}

/// `struct elf_prstatus`.
fn status(tid: i32, mask: u64, signal: Signal, info: &Info, registers: &CoreRegisters) -> Vec<u8> {
    const TIMES: usize = 4 * 16;
    let mut out = Vec::new();
    // si_signo, si_code, si_errno: another order than siginfo's.
    out.extend(&info[0..4]);
    out.extend(&info[8..12]);
    out.extend(&info[4..8]);
    out.extend((signal.number() as u32).to_le_bytes());
    out.extend(0u64.to_le_bytes());
    out.extend(mask.to_le_bytes());
    out.extend(ids(tid as u32));
    out.resize(out.len() + TIMES, 0);
    out.extend(&registers.general);
    // pr_fpvalid, and padding.
    out.extend(1u64.to_le_bytes());
    out
}

/// `struct elf_prpsinfo`: a running process.
fn process(vcpu: &Vcpu) -> Vec<u8> {
    let mut out = vec![0, b'R', 0, 0, 0, 0, 0, 0];
    out.extend(0u64.to_le_bytes());
    out.extend(id(libc::SYS_getuid, [0; 6]).to_le_bytes());
    out.extend(id(libc::SYS_getgid, [0; 6]).to_le_bytes());
    out.extend(ids(id(libc::SYS_getpid, [0; 6])));
    let image = &vcpu.process.image;
    let name = image.exe.to_bytes().rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    let arguments: Vec<u8> = image.cmdline.iter().map(|&byte| if byte == 0 { b' ' } else { byte }).collect();
    for (text, size) in [(name, NAME), (arguments.trim_ascii_end(), ARGUMENTS)] {
        let end = out.len() + size;
        out.extend(&text[..text.len().min(size - 1)]);
        out.resize(end, 0);
    }
    out
}

/// NT_FILE: which file is mapped where.
fn files(maps: &Maps) -> Vec<u8> {
    let files: Vec<_> = maps.0.iter().filter(|line| line.is_file()).collect();
    let mut out = Vec::new();
    out.extend((files.len() as u64).to_le_bytes());
    out.extend(memory::PAGE_SIZE.to_le_bytes());
    for file in &files {
        for value in [file.range.start.0, file.range.end.0, file.offset / memory::PAGE_SIZE] {
            out.extend(value.to_le_bytes());
        }
    }
    for file in &files {
        out.extend(file.name.as_bytes());
        out.push(0);
    }
    out
}
