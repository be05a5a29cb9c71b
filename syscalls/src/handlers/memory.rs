//! The guest's mappings. [`memory::AddressSpace`] does the work; here are the registers.

use super::{Asked, Value};
use crate::args::{Addr, Fd, Hex, Int, Madvice, MapFlags, MremapFlags, ProtFlags, Size};
use crate::dispatch::Cx;
use crate::outcome::Outcome;
use memory::space::{MapRequest, RemapRequest};
use memory::{Changed, Errno, GuestAddr, Prot};

const PROT_SEM: u32 = 8;
const PROT_GROWSDOWN: u32 = 0x0100_0000;

impl Outcome {
    pub(super) fn changed(value: u64, changed: Changed) -> Outcome {
        if changed.is_empty() { Outcome::Return(value) } else { Outcome::CodeChanged { value, changed } }
    }

    /// A call that may fail half-way: what changed until then counts.
    fn partly((result, changed): (Result<u64, Errno>, Changed)) -> Outcome {
        Outcome::changed(result.unwrap_or_else(Errno::to_return), changed)
    }
}

pub fn mmap(cx: &mut Cx<'_>, addr: Addr, len: Size, prot: ProtFlags, flags: MapFlags, fd: Fd, offset: Hex) -> Asked {
    let prot = Prot::from_bits_truncate(prot.0 as u8);
    let request = MapRequest { addr: addr.0, len: len.0, prot, flags: flags.0, fd: fd.0, offset: offset.0 };
    let (addr, changed) = cx.process.space.mmap(request)?;
    if fd.0 >= 0 {
        cx.process.rings.mapped(fd.0, offset.0, addr);
    }
    Ok(Outcome::changed(addr.0, changed))
}

pub fn munmap(cx: &mut Cx<'_>, addr: Addr, len: Size) -> Asked {
    Ok(Outcome::changed(0, cx.process.space.munmap(addr.0, len.0)?))
}

pub fn mprotect(cx: &mut Cx<'_>, addr: Addr, len: Size, prot: ProtFlags) -> Asked {
    let known = Prot::all().bits() as u32 | PROT_SEM | PROT_GROWSDOWN | cx.abi().extra_prot;
    // The range before the protection (do_mprotect_pkey in mm/mprotect.c).
    if !is_protectable(addr, len)? {
        return Ok(Outcome::Return(0));
    }
    if prot.0 & !known != 0 {
        return Err(Errno::EINVAL.into());
    }
    let grows_down = prot.0 & PROT_GROWSDOWN != 0;
    let prot = Prot::from_bits_truncate(prot.0 as u8);
    let (result, changed) = cx.process.space.mprotect(addr.0, len.0, prot, grows_down);
    Ok(Outcome::partly((result.map(|()| 0), changed)))
}

/// Whether there is anything to protect, if the range can be one.
fn is_protectable(addr: Addr, len: Size) -> Result<bool, Errno> {
    if !addr.0.is_aligned(memory::PAGE_SIZE) {
        return Err(Errno::EINVAL);
    }
    let pages = GuestAddr(len.0).align_up(memory::PAGE_SIZE).ok_or(Errno::ENOMEM)?.0;
    memory::Range::sized(addr.0, pages).map(|range| !range.is_empty()).ok_or(Errno::ENOMEM)
}

pub fn mremap(cx: &mut Cx<'_>, old: Addr, old_len: Size, new_len: Size, flags: MremapFlags, new: Addr) -> Outcome {
    // The kernel takes all 64 bits of the flags, and knows none of the upper ones.
    if cx.call.args[3] >> 32 != 0 {
        return Outcome::Return(Errno::EINVAL.to_return());
    }
    let request = RemapRequest { old: old.0, old_len: old_len.0, new_len: new_len.0, flags: flags.0, new: new.0 };
    let (result, changed) = cx.process.space.mremap(request);
    Outcome::partly((result.map(|addr| addr.0), changed))
}

pub fn madvise(cx: &mut Cx<'_>, addr: Addr, len: Size, advice: Madvice) -> Outcome {
    Outcome::partly(cx.process.space.madvise(addr.0, len.0, advice.0))
}

pub fn mlockall(cx: &mut Cx<'_>, flags: Int) -> Value {
    Ok(cx.process.space.lock_all(flags.0)?)
}

pub fn munlockall(cx: &mut Cx<'_>) -> Value {
    Ok(cx.process.space.unlock_all()?)
}

pub fn brk(cx: &mut Cx<'_>, end: Addr) -> Outcome {
    let (end, changed) = cx.process.space.brk(end.0);
    Outcome::changed(end.0, changed)
}

pub fn remap_file_pages(cx: &mut Cx<'_>, addr: Addr, len: Size, prot: Int, page: Size, flags: Hex) -> Asked {
    if prot.0 != 0 {
        return Err(Errno::EINVAL.into());
    }
    let changed = cx.process.space.remap_file_pages(addr.0, len.0, page.0, flags.0)?;
    Ok(Outcome::changed(0, changed))
}

/// mseal(2): for the guest's own mappings alone.
pub fn mseal(cx: &mut Cx<'_>, addr: Addr, len: Size, flags: Hex) -> Value {
    const SYS_MSEAL: i64 = 462;
    let pages = GuestAddr(len.0).align_up(memory::PAGE_SIZE).ok_or(Errno::EINVAL)?.0;
    let range = memory::Range::sized(addr.0, pages).ok_or(Errno::EINVAL)?;
    // What is wrong with the arguments the host says.
    let sound = flags.0 == 0 && addr.0.0.is_multiple_of(memory::PAGE_SIZE);
    if sound && !range.is_empty() && !cx.process.space.is_mapped(range) {
        return Err(Errno::ENOMEM.into());
    }
    cx.call(SYS_MSEAL, [addr.0.0, len.0, flags.0, 0, 0, 0])
}

/// pkey_mprotect(2): there are no protection keys but the one that everything has (linux/pkeys.h); -1 means mprotect.
pub fn pkey_mprotect(cx: &mut Cx<'_>, addr: Addr, len: Size, prot: ProtFlags, key: Int) -> Asked {
    match key.0 {
        -1 | 0 => mprotect(cx, addr, len, prot),
        _ if is_protectable(addr, len)? => Err(Errno::EINVAL.into()),
        _ => Ok(Outcome::Return(0)),
    }
}

/// pkey_alloc(2) on a CPU without protection keys.
pub fn pkey_alloc(_: &mut Cx<'_>, flags: Hex, rights: Hex) -> Value {
    let wrong = flags.0 != 0 || rights.0 & !3 != 0;
    Err(if wrong { Errno::EINVAL } else { Errno::ENOSPC }.into())
}

/// pkey_free(2) of a key that can't have been allocated.
pub fn pkey_free(_: &mut Cx<'_>, _: Int) -> Value {
    Err(Errno::EINVAL.into())
}
