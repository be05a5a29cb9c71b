//! System V IPC: `struct semid64_ds` has another layout on x86-64; segments are part of the address space.

use super::{Asked, Value};
use crate::abi::{IpcPerm, SemidDs};
use crate::args::{Addr, Int, Ptr};
use crate::dispatch::Cx;
use crate::outcome::Outcome;
use crate::sys;
use memory::UserPtr;

memory::abi_struct! {
    /// x86-64's `struct semid64_ds` (asm/sembuf.h).
    struct HostSemidDs: 104 {
        perm: IpcPerm,
        otime: i64,
        unused1: u64,
        ctime: i64,
        unused2: u64,
        nsems: u64,
        unused: [u64; 2],
    }
}

/// Commands that fill a `struct semid64_ds` in: IPC_STAT, SEM_STAT, SEM_STAT_ANY.
const STATS: [i32; 3] = [libc::IPC_STAT, 18, 20];

pub fn semctl(cx: &mut Cx<'_>, id: Int, index: Int, command: Int, arg: Ptr) -> Value {
    let call = |arg: u64| cx.call(libc::SYS_semctl, [id.0 as u64, index.0 as u64, command.0 as u64, arg, 0, 0]);
    let mut host = HostSemidDs::default();
    match command.0 {
        command if STATS.contains(&command) => {
            let value = call(sys::address_mut(&mut host))?;
            let HostSemidDs { perm, otime, ctime, nsems, .. } = host;
            UserPtr::new(arg.0).write(SemidDs { perm, otime, ctime, nsems, unused: [0; 2] })?;
            Ok(value)
        }
        libc::IPC_SET => {
            host.perm = UserPtr::<SemidDs>::new(arg.0).read()?.perm;
            call(sys::address(&host))
        }
        _ => call(arg.0.0),
    }
}

pub fn shmat(cx: &mut Cx<'_>, id: Int, addr: Addr, flags: Int) -> Asked {
    let (addr, changed) = cx.process.space.shmat(id.0 as u64, addr.0, flags.0)?;
    Ok(Outcome::changed(addr.0, changed))
}

pub fn shmdt(cx: &mut Cx<'_>, addr: Addr) -> Asked {
    let changed = cx.process.space.shmdt(addr.0)?;
    Ok(Outcome::changed(0, changed))
}
