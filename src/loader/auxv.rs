//! The auxiliary vector (getauxval(3); fs/binfmt_elf.c, create_elf_tables).

use target::Target;

use super::image::Image;

/// AT_ keys that libc does not name.
const AT_SYSINFO_EHDR: u64 = 33;
const AT_RSEQ_FEATURE_SIZE: u64 = 27;
const AT_RSEQ_ALIGN: u64 = 28;
const AT_HWCAP3: u64 = 29;
const AT_MINSIGSTKSZ: u64 = 51;

/// Clock ticks a second (USER_HZ), the same on all architectures.
const CLOCK_TICKS: u64 = 100;
/// What rseq(2) of the host offers: its first version's fields and size.
const RSEQ_FEATURE_SIZE: u64 = 28;
const RSEQ_ALIGN: u64 = 32;

/// Addresses on the new stack that the vector points to.
#[derive(Clone, Copy, Debug)]
pub struct Strings {
    /// 16 random bytes.
    pub random: u64,
    /// The name the program was run by.
    pub execfn: u64,
    /// The platform's name.
    pub platform: Option<u64>,
}

/// What the vector says of the program.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// The program.
    pub program: Image,
    /// Where its interpreter was loaded, 0 without one.
    pub interpreter_base: u64,
    /// The vDSO.
    pub vdso: u64,
    /// Whether it runs with raised rights.
    pub secure: bool,
}

/// The vector as pairs of words, its end included.
pub fn build(target: &dyn Target, facts: &Facts, strings: Strings) -> Vec<u64> {
    // SAFETY: these calls take no pointers and can't fail.
    let ids = unsafe { [libc::getuid(), libc::geteuid(), libc::getgid(), libc::getegid()] };
    let [hwcap, hwcap2, hwcap3] = target.hwcaps();
    let mut pairs = vec![
        (AT_SYSINFO_EHDR, facts.vdso),
        (AT_MINSIGSTKSZ, target.min_signal_stack()),
        (libc::AT_HWCAP, hwcap),
        (libc::AT_PAGESZ, memory::PAGE_SIZE),
        (libc::AT_CLKTCK, CLOCK_TICKS),
        (libc::AT_PHDR, facts.program.phdr.0),
        (libc::AT_PHENT, 56),
        (libc::AT_PHNUM, facts.program.phnum),
        (libc::AT_BASE, facts.interpreter_base),
        (libc::AT_FLAGS, 0),
        (libc::AT_ENTRY, facts.program.entry.0),
        (libc::AT_UID, u64::from(ids[0])),
        (libc::AT_EUID, u64::from(ids[1])),
        (libc::AT_GID, u64::from(ids[2])),
        (libc::AT_EGID, u64::from(ids[3])),
        (libc::AT_SECURE, u64::from(facts.secure)),
        (libc::AT_RANDOM, strings.random),
        (libc::AT_HWCAP2, hwcap2),
        (AT_HWCAP3, hwcap3),
        (libc::AT_EXECFN, strings.execfn),
    ];
    pairs.extend(strings.platform.map(|name| (libc::AT_PLATFORM, name)));
    pairs.extend([(AT_RSEQ_FEATURE_SIZE, RSEQ_FEATURE_SIZE), (AT_RSEQ_ALIGN, RSEQ_ALIGN), (libc::AT_NULL, 0)]);
    pairs.into_iter().flat_map(|(key, value)| [key, value]).collect()
}
