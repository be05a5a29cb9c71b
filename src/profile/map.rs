//! The map that perf(1) reads as it reports: `/tmp/perf-PID.map`, a line for each piece of code with its address and size in
//! hexadecimal, and its name (tools/perf/Documentation/jit-interface.txt in Linux' sources).

use std::os::fd::IntoRawFd;
use std::path::{Path, PathBuf};

use memory::Errno;
use syscalls::HiddenFds;

use super::Emitted;
use crate::log::Log;

/// Where perf looks for that of this process.
pub fn path() -> PathBuf {
    format!("/tmp/perf-{}.map", std::process::id()).into()
}

/// Opens it.
pub fn open(path: &Path, hidden: &HiddenFds, goes_on: bool) -> Result<Log, Errno> {
    let file = super::create(path, goes_on)?;
    hidden.keep(file.into_raw_fd()).map(|fd| Log { fd })
}

/// A line of it. A name ends with the line, whatever else is in it.
pub fn line(emitted: &Emitted<'_>) -> String {
    let name = emitted.name.replace('\n', "?");
    format!("{:x} {:x} {name}\n", emitted.addr, emitted.bytes.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_address_size_and_name() {
        let emitted = Emitted { addr: 0x7f00_0010, bytes: &[0; 0x2a], name: "operator new(unsigned\nlong)" };
        assert_eq!(line(&emitted), "7f000010 2a operator new(unsigned?long)\n");
    }
}
