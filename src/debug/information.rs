//! What the debugger asks about the process beside registers and memory: its program, libraries, auxiliary vector.

use std::fmt::Write;

use gdbstub::common::{Pid, Tid};
use gdbstub::target::TargetResult;
use gdbstub::target::ext::auxv::Auxv;
use gdbstub::target::ext::exec_file::ExecFile;
use gdbstub::target::ext::libraries::LibrariesSvr4;
use gdbstub::target::ext::monitor_cmd::{ConsoleOutput, MonitorCmd, outputln};
use gdbstub::target::ext::target_description_xml_override::TargetDescriptionXmlOverride;
use gdbstub::target::ext::thread_extra_info::ThreadExtraInfo;
use memory::{GuestAddr, copy};

use super::inferior::Inferior;

/// Copies the part of `text` that is asked for; its length.
fn part(text: &[u8], offset: u64, length: usize, buf: &mut [u8]) -> usize {
    let rest = text.get(offset as usize..).unwrap_or_default();
    let len = rest.len().min(length).min(buf.len());
    buf[..len].copy_from_slice(&rest[..len]);
    len
}

impl TargetDescriptionXmlOverride for Inferior {
    fn target_description_xml(
        &self,
        _annex: &[u8],
        offset: u64,
        length: usize,
        buf: &mut [u8],
    ) -> TargetResult<usize, Inferior> {
        Ok(part(self.description.as_bytes(), offset, length, buf))
    }
}

impl ExecFile for Inferior {
    fn get_exec_file(
        &self,
        _: Option<Pid>,
        offset: u64,
        length: usize,
        buf: &mut [u8],
    ) -> TargetResult<usize, Inferior> {
        Ok(part(self.process.image.exe.to_bytes(), offset, length, buf))
    }
}

impl Auxv for Inferior {
    fn get_auxv(&self, offset: u64, length: usize, buf: &mut [u8]) -> TargetResult<usize, Inferior> {
        Ok(part(&self.process.image.auxv, offset, length, buf))
    }
}

impl ThreadExtraInfo for Inferior {
    /// The thread's name.
    fn thread_extra_info(&self, tid: Tid, buf: &mut [u8]) -> Result<usize, &'static str> {
        let name = std::fs::read(format!("/proc/self/task/{tid}/comm")).unwrap_or_default();
        Ok(part(name.trim_ascii_end(), 0, buf.len(), buf))
    }
}

impl MonitorCmd for Inferior {
    fn handle_monitor_cmd(&mut self, command: &[u8], mut out: ConsoleOutput<'_>) -> Result<(), &'static str> {
        match command {
            b"maps" => {
                let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
                outputln!(out, "{}", self.process.space.render_maps(&maps));
            }
            b"stats" => {
                let counts = self.machine.engine.translation();
                outputln!(out, "{}", crate::engine::stats::report(&counts, *self.machine.exits.lock()));
            }
            _ => outputln!(out, "monitor maps: the guest's mappings\nmonitor stats: counts of translation"),
        }
        Ok(())
    }
}

impl LibrariesSvr4 for Inferior {
    fn get_libraries_svr4(&self, offset: u64, length: usize, buf: &mut [u8]) -> TargetResult<usize, Inferior> {
        Ok(part(libraries(&self.process.image.auxv).as_bytes(), offset, length, buf))
    }
}

/// Entries of the auxiliary vector, of program headers and of dynamic sections (elf.h).
const AT_PHDR: u64 = 3;
const AT_PHNUM: u64 = 5;
const PT_DYNAMIC: u32 = 2;
const PT_PHDR: u32 = 6;
const PHDR_SIZE: u64 = 56;
const DT_DEBUG: u64 = 21;
/// More entries than a dynamic section or a list of libraries has, so that a damaged one ends.
const MOST: usize = 10_000;

fn word(addr: u64) -> Option<u64> {
    copy::read::<u64>(GuestAddr(addr)).ok()
}

/// The list of libraries that the guest's dynamic linker keeps (link.h, `struct r_debug` and `struct link_map`).
fn libraries(auxv: &[u8]) -> String {
    let mut list = String::new();
    let Some((debug, first)) = first_map(auxv) else { return "<library-list-svr4 version=\"1.0\"/>".into() };
    let maps = std::iter::successors(next_map(first), |&map| next_map(map)).take(MOST);
    for (map, [addr, name, dynamic]) in maps.filter_map(|map| Some((map, fields(map)?))) {
        let name = copy::read_cstr(GuestAddr(name), 4096).unwrap_or_default();
        let name = escaped(&String::from_utf8_lossy(&name));
        // Writing to a string can't fail.
        let _ = write!(list, "<library name=\"{name}\" lm=\"{map:#x}\" l_addr=\"{addr:#x}\" ");
        let _ = write!(list, "l_ld=\"{dynamic:#x}\" lmid=\"{debug:#x}\"/>");
    }
    format!("<library-list-svr4 version=\"1.0\" main-lm=\"{first:#x}\">{list}</library-list-svr4>")
}

fn fields(map: u64) -> Option<[u64; 3]> {
    Some([word(map)?, word(map + 8)?, word(map + 16)?])
}

fn next_map(map: u64) -> Option<u64> {
    word(map + 24).filter(|&next| next != 0)
}

/// The address of the linker's `struct r_debug`, and the first of its entries, which is the program's own.
fn first_map(auxv: &[u8]) -> Option<(u64, u64)> {
    let words: Vec<u64> = auxv.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
    let entry = |kind| words.chunks_exact(2).find(|pair| pair[0] == kind).map(|pair| pair[1]);
    let headers = entry(AT_PHDR)?;
    let header = |kind: u32| {
        (0..entry(AT_PHNUM).unwrap_or(0))
            .map(|n| headers + n * PHDR_SIZE)
            .find(|&at| copy::read::<u32>(GuestAddr(at)).is_ok_and(|found| found == kind))
    };
    let bias = header(PT_PHDR).and_then(|at| word(at + 16)).map_or(0, |addr| headers.wrapping_sub(addr));
    let dynamic = bias.wrapping_add(word(header(PT_DYNAMIC)? + 16)?);
    let entries =
        (0..MOST as u64).map(|n| dynamic + 16 * n).map_while(|at| Some((at, word(at).filter(|&tag| tag != 0)?)));
    let debug = entries.into_iter().find(|&(_, tag)| tag == DT_DEBUG).and_then(|(at, _)| word(at + 8))?;
    let map = word(debug + 8).filter(|&map| debug != 0 && map != 0)?;
    Some((debug, map))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
