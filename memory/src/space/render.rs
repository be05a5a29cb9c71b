//! /proc/PID/maps and smaps in the guest's view.
//!
//! The host's own text is the source: it knows each mapping's file as it is called now. From it the guest's mappings
//! are cut out and shown with the guest's protection and names.

use super::map::RegionMap;
use super::{AddressSpace, Name, Prot, Region, RegionFlags};
use crate::{GuestAddr, Range};
use std::fmt::Write;

/// A line of the host's maps, taken apart.
struct HostLine<'a> {
    range: Range,
    offset: u64,
    /// "major:minor inode"
    device: &'a str,
    inode: &'a str,
    path: &'a str,
}

fn parse(line: &str) -> Option<HostLine<'_>> {
    let mut rest = line;
    let mut field = || {
        let (first, tail) = rest.split_once(' ').unwrap_or((rest, ""));
        rest = tail;
        first
    };
    let (start, end) = field().split_once('-')?;
    let range = Range::new(u64::from_str_radix(start, 16).ok()?, u64::from_str_radix(end, 16).ok()?);
    let _prot = field();
    let offset = u64::from_str_radix(field(), 16).ok()?;
    let (device, inode) = (field(), field());
    Some(HostLine { range, offset, device, inode, path: rest.trim_start() })
}

fn write_line(out: &mut String, host: &HostLine<'_>, piece: &Region) {
    let flag = |prot, letter| if piece.prot.contains(prot) { letter } else { '-' };
    let from = out.len();
    let file = host.inode != "0";
    let offset = if file { host.offset + piece.range.start.since(host.range.start) } else { 0 };
    // The columns are the kernel's (fs/proc/task_mmu.c, show_vma_header_prefix); writing to a string can't fail.
    let _ = write!(
        out,
        "{:08x}-{:08x} {}{}{}{} {offset:08x} {} {} ",
        piece.range.start.0,
        piece.range.end.0,
        flag(Prot::READ, 'r'),
        flag(Prot::WRITE, 'w'),
        flag(Prot::EXEC, 'x'),
        if piece.flags.contains(RegionFlags::SHARED) { 's' } else { 'p' },
        host.device,
        host.inode,
    );
    // Of the host's own names in brackets only those of memory that the guest named itself are the guest's.
    let host_name = Some(host.path).filter(|path| !path.starts_with('[') || path.starts_with("[anon"));
    if let Some(name) = piece.name.text().or(host_name).filter(|name| !name.is_empty()) {
        let column = out.len() - from;
        let _ = write!(out, "{:1$}{name}", "", 73usize.saturating_sub(column));
    }
    out.push('\n');
}

/// The guest's mappings that a text is made of.
pub trait Mappings {
    /// The parts of them within a range, in order.
    fn within(&self, range: Range) -> Vec<Region>;
}

impl Mappings for RegionMap {
    fn within(&self, range: Range) -> Vec<Region> {
        self.pieces(range).collect()
    }
}

/// The text of maps, made from the host's.
pub fn maps(host_maps: &str, mappings: &impl Mappings) -> String {
    let mut out = String::new();
    for host in host_maps.lines().filter_map(parse) {
        mappings.within(host.range).iter().for_each(|piece| write_line(&mut out, &host, piece));
    }
    out
}

/// The text of smaps, made from the host's: each header line with the details that follow it. Where one host mapping is
/// several of the guest's, the first carries the details.
pub fn smaps(host_smaps: &str, mappings: &impl Mappings) -> String {
    let mut out = String::new();
    let mut shown = false;
    for line in host_smaps.lines() {
        let header = line.split(' ').next().is_some_and(|first| first.contains('-') && !first.ends_with(':'));
        if let Some(host) = header.then(|| parse(line)).flatten() {
            let pieces = mappings.within(host.range);
            shown = !pieces.is_empty();
            pieces.iter().for_each(|piece| write_line(&mut out, &host, piece));
        } else if shown {
            out.push_str(line);
            out.push('\n');
        }
    }
    out
}

impl AddressSpace {
    /// The text of /proc/self/maps, made from the host's.
    pub fn render_maps(&self, host_maps: &str) -> String {
        maps(host_maps, &self.inner.lock().map)
    }

    /// The text of /proc/self/smaps, made from the host's.
    pub fn render_smaps(&self, host_smaps: &str) -> String {
        smaps(host_smaps, &self.inner.lock().map)
    }

    /// The stack's range, for /proc/self/stat and its like.
    pub fn stack_range(&self) -> Option<Range> {
        let inner = self.inner.lock();
        let stack = inner.map.iter().find(|region| region.name == Name::Stack)?;
        Some(Range { start: GuestAddr(stack.range.start.0), end: stack.range.end })
    }
}
