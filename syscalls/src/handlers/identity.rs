//! Who and what the machine is.

use super::Value;
use crate::abi::Utsname;
use crate::args::{UInt, UtsOut};
use crate::dispatch::Cx;
use crate::sys;
use memory::UserPtr;
use std::sync::atomic::Ordering;

/// uname(2): the host's, but for the machine, and the release where the user chose one.
pub fn uname(cx: &mut Cx<'_>, to: UtsOut) -> Value {
    let mut name = Utsname::default();
    sys::host(libc::SYS_uname, [sys::address_mut(&mut name), 0, 0, 0, 0, 0])?;
    name.machine = field(cx.abi().machine);
    if let Some(release) = &cx.process.release {
        name.release = field(release);
    }
    UserPtr::new(to.0).write(name)?;
    Ok(0)
}

/// A field of `struct new_utsname`, whose last byte is zero.
fn field(text: &str) -> [u8; 65] {
    let mut field = [0; 65];
    let bytes = &text.as_bytes()[..text.len().min(64)];
    field[..bytes.len()].copy_from_slice(bytes);
    field
}

/// Asks for the personality without a change.
const QUERY: u32 = u32::MAX;

/// personality(2): the host keeps it too, for children, but for READ_IMPLIES_EXEC, which would make the translator's
/// mappings executable.
pub fn personality(cx: &mut Cx<'_>, wanted: UInt) -> Value {
    let own = &cx.process.personality;
    let old = own.load(Ordering::Relaxed);
    if wanted.0 != QUERY {
        let host = wanted.0 & !(libc::READ_IMPLIES_EXEC as u32);
        sys::host(libc::SYS_personality, [host.into(), 0, 0, 0, 0, 0])?;
        own.store(wanted.0, Ordering::Relaxed);
        cx.process.space.set_read_implies_exec(wanted.0 != host);
    }
    Ok(old.into())
}
