//! PROCMAP_QUERY, by which a program asks /proc/PID/maps for one mapping (linux/fs.h; do_procmap_query in
//! fs/proc/task_mmu.c). The guest's text says what it is to see; what that does not hold, the host's own answer does.

use crate::paths::OwnedFd;
use crate::sys;
use memory::{Errno, GuestAddr, Range, UserPtr, copy};
use std::ffi::CString;

/// The request of ioctl(2).
pub(crate) const REQUEST: u64 = 0xc068_6611;

// The flags of a query, and of those the ones that name permissions.
const READABLE: u64 = 1;
const WRITABLE: u64 = 2;
const EXECUTABLE: u64 = 4;
const SHARED: u64 = 8;
const PERMISSIONS: u64 = 15;
const COVERING_OR_NEXT: u64 = 16;
const FILE_BACKED: u64 = 32;
const FLAGS: u64 = 63;

/// BUILD_ID_SIZE_MAX of linux/buildid.h.
const MOST_BUILD_ID: usize = 20;

memory::abi_struct! {
    /// `struct procmap_query`.
    struct Query: 104 {
        size: u64,
        flags: u64,
        addr: u64,
        start: u64,
        end: u64,
        permissions: u64,
        page_size: u64,
        offset: u64,
        inode: u64,
        device_major: u32,
        device_minor: u32,
        name_size: u32,
        build_id_size: u32,
        name_at: u64,
        build_id_at: u64,
    }
}

/// The fields that a query can't be without.
const LEAST: usize = 24;

/// A line of the text.
struct Mapping<'a> {
    range: Range,
    permissions: u64,
    offset: u64,
    device: [u32; 2],
    inode: u64,
    name: &'a str,
}

fn parse(line: &str) -> Option<Mapping<'_>> {
    let mut fields = line.splitn(6, ' ');
    let mut field = || fields.next();
    let hex = |digits: &str| u64::from_str_radix(digits, 16).ok();
    let (start, end) = field()?.split_once('-')?;
    let range = Range::new(hex(start)?, hex(end)?);
    let bits = [READABLE, WRITABLE, EXECUTABLE, SHARED];
    let is_set = |(letter, _): &(u8, u64)| b"rwxs".contains(letter);
    let permissions = field()?.bytes().zip(bits).filter(is_set).map(|(_, bit)| bit).sum();
    let offset = hex(field()?)?;
    let (major, minor) = field()?.split_once(':')?;
    let device = [hex(major)? as u32, hex(minor)? as u32];
    let inode = field()?.parse().ok()?;
    Some(Mapping { range, permissions, offset, device, inode, name: field().unwrap_or_default().trim_start() })
}

/// The mapping that a query means (query_matching_vma).
fn find<'a>(text: &'a str, query: &Query) -> Option<Mapping<'a>> {
    let wanted = query.flags & PERMISSIONS;
    let matches = |mapping: &Mapping<'_>| {
        let is_file = mapping.inode != 0 || query.flags & FILE_BACKED == 0;
        is_file && mapping.permissions & wanted == wanted
    };
    let mut from_there = text.lines().filter_map(parse).filter(|mapping| mapping.range.end.0 > query.addr);
    match query.flags & COVERING_OR_NEXT {
        0 => from_there.next().filter(|mapping| mapping.range.start.0 <= query.addr && matches(mapping)),
        _ => from_there.find(matches),
    }
}

/// Answers a query at `at` by the text of `/proc/{pid}/maps`.
pub(crate) fn answer(text: &str, pid: i32, at: GuestAddr) -> Result<u64, Errno> {
    let size = UserPtr::<u64>::new(at).read()?;
    let mut query = read(at, size)?;
    let mapping = find(text, &query).ok_or(Errno::ENOENT)?;
    let mut build_id = [0; MOST_BUILD_ID];
    let host = ask_host(pid, mapping.range.start, &mut build_id)?;
    let name = name_of(&mapping, &query)?;
    if query.build_id_size != 0 && query.build_id_size < host.build_id_size {
        return Err(Errno::ENAMETOOLONG);
    }
    let build_id = &build_id[..if query.build_id_size == 0 { 0 } else { host.build_id_size as usize }];
    query = Query {
        start: mapping.range.start.0,
        end: mapping.range.end.0,
        permissions: mapping.permissions,
        page_size: host.page_size,
        offset: mapping.offset,
        inode: mapping.inode,
        device_major: mapping.device[0],
        device_minor: mapping.device[1],
        name_size: name.len() as u32,
        build_id_size: build_id.len() as u32,
        ..query
    };
    copy::write_bytes(GuestAddr(query.name_at), &name)?;
    copy::write_bytes(GuestAddr(query.build_id_at), build_id)?;
    let written = size.min(size_of::<Query>() as u64) as usize;
    copy::write_bytes(at, &memory::bytes_of_slice(&[query])[..written])?;
    Ok(0)
}

/// The query, if it is one.
fn read(at: GuestAddr, size: u64) -> Result<Query, Errno> {
    let query = UserPtr::<Query>::new(at).read_sized(size, LEAST)?;
    let is_half = |size: u32, at: u64| (size == 0) != (at == 0);
    if query.flags & !FLAGS != 0
        || is_half(query.name_size, query.name_at)
        || is_half(query.build_id_size, query.build_id_at)
    {
        return Err(Errno::EINVAL);
    }
    Ok(query)
}

/// The name with its zero, if it is asked for and there is one.
fn name_of(mapping: &Mapping<'_>, query: &Query) -> Result<Vec<u8>, Errno> {
    if query.name_size == 0 || mapping.name.is_empty() {
        return Ok(Vec::new());
    }
    // The one character that the text has otherwise (show_vma_header_prefix, seq_path).
    let name = [mapping.name.replace("\\012", "\n").as_bytes(), b"\0"].concat();
    if name.len() > (query.name_size as usize).min(libc::PATH_MAX as usize) {
        return Err(Errno::ENAMETOOLONG);
    }
    Ok(name)
}

/// The host's answer for the mapping at an address; ENOTTY where it is older than the request (Linux 6.11).
fn ask_host(pid: i32, addr: GuestAddr, build_id: &mut [u8; MOST_BUILD_ID]) -> Result<Query, Errno> {
    let path = CString::new(format!("/proc/{pid}/maps")).map_err(|_| Errno::EINVAL)?;
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    let maps = sys::host(libc::SYS_openat, [libc::AT_FDCWD as u64, path.as_ptr() as u64, flags as u64, 0, 0, 0])?;
    let maps = OwnedFd(maps as i32);
    let mut query = Query {
        size: size_of::<Query>() as u64,
        addr: addr.0,
        build_id_size: build_id.len() as u32,
        build_id_at: sys::address_mut(build_id),
        ..Query::default()
    };
    sys::host(libc::SYS_ioctl, [maps.0 as u64, REQUEST, sys::address_mut(&mut query), 0, 0, 0])?;
    Ok(query)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "10000-12000 r-xp 00001000 fe:00 42                 /a b/c\n\
                        20000-21000 rw-p 00000000 00:00 0                  [heap]\n\
                        21000-22000 rw-s 00000000 00:01 7                  /memfd:x (deleted)\n";

    #[test]
    fn the_mapping_that_is_asked_for_is_found() {
        let found = |addr: u64, flags: u64| {
            let query = Query { addr, flags, ..Query::default() };
            find(TEXT, &query).map(|mapping| (mapping.range.start.0, mapping.permissions, mapping.name))
        };
        assert_eq!(found(0x11fff, 0), Some((0x10000, READABLE | EXECUTABLE, "/a b/c")));
        assert_eq!(found(0x12000, 0), None);
        assert_eq!(found(0x12000, COVERING_OR_NEXT), Some((0x20000, READABLE | WRITABLE, "[heap]")));
        assert_eq!(found(0x10000, WRITABLE), None);
        assert_eq!(found(0x10000, COVERING_OR_NEXT | WRITABLE).map(|found| found.0), Some(0x20000));
        assert_eq!(found(0x12000, COVERING_OR_NEXT | FILE_BACKED).map(|found| found.0), Some(0x21000));
        assert_eq!(found(0x22000, COVERING_OR_NEXT), None);
    }
}
