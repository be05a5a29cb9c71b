//! Real programs of Debian's arm64 and riscv64 archives (`tests/fetch roots`): each script of `testdata/real` is run by the
//! guest's own bash, and must print what it prints natively.
//!
//! `UPDATE=1 cargo test --test real` records that, from Debian's amd64 archive (`tests/fetch native`) in a private root; it
//! wants the right to make one (root, or user namespaces).

mod support;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use support::run::{End, Outcome, run};
use support::{GUESTS, difference, fetched, files_in, repository, transom};

const LIMIT: Duration = Duration::from_secs(600);

/// What `uname -m` says natively; in a recorded output it stands for the guest's name.
const NATIVE: &str = "x86_64";

fn main() {
    let arguments = Arguments::from_args();
    let scripts = files_in(&repository("testdata/real"), "sh");
    let trials = if std::env::var_os("UPDATE").is_some() {
        scripts.into_iter().map(|script| Trial::test(name(&script), move || record(&script))).collect()
    } else {
        GUESTS
            .iter()
            .flat_map(|guest| scripts.iter().map(move |script| (*guest, script.clone())))
            .map(|(guest, script)| Trial::test(format!("{guest}/{}", name(&script)), move || check(guest, &script)))
            .collect()
    };
    libtest_mimic::run(&arguments, trials).exit();
}

fn name(script: &Path) -> String {
    script.file_stem().expect("a file's name").to_string_lossy().into_owned()
}

/// The root file system of a Debian architecture.
fn root(architecture: &str, part: &str) -> Result<PathBuf, Failed> {
    let root = fetched(architecture);
    if root.join("usr/bin/bash").exists() {
        return Ok(root);
    }
    Err(format!("{} has no bash: run tests/fetch {part}", root.display()).into())
}

/// Runs the script as a guest, and compares.
fn check(guest: &str, script: &Path) -> Result<(), Failed> {
    let root = root(if guest == "aarch64" { "arm64" } else { guest }, "roots")?;
    let recorded = script.with_extension("out");
    let expected = std::fs::read_to_string(&recorded).map_err(|error| format!("{}: {error}", recorded.display()))?;
    let folder = tempfile::tempdir()?;
    let mut command = Command::new(transom());
    command.arg("-L").arg(&root).arg("/usr/bin/bash").arg(script).current_dir(folder.path());
    let outcome = run(clean(&mut command), LIMIT);
    let expected = expected.replace(NATIVE, guest);
    if outcome.end == End::Exit(0) && outcome.stdout() == expected {
        return Ok(());
    }
    let difference = difference(&expected, &outcome.stdout());
    Err(format!("ends by {:?}\n{difference}stderr:\n{}", outcome.end, outcome.stderr()).into())
}

/// Runs the script natively in a private root, and keeps what it prints.
fn record(script: &Path) -> Result<(), Failed> {
    let root = root("amd64", "native")?;
    let folder = tempfile::tempdir_in(root.join("tmp"))?;
    std::fs::copy(script, folder.path().join("script"))?;
    let inside = Path::new("/tmp").join(folder.path().file_name().expect("a folder's name"));
    let enter = "mount --rbind /proc \"$1/proc\" && mount --rbind /dev \"$1/dev\" &&
        exec /usr/sbin/chroot \"$1\" /usr/bin/bash -c 'cd \"$1\" && mv script /tmp/script.$$ && exec bash /tmp/script.$$' bash \"$2\"";
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", enter, "sh"]).arg(&root).arg(&inside);
    let outcome = run(clean(&mut command), LIMIT);
    let Outcome { end: End::Exit(0), stdout, .. } = outcome else {
        return Err(format!("ends by {:?}\n{}", outcome.end, outcome.stderr()).into());
    };
    Ok(std::fs::write(script.with_extension("out"), stdout)?)
}

/// An environment that is the same everywhere.
fn clean(command: &mut Command) -> &mut Command {
    let variables = [("PATH", "/usr/bin:/bin"), ("LC_ALL", "C.UTF-8"), ("TZ", "UTC"), ("HOME", "/nonexistent")];
    command.env_clear().envs(variables)
}
