//! What libc told the kernel about a thread, given back: the guest's own libc registers the same things.

use std::arch::{asm, global_asm};

use memory::sys;

// glibc since 2.35 says where its rseq area is; an older one has none.
global_asm!(".weak __rseq_offset", ".weak __rseq_size");

/// RSEQ_FLAG_UNREGISTER, and the signature glibc registers with (sysdeps/unix/sysv/linux/x86/bits/rseq.h).
const UNREGISTER: u64 = 1;
const SIGNATURE: u64 = 0x5305_3053;
/// Size of the first version's area, which is what glibc registers at least.
const AREA: u64 = 32;

/// Gives back the calling thread's registrations with the kernel: rseq, robust list, and the word that is cleared
/// at its end, which becomes the guest's `clear_tid` (0 for none). Returns the thread's id.
pub fn give_back(clear_tid: u64) -> i32 {
    unregister_rseq();
    // SAFETY: no list, and a word of the guest's: what the kernel writes there at the end is asked for.
    unsafe {
        let _ = sys::syscall(libc::SYS_set_robust_list as u64, [0, 24, 0, 0, 0, 0]);
        sys::syscall(libc::SYS_set_tid_address as u64, [clear_tid, 0, 0, 0, 0, 0]).unwrap_or(0) as i32
    }
}

fn unregister_rseq() {
    let (offset, thread): (*const i64, u64);
    // SAFETY: reads an address from the linker's table, and the thread pointer, which stands at its own address.
    unsafe {
        asm!("mov {}, qword ptr [rip + __rseq_offset@GOTPCREL]", out(reg) offset, options(nostack, readonly));
        asm!("mov {}, qword ptr fs:[0]", out(reg) thread, options(nostack, readonly));
    }
    if offset.is_null() {
        return;
    }
    // SAFETY: the symbol is a ptrdiff_t; unregistering an area that is not registered is refused and changes nothing.
    unsafe {
        let area = thread.wrapping_add_signed(*offset);
        let _ = sys::syscall(libc::SYS_rseq as u64, [area, AREA, UNREGISTER, SIGNATURE, 0, 0]);
    }
}
