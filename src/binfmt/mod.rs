//! `transom binfmt`: make the kernel run foreign programs through transom (binfmt_misc), so that `./program` is enough,
//! also in chroots and containers with nothing of ours in them.

mod files;
pub mod kernel;
pub mod registration;

use std::fmt::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use crate::guest::{self, Architecture};
use kernel::Kernel;
use registration::Registration;

/// Flags of a registration where none are given: the interpreter held open, so that it need not be in a chroot;
/// argv[0] kept; the program opened by the kernel, and with the rights of its owner where it is setuid.
const DEFAULT_FLAGS: &str = "POCF";

/// What to do.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Register with the kernel; or with --root write the files that systemd-binfmt reads at boot
    Install {
        #[command(flatten)]
        chosen: Chosen,
        /// Flags: P keeps argv[0], O has the kernel open the program, C gives it its setuid rights, F makes it work in
        /// chroots and containers
        #[arg(long, value_name = "FLAGS", default_value = DEFAULT_FLAGS, value_parser = registration::flags)]
        flags: String,
        /// What is to run the programs; this file by default, with --root /usr/bin/transom
        #[arg(long, value_name = "PATH")]
        interpreter: Option<PathBuf>,
    },
    /// Take the registration back; or with --root the files
    Remove {
        #[command(flatten)]
        chosen: Chosen,
    },
    /// Show who takes the programs of each architecture
    Status {
        #[command(flatten)]
        chosen: Chosen,
    },
}

/// For what.
#[derive(Args, Debug)]
pub struct Chosen {
    /// The architecture: aarch64, riscv64, or both with a comma; all by default
    #[arg(long = "arch", value_name = "ARCH", value_delimiter = ',', value_parser = architecture)]
    architectures: Vec<&'static Architecture>,
    /// The root of a file system: only files in it are written or read, and the running kernel is left alone
    #[arg(long, value_name = "DIR")]
    root: Option<PathBuf>,
}

fn architecture(name: &str) -> Result<&'static Architecture, String> {
    let known = guest::ARCHITECTURES.each_ref().map(|architecture| architecture.name);
    guest::named(name).ok_or_else(|| format!("no such architecture; there are {}", known.join(" and ")))
}

impl Chosen {
    fn architectures(&self) -> Vec<&'static Architecture> {
        match self.architectures.is_empty() {
            true => guest::ARCHITECTURES.iter().collect(),
            false => self.architectures.clone(),
        }
    }
}

/// Does it; the text for standard output.
pub fn run(command: Command) -> Result<String, String> {
    match command {
        Command::Install { chosen, flags, interpreter } => match &chosen.root {
            Some(root) => install_files(root, &chosen, &flags, interpreter),
            None => install(&chosen, &flags, interpreter),
        },
        Command::Remove { chosen } => match &chosen.root {
            Some(root) => remove_files(root, &chosen),
            None => remove(&chosen),
        },
        Command::Status { chosen } => match &chosen.root {
            Some(root) => Ok(status_of_files(root, &chosen)),
            None => status(&chosen),
        },
    }
}

fn install(chosen: &Chosen, flags: &str, interpreter: Option<PathBuf>) -> Result<String, String> {
    let interpreter = match interpreter {
        Some(path) => std::path::absolute(&path).map_err(|error| format!("{}: {error}", path.display()))?,
        None => std::env::current_exe().map_err(|error| format!("can't tell where transom is: {error}"))?,
    };
    let kernel = Kernel::mount()?;
    let mut text = String::new();
    for architecture in chosen.architectures() {
        let registration = Registration::new(architecture, interpreter.clone(), flags)?;
        kernel.register(&registration)?;
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}", describe(&registration));
        for other in kernel.registrations().iter().filter(|other| is_rival(other, architecture)) {
            let _ = writeln!(text, "  goes before {}: the kernel asks the newest registration first", describe(other));
        }
    }
    if !kernel.is_enabled() {
        text += "binfmt_misc is turned off: echo 1 >/proc/sys/fs/binfmt_misc/status\n";
    }
    Ok(text)
}

fn install_files(root: &Path, chosen: &Chosen, flags: &str, interpreter: Option<PathBuf>) -> Result<String, String> {
    let interpreter = interpreter.unwrap_or_else(|| "/usr/bin/transom".into());
    let mut text = String::new();
    for architecture in chosen.architectures() {
        let registration = Registration::new(architecture, interpreter.clone(), flags)?;
        let path = files::write(root, architecture, &registration)?;
        let _ = writeln!(text, "{}", path.display());
    }
    Ok(text)
}

fn remove(chosen: &Chosen) -> Result<String, String> {
    let kernel = Kernel::mounted()?;
    let mut text = String::new();
    for architecture in chosen.architectures() {
        let name = registration::name(architecture);
        let was = if kernel.remove(&name)? { "removed" } else { "was not registered" };
        let _ = writeln!(text, "{name}: {was}");
    }
    Ok(text)
}

fn remove_files(root: &Path, chosen: &Chosen) -> Result<String, String> {
    let removed = chosen.architectures().into_iter().map(|architecture| files::remove(root, architecture));
    let removed = removed.collect::<Result<Vec<_>, _>>()?;
    Ok(removed.iter().flatten().map(|path| format!("removed {}\n", path.display())).collect())
}

fn status(chosen: &Chosen) -> Result<String, String> {
    let kernel = Kernel::mounted()?;
    let registrations = kernel.registrations();
    let mut text = String::new();
    if !kernel.is_enabled() {
        text += "binfmt_misc is turned off: echo 1 >/proc/sys/fs/binfmt_misc/status\n";
    }
    for architecture in chosen.architectures() {
        text += &takers(architecture, registrations.iter());
    }
    Ok(text)
}

fn status_of_files(root: &Path, chosen: &Chosen) -> String {
    let files = files::registrations(root);
    let each = chosen.architectures();
    each.into_iter().map(|architecture| takers(architecture, files.iter().map(|(_, found)| found))).collect()
}

/// Who takes an architecture's programs.
pub fn takers<'a>(architecture: &Architecture, all: impl Iterator<Item = &'a Registration>) -> String {
    let takers: Vec<&Registration> = all.filter(|registration| registration.takes(architecture)).collect();
    let mut text = format!("{}:\n", architecture.name);
    for registration in &takers {
        let _ = writeln!(text, "  {}", describe(registration));
    }
    match takers.iter().filter(|registration| registration.enabled).count() {
        0 => text += "  nobody: `transom binfmt install` makes the kernel run these programs\n",
        1 => {}
        _ => text += "  in conflict: the one that was registered last runs\n",
    }
    text
}

fn is_rival(other: &Registration, architecture: &Architecture) -> bool {
    other.enabled && other.ours().is_none() && other.takes(architecture)
}

fn describe(registration: &Registration) -> String {
    let state = match registration.enabled {
        _ if registration.lacks_interpreter() => ", which is not there",
        false => ", turned off",
        true => "",
    };
    format!("{}: {} (flags {}){state}", registration.name, registration.interpreter.display(), registration.flags)
}
