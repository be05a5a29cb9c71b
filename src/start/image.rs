//! What /proc is to tell of a program.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::IntoRawFd;
use std::os::unix::ffi::OsStrExt;

use syscalls::paths::Roots;
use syscalls::proc::{self, ProgramMap};
use syscalls::{CpuInfo, HiddenFds, Image};

use super::c_string;
use crate::guest::Guest;
use crate::loader::{Loaded, Start};
use crate::program;

/// What /proc is to tell of the program; told to the kernel where it takes it.
pub fn describe(guest: Guest, loaded: &Loaded, start: &Start, exe: File, roots: &Roots, hidden: &HiddenFds) -> Image {
    let name = program::name_of(&exe).unwrap_or_default();
    let renamed = roots.name_for_guest(&name);
    let is_gone = name.as_os_str().as_bytes().ends_with(b" (deleted)");
    // Where the name does not lead to the file on the host, the descriptor does.
    let exe_fd = (renamed.is_some() || is_gone).then(|| hidden.keep(exe.into_raw_fd()).ok()).flatten();
    let target = guest.target;
    let joined = |strings: &[CString]| strings.iter().flat_map(|string| string.as_bytes_with_nul()).copied().collect();
    let mut image = Image {
        exe: c_string(renamed.unwrap_or(name).into_os_string()),
        exe_fd,
        cmdline: joined(&start.args),
        environ: joined(&start.env),
        auxv: memory::bytes_of_slice(&loaded.stack.auxv).to_vec(),
        start_stack: loaded.stack.sp,
        published: false,
        cpuinfo: CpuInfo(Box::new(move |cpus| target.cpuinfo(cpus))),
        hwprobe: guest.hwprobe,
    };
    image.published = publish(loaded, &image);
    image
}

fn publish(loaded: &Loaded, image: &Image) -> bool {
    // Where the heap began only the text of /proc/self/stat tells, and to write that takes the kernel longer than all
    // else here. As long as it is from here on that the heap can shrink again, nobody misses it.
    let Some(brk) = proc::host_brk() else { return false };
    let (start, end) = (loaded.span.start.0, loaded.span.end.0);
    let map = ProgramMap {
        start_code: start,
        end_code: end,
        start_data: start,
        end_data: end,
        start_brk: brk,
        brk,
        start_stack: loaded.stack.sp.0,
        arg_start: loaded.stack.args.start.0,
        arg_end: loaded.stack.args.end.0,
        env_start: loaded.stack.env.start.0,
        env_end: loaded.stack.env.end.0,
        auxv: image.auxv.as_ptr() as u64,
        auxv_size: image.auxv.len() as u32,
        exe_fd: 0,
    };
    proc::publish(&map).is_ok()
}

/// Gives the process the name that the kernel gives it: the last part of the path by which it is run, or else of the
/// file's (begin_new_exec in fs/exec.c, since Linux 6.14).
pub fn name_process(execfn: &CStr) {
    let name = execfn.to_bytes_with_nul().rsplit(|&byte| byte == b'/').next().unwrap_or(b"\0");
    // SAFETY: the name ends in zero; the kernel cuts it at 15 bytes.
    unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
}
