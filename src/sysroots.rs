//! Where a machine may have the libraries of foreign programs, and which Debian package brings them.

use std::path::{Path, PathBuf};

use crate::guest::Architecture;

/// Folders in which a guest's libraries are found without being asked for: the cross compilers' root, and the root itself,
/// where Debian's multiarch has put them.
pub fn known(architecture: &Architecture) -> [PathBuf; 2] {
    [PathBuf::from("/usr").join(architecture.triplet), PathBuf::from("/")]
}

/// The package with the C library in the cross compilers' root.
pub fn cross_package(architecture: &Architecture) -> String {
    format!("libc6-{}-cross", architecture.debian)
}

/// What to do about an interpreter that is not there.
pub fn advice(architecture: &Architecture, interpreter: &Path, roots: &[PathBuf]) -> String {
    let inside = interpreter.strip_prefix("/").unwrap_or(interpreter);
    let [cross, _] = known(architecture);
    let cross_shown = cross.display();
    if !roots.contains(&cross) && cross.join(inside).exists() {
        return format!("it is in {cross_shown}: run with -L {cross_shown}");
    }
    let debian = architecture.debian;
    if inside.to_string_lossy().contains("ld-musl") {
        return format!(
            "a musl program: run with -L DIR, the root of an Alpine system, or of Debian's package musl:{debian} unpacked"
        );
    }
    let package = cross_package(architecture);
    match roots {
        [] => format!("run with -L DIR, its root; on Debian: apt install {package}, then -L {cross_shown}"),
        [root, ..] => format!("{} has none; libc6:{debian} has to be unpacked there", root.display()),
    }
}

/// The Debian package of a shared library: its soname, as Debian's policy (section 8.1) makes a name of it.
pub fn package(soname: &str) -> Option<String> {
    let (stem, version) = soname.split_once(".so.").or_else(|| soname.strip_suffix(".so")?.rsplit_once('-'))?;
    // The parts of the C library are one package.
    const OF_LIBC: [&str; 10] =
        ["libc", "libm", "libdl", "libpthread", "librt", "libutil", "libresolv", "libnsl", "libanl", "libBrokenLocale"];
    if OF_LIBC.contains(&stem) && matches!(version, "6" | "2" | "1") {
        return Some("libc6".into());
    }
    let dash = if stem.ends_with(|c: char| c.is_ascii_digit()) { "-" } else { "" };
    let dash = if stem == "libgcc_s" { "" } else { dash };
    Some(format!("{stem}{dash}{version}").to_lowercase().replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sonames_tell_packages() {
        for (soname, expected) in [
            ("libc.so.6", "libc6"),
            ("libm.so.6", "libc6"),
            ("libgcc_s.so.1", "libgcc-s1"),
            ("libstdc++.so.6", "libstdc++6"),
            ("libsqlite3.so.0", "libsqlite3-0"),
            ("libX11.so.6", "libx11-6"),
            ("libdb-5.3.so", "libdb5.3"),
        ] {
            assert_eq!(package(soname).as_deref(), Some(expected), "{soname}");
        }
        assert_eq!(package("plugin.so"), None);
    }
}
