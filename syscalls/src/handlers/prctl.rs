//! prctl(2): passed on, but for what would change the translator instead of the guest.

use super::{Asked, Value, seccomp};
use crate::abi::Guest;
use crate::args::{Hex, Int};
use crate::dispatch::Cx;
use crate::outcome::{KeyRequest, Outcome, TagRequest};
use crate::tagging;
use crate::user_dispatch::UserDispatch;
use memory::space::Mdwe;
use memory::{Errno, GuestAddr, PAGE_SIZE, Range};

// linux/prctl.h; not all are in libc.
const PR_PAC_RESET_KEYS: i32 = 54;
const PR_PAC_SET_ENABLED_KEYS: i32 = 60;
const PR_PAC_GET_ENABLED_KEYS: i32 = 61;
const PR_SET_MDWE: i32 = 65;
const PR_GET_MDWE: i32 = 66;
const PR_SET_SYSCALL_USER_DISPATCH: i32 = 59;
const PR_RISCV_V_SET_CONTROL: i32 = 69;
const PR_RISCV_V_GET_CONTROL: i32 = 70;
const PR_RISCV_SET_ICACHE_FLUSH_CTX: i32 = 71;

pub fn prctl(cx: &mut Cx<'_>, option: Int, a: Hex, b: Hex, c: Hex, d: Hex) -> Asked {
    match option.0 {
        tagging::SET | tagging::GET if b.0 | c.0 | d.0 != 0 => Err(Errno::EINVAL.into()),
        tagging::GET if a.0 != 0 => Err(Errno::EINVAL.into()),
        // Where it is not fixed the length of tags is among the registers.
        tagging::SET if cx.abi().tag_bits == 0 => Ok(Outcome::Tags(TagRequest::Set(a.0))),
        tagging::GET if cx.abi().tag_bits == 0 => Ok(Outcome::Tags(TagRequest::Get)),
        PR_RISCV_V_GET_CONTROL => Ok(Outcome::Vectors(None)),
        PR_RISCV_V_SET_CONTROL => Ok(Outcome::Vectors(Some(a.0))),
        PR_PAC_RESET_KEYS if b.0 | c.0 | d.0 == 0 => Ok(Outcome::Keys(KeyRequest::Reset(a.0))),
        PR_PAC_SET_ENABLED_KEYS if c.0 | d.0 == 0 => Ok(Outcome::Keys(KeyRequest::Enable(a.0, b.0))),
        PR_PAC_GET_ENABLED_KEYS if a.0 | b.0 | c.0 | d.0 == 0 => Ok(Outcome::Keys(KeyRequest::Enabled)),
        PR_PAC_RESET_KEYS | PR_PAC_SET_ENABLED_KEYS | PR_PAC_GET_ENABLED_KEYS => Err(Errno::EINVAL.into()),
        _ => control(cx, option, [a, b, c, d]).map(Outcome::Return),
    }
}

fn control(cx: &mut Cx<'_>, option: Int, [a, b, c, d]: [Hex; 4]) -> Value {
    let aarch64 = cx.abi().guest == Guest::Aarch64;
    match option.0 {
        libc::PR_SET_MM => set_mm(a.0, c.0, d.0),
        PR_SET_SYSCALL_USER_DISPATCH => {
            cx.thread.user_dispatch = UserDispatch::new(a.0, b.0, c.0, d.0)?;
            Ok(0)
        }
        // X86's time-stamp counter is not the guest's.
        libc::PR_SET_TSC | libc::PR_GET_TSC => Err(Errno::EINVAL.into()),
        PR_SET_MDWE | PR_GET_MDWE if b.0 | c.0 | d.0 != 0 => Err(Errno::EINVAL.into()),
        // The host would refuse the translator to write code.
        PR_SET_MDWE => {
            let bits = u32::try_from(a.0).ok().and_then(Mdwe::from_bits).ok_or(Errno::EINVAL)?;
            cx.process.space.set_mdwe(bits)?;
            Ok(0)
        }
        PR_GET_MDWE if a.0 != 0 => Err(Errno::EINVAL.into()),
        PR_GET_MDWE => Ok(cx.process.space.mdwe().bits().into()),
        libc::PR_SET_SECCOMP => seccomp::set_by_prctl(cx, a.0, b.0),
        libc::PR_GET_SECCOMP => Ok(cx.thread.seccomp.mode().into()),
        tagging::SET if a.0 & !tagging::ENABLE != 0 => Err(Errno::EINVAL.into()),
        tagging::SET => {
            cx.process.tagging.set_word(a.0);
            Ok(0)
        }
        tagging::GET => Ok(cx.process.tagging.word() & tagging::ENABLE),
        // Who may skip fence.i: nobody needs to, it is seen either way.
        PR_RISCV_SET_ICACHE_FLUSH_CTX if !aarch64 => Ok(0),
        libc::PR_SET_VMA => set_vma(cx, a.0, b.0, c.0, d.0),
        option => cx.call(libc::SYS_prctl, [option as u64, a.0, b.0, c.0, d.0, 0]),
    }
}

/// PR_SET_MM moves what the kernel knows of the program's places. It knows the guest's already (`proc::publish`), and
/// no guest needs to move them: what is wrong with the arguments is said, else that it takes a privilege.
fn set_mm(option: u64, c: u64, d: u64) -> Value {
    const TAKES_A_SIZE: [u64; 3] =
        [libc::PR_SET_MM_AUXV as u64, libc::PR_SET_MM_MAP as u64, libc::PR_SET_MM_MAP_SIZE as u64];
    let wrong = d != 0 || c != 0 && !TAKES_A_SIZE.contains(&option);
    Err(if wrong { Errno::EINVAL } else { Errno::EPERM }.into())
}

/// PR_SET_VMA names mappings: the guest's own.
fn set_vma(cx: &Cx<'_>, what: u64, addr: u64, len: u64, name: u64) -> Value {
    let call = |len: u64| cx.call(libc::SYS_prctl, [libc::PR_SET_VMA as u64, what, addr, len, name, 0]);
    // What is wrong with the name comes before what is wrong with the range.
    call(0)?;
    let pages = GuestAddr(len).align_up(PAGE_SIZE).ok_or(Errno::EINVAL)?.0;
    let range = Range::sized(addr.into(), pages).ok_or(Errno::EINVAL)?;
    if !range.is_empty() && !cx.process.space.is_mapped(range) {
        return Err(Errno::ENOMEM.into());
    }
    call(len)
}
