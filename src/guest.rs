//! Which guest a program is for. The one place that tells architectures apart.

use std::fmt::Write;

use aarch64::Aarch64;
use memory::space::place::USER_END;
use riscv64::Riscv64;
use syscalls::{Abi, HwProbe, abi};
use target::Target;

use crate::clock;

/// A guest architecture: its CPU and its kernel's interface.
pub struct Guest {
    /// The CPU.
    pub target: &'static dyn Target,
    /// The kernel's interface.
    pub abi: &'static Abi,
    /// What riscv_hwprobe(2) answers of a key.
    pub hwprobe: HwProbe,
}

/// AArch64 in an ELF header.
pub const EM_AARCH64: u16 = 183;
/// RISC-V in an ELF header.
pub const EM_RISCV: u16 = 243;

/// What an architecture is called.
#[derive(PartialEq, Eq, Debug)]
pub struct Architecture {
    /// In `uname -m` and qemu's names.
    pub name: &'static str,
    /// In texts.
    pub title: &'static str,
    /// In its ELF files.
    pub machine: u16,
    /// By Debian, and by most of Docker's world.
    pub debian: &'static str,
    /// In the names of cross compilers and their folders.
    pub triplet: &'static str,
    /// The C library's interpreter, in /lib.
    pub loader: &'static str,
}

/// The guests' architectures.
pub const ARCHITECTURES: [Architecture; 2] = [
    Architecture {
        name: "aarch64",
        title: "AArch64",
        machine: EM_AARCH64,
        debian: "arm64",
        triplet: "aarch64-linux-gnu",
        loader: "ld-linux-aarch64.so.1",
    },
    Architecture {
        name: "riscv64",
        title: "RISC-V",
        machine: EM_RISCV,
        debian: "riscv64",
        triplet: "riscv64-linux-gnu",
        loader: "ld-linux-riscv64-lp64d.so.1",
    },
];

/// The architecture of an ELF machine.
pub fn architecture(machine: u16) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|architecture| architecture.machine == machine)
}

/// The architecture that a name, also Debian's, stands for.
pub fn named(name: &str) -> Option<&'static Architecture> {
    ARCHITECTURES.iter().find(|architecture| architecture.name == name || architecture.debian == name)
}

/// Whether there is a guest for this ELF machine.
pub fn is_known(machine: u16) -> bool {
    architecture(machine).is_some()
}

/// The guest for an ELF machine, with the CPU that `--cpu` describes. `None` where no guest has this machine.
pub fn of_machine(machine: u16, cpu: Option<&str>) -> Result<Option<Guest>, String> {
    of_machine_below(machine, cpu, USER_END)
}

/// The same with addresses below `end`.
pub fn of_machine_below(machine: u16, cpu: Option<&str>, end: u64) -> Result<Option<Guest>, String> {
    match machine {
        EM_AARCH64 => {
            let cpu = cpu.map(aarch64::Cpu::parse).transpose()?.unwrap_or_default();
            let target = Box::leak(Box::new(Aarch64::new(cpu)));
            Ok(Some(Guest { target, abi: &abi::AARCH64, hwprobe: HwProbe::default() }))
        }
        EM_RISCV => {
            let cpu = cpu.map(riscv64::Cpu::parse).transpose().map_err(|error| error.to_string())?.unwrap_or_default();
            let target = &*Box::leak(Box::new(Riscv64::new(cpu)));
            let hwprobe = HwProbe(Box::new(move |key| target.hwprobe(key, clock::cycles_hz, end - 1)));
            Ok(Some(Guest { target, abi: &abi::RISCV64, hwprobe }))
        }
        _ => Ok(None),
    }
}

/// Whether some guest has a CPU feature of this name.
pub fn is_cpu_feature(name: &str) -> bool {
    let has = |architecture: &Architecture| {
        let guest = of_machine(architecture.machine, None).ok().flatten();
        guest.is_some_and(|guest| guest.target.feature_table().iter().any(|def| def.name == name))
    };
    aarch64::cpu::PAUTH.contains(&name) || ARCHITECTURES.iter().any(has)
}

/// The text of `--cpu help`.
pub fn cpu_help() -> String {
    let mut text = String::from("--cpu MODEL[,+FEATURE][,-FEATURE]...\n");
    let models = [
        aarch64::cpu::MODELS.iter().map(|model| model.name).collect::<Vec<_>>(),
        riscv64::cpu::MODELS.iter().map(|model| model.0).collect(),
    ];
    for (machine, models) in [EM_AARCH64, EM_RISCV].into_iter().zip(models) {
        let Ok(Some(guest)) = of_machine(machine, None) else { continue };
        // A row of instructions that two extensions share, `zbb|zbkb`, can't be chosen on its own.
        let names = guest.target.feature_table().iter().map(|def| def.name);
        let features: Vec<&str> = names.filter(|name| !name.contains(['|', '+'])).collect();
        // Writing to a string can't fail.
        let _ = writeln!(
            text,
            "\n{}\n  models:   {}\n  features: {}",
            guest.target.name(),
            models.join(" "),
            features.join(" ")
        );
    }
    text
}
