//! Table: signals between Linux' numbers and GDB's (include/gdb/signals.def of GDB).

use gdbstub::common::Signal as Gdb;
use syscalls::Signal;

/// GDB's number of the signals 1 to 31, 143 being "unknown".
const NUMBERS: [u8; 31] = [
    1, 2, 3, 4, 5, 6, 10, 8, 9, 30, 11, 31, 13, 14, 15, 143, 20, 19, 17, 18, 21, 22, 16, 24, 25, 26, 27, 28, 23, 32, 12,
];
/// GDB's numbers of the real-time signals 32, 33 and 64; those of 34 to 63 follow that of 33.
const REAL_TIME: [u8; 3] = [77, 45, 78];

/// GDB's number of a signal.
pub fn to_gdb(signal: Signal) -> Gdb {
    let number = signal.number() as usize;
    Gdb(match number {
        1..=31 => NUMBERS[number - 1],
        32 => REAL_TIME[0],
        33..=63 => REAL_TIME[1] + (number - 33) as u8,
        _ => REAL_TIME[2],
    })
}

/// The signal that GDB means.
pub fn from_gdb(signal: Gdb) -> Option<Signal> {
    (1..=64).filter_map(Signal::new).find(|&ours| to_gdb(ours) == signal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_go_both_ways() {
        for signal in (1..=64).filter_map(Signal::new).filter(|signal| signal.number() != 16) {
            assert_eq!(from_gdb(to_gdb(signal)), Some(signal));
        }
        assert_eq!([to_gdb(Signal::SIGBUS), to_gdb(Signal::SIGCHLD)], [Gdb::SIGBUS, Gdb::SIGCHLD]);
        assert_eq!(Signal::new(40).map(to_gdb), Some(Gdb::SIG40));
    }
}
