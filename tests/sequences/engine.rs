//! The three ways to run a program of sequences.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::Duration;

use super::guest::{Guest, STRIDE};
use super::sequence::{self, Sequence};
use crate::support::run::{End, run};
use crate::support::{fetched, transom};

const LIMIT: Duration = Duration::from_secs(120);

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Interpreter,
    MachineCode,
    Qemu,
}

/// The data of each sequence afterwards, or how the program failed.
pub type Output = Result<Vec<u8>, String>;

impl Engine {
    pub const ALL: [Engine; 3] = [Engine::Interpreter, Engine::MachineCode, Engine::Qemu];

    pub fn name(self) -> &'static str {
        match self {
            Engine::Interpreter => "interp",
            Engine::MachineCode => "jit",
            Engine::Qemu => "qemu",
        }
    }

    /// Runs the sequences in one program.
    pub fn run(self, guest: &dyn Guest, sequences: &[Sequence]) -> Output {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let path = folder.path().join("sequences");
        let write = || {
            std::fs::write(&path, sequence::program(guest, sequences))?;
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
        };
        write().map_err(|error| format!("{}: {error}", path.display()))?;
        let outcome = run(self.command(guest)?.arg(&path), LIMIT);
        match outcome.end {
            End::Exit(0) if outcome.stdout.len() == sequences.len() * STRIDE => Ok(outcome.stdout),
            end => Err(format!("ends by {end:?} after {} bytes\n{}", outcome.stdout.len(), outcome.stderr())),
        }
    }

    fn command(self, guest: &dyn Guest) -> Result<Command, String> {
        if self == Engine::Qemu {
            let qemu = fetched("qemu").join(format!("usr/bin/qemu-{}", guest.name()));
            if !qemu.exists() {
                return Err(format!("{} is missing: run tests/fetch qemu", qemu.display()));
            }
            let mut command = Command::new(qemu);
            command.args(guest.qemu_arguments());
            return Ok(command);
        }
        let mut command = Command::new(transom());
        command.args(["--cpu", guest.cpu(), "--seed", "1", "--engine", self.name()]);
        Ok(command)
    }
}
