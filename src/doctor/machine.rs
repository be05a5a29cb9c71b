//! The machine: CPU, kernel, limits, binfmt_misc, sysroots.

use std::path::{Path, PathBuf};

use super::Finding;
use crate::binfmt::kernel::Kernel;
use crate::{guest, host, sysroots};

/// The oldest Linux that has all calls that transom makes.
const OLDEST: (u32, u32) = (5, 11);
/// The first Linux with a binfmt_misc for each user namespace.
const OWN_BINFMT: (u32, u32) = (6, 7);
/// Programs without a place of their own choice are linked to addresses from here on (RISC-V's linkers).
const LOWEST_LINKED: u64 = 0x10000;

/// Looks at each thing.
pub fn look_at(roots: &[PathBuf]) -> Vec<Finding> {
    let checks = [processor, kernel, proc, namespaces, lowest_address, overcommit, memory_limit, cache];
    let mut findings: Vec<Finding> = checks.iter().map(|check| check()).collect();
    findings.extend(registrations());
    findings.extend(roots.iter().map(|root| named_root(root)));
    findings.extend(libraries());
    findings
}

fn setting(path: &str) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

fn processor() -> Finding {
    if !host::suffices() {
        return Finding::bad("CPU", "lacks SSE4.2, POPCNT or CMPXCHG16B", "no program can be run on this machine");
    }
    let missing = host::features().missing();
    match missing.is_empty() {
        true => Finding::good("CPU", "has all that translated code can use"),
        false => Finding::note("CPU", format!("lacks {}; programs run, slower", missing.join(", ")), ""),
    }
}

/// The kernel's version: the first two numbers of its release.
fn version() -> Option<(u32, u32)> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").ok()?;
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

fn kernel() -> Finding {
    match version() {
        Some(version) if version >= OLDEST => Finding::good("Linux", format!("{}.{}", version.0, version.1)),
        Some((major, minor)) => Finding::bad(
            "Linux",
            format!("{major}.{minor} is older than {}.{}", OLDEST.0, OLDEST.1),
            "calls that it lacks fail in the programs, too",
        ),
        None => Finding::note("Linux", "its version can't be told without /proc", ""),
    }
}

fn proc() -> Finding {
    match Path::new("/proc/self/exe").exists() {
        true => Finding::good("/proc", "is mounted"),
        false => Finding::note("/proc", "is not mounted", "mount -t proc proc /proc, as programs expect it"),
    }
}

fn namespaces() -> Finding {
    const SUBJECT: &str = "user namespaces";
    let refused = |what: &str, set: &str| Finding::note(SUBJECT, what.to_owned(), format!("sysctl {set}"));
    if setting("/proc/sys/user/max_user_namespaces") == Some(0) {
        return refused("there are none", "user.max_user_namespaces=15000");
    }
    if setting("/proc/sys/kernel/unprivileged_userns_clone") == Some(0) {
        return refused("for root alone", "kernel.unprivileged_userns_clone=1");
    }
    if setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns") == Some(1) {
        return refused("for programs that AppArmor lets", "kernel.apparmor_restrict_unprivileged_userns=0");
    }
    match version() {
        Some(version) if version >= OWN_BINFMT => Finding::good(SUBJECT, "each may have a binfmt_misc of its own"),
        _ => Finding::good(SUBJECT, "work; they share the machine's binfmt_misc before Linux 6.7"),
    }
}

fn lowest_address() -> Finding {
    const SUBJECT: &str = "mmap_min_addr";
    match setting("/proc/sys/vm/mmap_min_addr") {
        Some(lowest) if lowest > LOWEST_LINKED => Finding::bad(
            SUBJECT,
            format!("{lowest:#x}: programs that are linked lower can't be loaded"),
            format!("sysctl vm.mmap_min_addr={LOWEST_LINKED}"),
        ),
        Some(lowest) => Finding::good(SUBJECT, format!("{lowest:#x}")),
        None => Finding::note(SUBJECT, "can't be read", ""),
    }
}

fn overcommit() -> Finding {
    const SUBJECT: &str = "overcommit";
    match setting("/proc/sys/vm/overcommit_memory") {
        Some(2) => Finding::note(
            SUBJECT,
            "strict: programs that reserve much and use little (Go, Java) may get no memory",
            "sysctl vm.overcommit_memory=0",
        ),
        _ => Finding::good(SUBJECT, "allowed"),
    }
}

fn memory_limit() -> Finding {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: getrlimit fills the struct in.
    let known = unsafe { libc::getrlimit(libc::RLIMIT_AS, &mut limit) } == 0;
    match known && limit.rlim_cur != libc::RLIM_INFINITY {
        true => Finding::note(
            "ulimit -v",
            format!("{} MiB, for transom and the program together", limit.rlim_cur >> 20),
            "ulimit -v unlimited, where programs get no memory",
        ),
        false => Finding::good("ulimit -v", "unlimited"),
    }
}

/// Where translated code is kept, and whether it can be.
fn cache() -> Finding {
    const SUBJECT: &str = "code cache";
    let folders = crate::persist::folders(Vec::new());
    let Some(folder) = folders.last() else {
        return Finding::note(SUBJECT, "off: each run translates anew", "name a folder by HOME or TRANSOM_CACHE_DIR");
    };
    let shown = folder.display();
    let above = folder.ancestors().find(|path| path.exists()).unwrap_or(Path::new("/"));
    // SAFETY: access reads the path, which ends in zero.
    let writable = std::ffi::CString::new(above.as_os_str().as_encoded_bytes())
        .is_ok_and(|path| unsafe { libc::access(path.as_ptr(), libc::W_OK) } == 0);
    match writable {
        true => Finding::good(SUBJECT, shown.to_string()),
        false => {
            Finding::note(SUBJECT, format!("{shown} can't be written"), "name another folder by TRANSOM_CACHE_DIR")
        }
    }
}

fn registrations() -> Vec<Finding> {
    const SUBJECT: &str = "binfmt_misc";
    let kernel = match Kernel::mounted() {
        Ok(kernel) => kernel,
        Err(why) => return vec![Finding::note(SUBJECT, why, "`transom binfmt install` as root mounts and registers")],
    };
    let all = kernel.registrations();
    let of_each = guest::ARCHITECTURES.iter().map(|architecture| {
        let takers: Vec<_> = all.iter().filter(|found| found.enabled && found.takes(architecture)).collect();
        let names = takers.iter().map(|found| format!("{} ({})", found.name, found.interpreter.display()));
        let names = format!("{} programs: {}", architecture.title, names.collect::<Vec<_>>().join(", "));
        let lacking = takers.iter().find(|found| found.lacks_interpreter());
        match (takers.len(), lacking) {
            (0, _) => Finding::note(
                SUBJECT,
                format!("nobody takes {} programs", architecture.title),
                "transom binfmt install",
            ),
            (_, Some(lacking)) => Finding::bad(
                SUBJECT,
                format!("{names}, which is not there"),
                format!("echo -1 >/proc/sys/fs/binfmt_misc/{}", lacking.name),
            ),
            (1, None) => Finding::good(SUBJECT, names),
            _ => Finding::note(SUBJECT, names, "the one that was registered last runs; remove the other"),
        }
    });
    of_each.collect()
}

fn named_root(root: &Path) -> Finding {
    let shown = root.display();
    let has_libraries = ["lib", "usr/lib", "lib64"].iter().any(|folder| root.join(folder).is_dir());
    match (root.is_dir(), has_libraries) {
        (false, _) => Finding::bad("sysroot", format!("{shown} is no folder"), "name the root of the guest's files"),
        (true, false) => Finding::note("sysroot", format!("{shown} has no folder of libraries"), ""),
        (true, true) => Finding::good("sysroot", shown.to_string()),
    }
}

/// Whether dynamic programs find a C library without `-L`, or where it would be.
fn libraries() -> Vec<Finding> {
    let of_each = guest::ARCHITECTURES.iter().map(|architecture| {
        let [cross, own] = sysroots::known(architecture);
        let has = |root: &Path| root.join("lib").join(architecture.loader).exists();
        match (has(&own), has(&cross)) {
            (true, _) => {
                Finding::good("libraries", format!("{} ones are in the system's own root", architecture.title))
            }
            (_, true) => Finding::note(
                "libraries",
                format!("{} ones are in {}", architecture.title, cross.display()),
                format!("run dynamic programs with -L {}", cross.display()),
            ),
            _ => Finding::note(
                "libraries",
                format!("no {} ones here; static programs need none", architecture.title),
                format!("apt install {}, or -L with a root of your own", sysroots::cross_package(architecture)),
            ),
        }
    });
    of_each.collect()
}
