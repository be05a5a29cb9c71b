//! By what name, and by whom transom was called: qemu-user's names stand for its command line, and
//! binfmt_misc (Documentation/admin-guide/binfmt-misc.rst) tells of its flags in the auxiliary vector.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::guest::{self, Architecture};

/// linux/binfmts.h: argv[0] of the program follows its path, as flag P has it.
const AT_FLAGS_PRESERVE_ARGV0: u64 = 1;
/// uapi/linux/auxvec.h: the program, opened, as flags O and C have it. Not in libc.
const AT_EXECFD: u64 = 2;
/// The suffix by which Debian names interpreters that it registers with flag P.
const DEBIAN_PRESERVES: &str = "-binfmt-P";

/// What the kernel told of the call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Auxiliary {
    /// AT_FLAGS.
    pub flags: u64,
    /// AT_EXECFD.
    pub execfd: Option<i32>,
    /// AT_SECURE: with more rights than the caller.
    pub secure: bool,
}

impl Auxiliary {
    /// That of this process.
    pub fn of_process() -> Auxiliary {
        // SAFETY: an entry of the auxiliary vector is a number.
        let [flags, secure, execfd] =
            unsafe { [libc::AT_FLAGS, libc::AT_SECURE, AT_EXECFD].map(|key| libc::getauxval(key)) };
        // Where there is no descriptor, the answer is 0: standard input, which no program is opened as.
        Auxiliary { flags, execfd: (execfd != 0).then_some(execfd as i32), secure: secure != 0 }
    }
}

/// How transom was called.
#[derive(Clone, Debug)]
pub struct Called {
    /// The last part of argv[0].
    pub name: String,
    /// The architecture whose qemu-user the name stands for.
    pub stands_for: Option<&'static Architecture>,
    /// Whether argv[0] of the program follows its path.
    pub keeps_argv0: bool,
    /// The program, opened by the kernel.
    pub execfd: Option<i32>,
    /// Whether the caller has fewer rights than we: then its environment gives us no orders.
    pub is_secure: bool,
}

impl Called {
    /// From argv[0] and the auxiliary vector.
    pub fn new(argv0: &OsStr, auxiliary: Auxiliary) -> Called {
        let last = Path::new(argv0).file_name().unwrap_or(argv0);
        let name = String::from_utf8_lossy(last.as_bytes()).into_owned();
        let (stem, of_debian) = match name.strip_suffix(DEBIAN_PRESERVES) {
            Some(stem) => (stem, true),
            None => (name.as_str(), false),
        };
        let stem = stem.strip_suffix("-static").unwrap_or(stem);
        let architecture = ["qemu-", "transom-"].iter().find_map(|prefix| stem.strip_prefix(prefix));
        let architecture = architecture.or(of_debian.then_some(stem));
        Called {
            stands_for: architecture.and_then(guest::named),
            keeps_argv0: auxiliary.flags & AT_FLAGS_PRESERVE_ARGV0 != 0 || of_debian,
            execfd: auxiliary.execfd,
            is_secure: auxiliary.secure,
            name,
        }
    }

    /// Whether binfmt_misc started us for a program, as far as its flags tell.
    pub fn by_binfmt(&self) -> bool {
        self.keeps_argv0 || self.execfd.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_architectures() {
        let called = |name: &str| Called::new(name.as_ref(), Auxiliary::default());
        for (name, architecture) in [
            ("/usr/bin/qemu-aarch64", "aarch64"),
            ("qemu-riscv64-static", "riscv64"),
            ("transom-riscv64", "riscv64"),
            ("/usr/libexec/qemu-binfmt/aarch64-binfmt-P", "aarch64"),
        ] {
            assert_eq!(called(name).stands_for.map(|found| found.name), Some(architecture), "{name}");
        }
        for name in ["transom", "aarch64", "qemu-arm", "", "/"] {
            assert!(called(name).stands_for.is_none(), "{name}");
        }
        assert!(called("aarch64-binfmt-P").keeps_argv0);
    }
}
