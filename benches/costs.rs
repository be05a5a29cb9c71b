//! What system calls, clocks, signals, processes and threads cost against native: `cargo bench --bench costs`.
//!
//! Runs `testdata/programs/costs.c` built for the host (by `cc`) and for each guest, in turn, and prints the ratio of
//! the best of several runs beside the bound that is aimed at.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Runs of each; the best counts.
const ROUNDS: usize = 3;
/// The bounds, as multiples of native.
const BOUNDS: [(&str, f64); 3] = [("system-call", 1.5), ("clock_gettime", 2.0), ("fork", 1.5)];

/// Nanoseconds by name.
type Costs = BTreeMap<String, f64>;

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("costs: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), String> {
    let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/programs");
    let folder = std::env::temp_dir().join(format!("transom-costs-{}", std::process::id()));
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let native = build(&programs, &folder.join("costs"))?;
    let mut costs = [Costs::new(), Costs::new(), Costs::new()];
    for _ in 0..ROUNDS {
        measure(Command::new(&native), &mut costs[0])?;
        for (guest, costs) in ["aarch64", "riscv64"].iter().zip(&mut costs[1..]) {
            let mut command = Command::new(env!("CARGO_BIN_EXE_transom"));
            command.arg(programs.join("bin").join(guest).join("costs.glibc"));
            measure(command, costs)?;
        }
    }
    print(&costs);
    std::fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))
}

/// The host's own build.
fn build(programs: &Path, to: &Path) -> Result<PathBuf, String> {
    let mut command = Command::new("cc");
    command.args(["-O2", "-static", "-D_GNU_SOURCE", "-o"]).arg(to).arg(programs.join("costs.c"));
    let status = command.status().map_err(|error| format!("cc: {error}"))?;
    if status.success() { Ok(to.to_owned()) } else { Err(format!("cc: {status}")) }
}

/// Runs a build once and keeps what was lower than before.
fn measure(mut command: Command, costs: &mut Costs) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{command:?}: {}", output.status));
    }
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, time) = line.split_once(' ').ok_or_else(|| format!("not a measurement: {line}"))?;
        let time: f64 = time.parse().map_err(|error| format!("{line}: {error}"))?;
        let best = costs.entry(name.to_owned()).or_insert(time);
        *best = best.min(time);
    }
    Ok(())
}

fn print([native, guests @ ..]: &[Costs; 3]) {
    println!("{:<14} {:>10} {:>18} {:>18}  bound", "", "native ns", "aarch64", "riscv64");
    for (name, native) in native {
        let times = guests.iter().map(|costs| costs.get(name).copied().unwrap_or(f64::NAN));
        let columns: String = times.map(|time| format!(" {time:>10.0} {:>6.2}x", time / native)).collect();
        let bound = BOUNDS.iter().find(|(bounded, _)| bounded == name);
        let bound = bound.map_or(String::new(), |(_, bound)| format!("{bound}x"));
        println!("{name:<14} {native:>10.1}{columns}  {bound}");
    }
}
