//! Has the linker put a build-id into the program, by which the persistent cache tells builds apart, take the C
//! library's function that `src/host.rs` asks, where there is one, and write the relocations of the static-pie short.

use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-link-arg-bins=-Wl,--build-id=sha1");
    println!("cargo:rustc-link-arg-bins=-Wl,-u,__x86_get_cpuid_feature_leaf");
    // Each start goes over all relocations: as bit maps they are a fiftieth of the bytes, and a start a fifth shorter.
    // A linker that does not know the option warns, and goes on without.
    if c_library_is_at_least([2, 36]) {
        println!("cargo:rustc-link-arg-bins=-Wl,-z,pack-relative-relocs");
    }
}

/// Whether the C library that is linked in is glibc of this version or later: the first whose static programs relocate
/// themselves by DT_RELR is 2.36.
fn c_library_is_at_least(least: [u32; 2]) -> bool {
    let version = || {
        let text = String::from_utf8(Command::new("getconf").arg("GNU_LIBC_VERSION").output().ok()?.stdout).ok()?;
        let (major, minor) = text.trim().strip_prefix("glibc ")?.split_once('.')?;
        Some([major.parse().ok()?, minor.split('.').next()?.parse().ok()?])
    };
    version().is_some_and(|found: [u32; 2]| found >= least)
}
