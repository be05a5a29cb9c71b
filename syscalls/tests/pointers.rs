//! Wrong pointers for every call: in a process of its own, because some calls change it even so.

mod support;

use memory::Prot;
use support::Guest;
use syscalls::abi::{AARCH64, RISCV64};

/// Calls that a test must not make even with wrong arguments: they take none, or would end the test or
/// keep its thread from being joined.
const LEFT_OUT: [&str; 7] = ["set_tid_address", "sync", "vhangup", "setsid", "exit", "exit_group", "munlockall"];

#[test]
fn no_pointer_brings_the_translator_down() {
    for abi in [&AARCH64, &RISCV64] {
        let mut guest = Guest::new(abi);
        let bad = [8, u64::MAX - 7, 1 << 63, 0x7fff_ffff_f000, guest.map(1, Prot::empty()).0];
        for pointer in bad {
            for row in syscalls::table::ROWS.iter().filter(|row| !LEFT_OUT.contains(&row.name)) {
                let args: Vec<u64> =
                    row.args.iter().map(|kind| if kind.is_pointer() { pointer } else { u64::MAX }).collect();
                // The outcome is the kernel's to say; that there is one is the test.
                let _ = guest.outcome(row.name, &args);
            }
        }
    }
}
