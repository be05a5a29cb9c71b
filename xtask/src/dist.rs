//! `cargo xtask dist`: what a release is made of. One static program, its manual and completions: as a tar, as the Debian
//! package `transom`, and as `transom-qemu`, which has nothing but qemu-user's names for it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The names by which transom takes qemu-user's options.
const OWN_NAMES: &[&str] = &["transom-aarch64", "transom-riscv64"];
const QEMU_NAMES: &[&str] = &["qemu-aarch64", "qemu-riscv64", "qemu-aarch64-static", "qemu-riscv64-static"];
/// Shells, and where each looks for completions.
const COMPLETIONS: &[(&str, &str)] = &[
    ("bash", "usr/share/bash-completion/completions/transom"),
    ("zsh", "usr/share/zsh/vendor-completions/_transom"),
    ("fish", "usr/share/fish/vendor_completions.d/transom.fish"),
];
/// Documents of the repository that go along.
const DOCUMENTS: &[&str] = &["README.md", "CHANGELOG.md", "LICENSE-APACHE", "LICENSE-MIT"];

/// Builds the program; its path.
pub fn build(repository: &Path) -> Result<PathBuf, String> {
    run(Command::new(env!("CARGO")).args(["build", "--release", "--locked"]).current_dir(repository))?;
    Ok(target(repository).join("release/transom"))
}

/// Packs a program that is built; prints what it made.
pub fn pack(repository: &Path, program: &Path) -> Result<(), String> {
    let dist = target(repository).join("dist");
    match fs::remove_dir_all(&dist) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(format!("{}: {error}", dist.display()));
        }
        _ => {}
    }
    let root = dist.join("transom");
    lay_out(repository, program, &root).map_err(|error| format!("{}: {error}", root.display()))?;
    let names = dist.join("transom-qemu");
    links(&names.join("usr/bin"), QEMU_NAMES).map_err(|error| format!("{}: {error}", names.display()))?;

    let tar = dist.join(format!("transom-{VERSION}-x86_64-linux.tar.gz"));
    let owner = ["--owner=0", "--group=0", "--sort=name", "-C"];
    run(Command::new("tar").arg("-czf").arg(&tar).args(owner).arg(&root).arg("usr"))?;
    let packages = [
        package(&dist, &root, "transom", "", "run AArch64 and RISC-V Linux programs on x86-64 Linux")?,
        package(&dist, &names, "transom-qemu", QEMU_RELATIONS, "qemu-user's names for transom, in its place")?,
    ];
    for path in [tar].iter().chain(&packages) {
        println!("{} ({} KiB)", path.display(), fs::metadata(path).map_or(0, |metadata| metadata.len() >> 10));
    }
    Ok(())
}

/// Cargo's output folder.
fn target(repository: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| repository.join("target"), PathBuf::from)
}

/// The files of the package `transom`.
fn lay_out(repository: &Path, program: &Path, root: &Path) -> std::io::Result<()> {
    let bin = root.join("usr/bin");
    links(&bin, OWN_NAMES)?;
    let installed = bin.join("transom");
    // Line tables are for who develops; the symbols stay, for `perf` and for reports.
    run(Command::new("strip").arg("--strip-debug").arg("-o").arg(&installed).arg(program))
        .map_err(std::io::Error::other)?;
    fs::set_permissions(&installed, fs::Permissions::from_mode(0o755))?;
    let say = |arguments: &[&str]| Command::new(&installed).args(arguments).output().map(|output| output.stdout);
    write(&root.join("usr/share/man/man1/transom.1"), &say(&["man"])?)?;
    for (shell, path) in COMPLETIONS {
        write(&root.join(path), &say(&["completions", shell])?)?;
    }
    for name in DOCUMENTS {
        write(&root.join("usr/share/doc/transom").join(name), &fs::read(repository.join(name))?)?;
    }
    Ok(())
}

/// Links to `transom` in a folder.
fn links(folder: &Path, names: &[&str]) -> std::io::Result<()> {
    fs::create_dir_all(folder)?;
    names.iter().try_for_each(|name| symlink("transom", folder.join(name)))
}

fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, bytes)
}

/// It takes the place of the packages that have these names.
const QEMU_RELATIONS: &str = "Depends: transom\nProvides: qemu-user\nConflicts: qemu-user, qemu-user-static\nReplaces: \
                              qemu-user, qemu-user-static\n";

/// Makes a Debian package of a root (deb(5), deb-control(5)).
fn package(dist: &Path, root: &Path, name: &str, relations: &str, summary: &str) -> Result<PathBuf, String> {
    let control = format!(
        "Package: {name}\nVersion: {VERSION}\nArchitecture: amd64\nMaintainer: The transom authors <transom@invalid>\n\
         Section: misc\nPriority: optional\n{relations}Description: {summary}\n \
         A user-mode translator that stands where qemu-user does: by hand, behind binfmt_misc,\n \
         or as the runner of a cross-compiled test suite.\n"
    );
    let path = root.join("DEBIAN/control");
    write(&path, control.as_bytes()).map_err(|error| format!("{}: {error}", path.display()))?;
    let package = dist.join(format!("{name}_{VERSION}_amd64.deb"));
    run(Command::new("dpkg-deb").args(["--build", "--root-owner-group"]).arg(root).arg(&package))?;
    Ok(package)
}

fn run(command: &mut Command) -> Result<(), String> {
    let shown = format!("{command:?}");
    match command.stdout(std::process::Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{shown}: {status}")),
        Err(error) => Err(format!("{shown}: {error}")),
    }
}
