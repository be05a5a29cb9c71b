//! What the generator has to know of a guest: how to load and store its registers, and what a random word needs so
//! that it neither leaves the sequence nor touches memory outside of the sequence's window.

use target::{Row, Target};

use crate::support::random::Random;

/// Bytes of data that each sequence has to itself.
pub const STRIDE: usize = 8192;
/// Where in them the registers stand before the sequence.
pub const INPUT: usize = 0;
/// Where the sequence stores them.
pub const OUTPUT: usize = 1152;
/// The window that loads and stores go to; addresses are formed around its middle.
pub const WINDOW: std::ops::Range<usize> = 2304..STRIDE;
pub const WINDOW_MIDDLE: usize = 4096;

/// Where the counter of signals lies, before the data of the first sequence.
pub const COUNTER: usize = 0;
/// Where the alternate signal stack lies, and how large it is. It begins where no simple mask of an address leads: a
/// stack pointer at its very start counts as on it in qemu-user, and is not in Linux.
pub const SIGNAL_STACK: usize = 4096 + 0x230;
pub const SIGNAL_STACK_SIZE: usize = 14 * 4096;
/// Where the data of the first sequence lies.
pub const FIRST: usize = 16 * 4096;

/// The signals that a sequence may raise; their handler counts them and steps over the instruction.
pub const SIGNALS: [u32; 4] = [4, 5, 7, 11];

/// A register as it stands in an input or an output.
pub struct Field {
    pub name: String,
    /// Offset from [`INPUT`] or [`OUTPUT`].
    pub at: usize,
    pub size: usize,
}

/// A guest, as far as sequences go.
pub trait Guest: Sync {
    fn name(&self) -> &'static str;
    fn target(&self) -> &dyn Target;
    /// `e_flags` of its ELF files.
    fn elf_flags(&self) -> u32;
    /// What qemu is to be started with, so that it has at least the features of the target.
    fn qemu_arguments(&self) -> &'static [&'static str];

    /// The CPU that we run it on.
    fn cpu(&self) -> &'static str {
        "max"
    }
    /// Whether what the row does depends on random numbers, so that it can't be compared with qemu's: those of our engines
    /// are of one seed.
    fn has_random_results(&self, _row: &Row) -> bool {
        false
    }

    /// Names of features that qemu does not have or does not allow to programs, and of rows that it has wrong.
    fn unknown_to_qemu(&self) -> &'static [&'static str];

    /// The start of the program: the handlers of [`SIGNALS`], then the first sequence.
    fn begin(&self, code: &mut Vec<u8>);
    /// Before a sequence: the registers from the input.
    fn load(&self, code: &mut Vec<u8>);
    /// After a sequence: the registers to the output; on to the data of the next.
    fn store(&self, code: &mut Vec<u8>);
    /// The end of the program: writes `size` bytes of data from the first sequence on, and exits.
    fn end(&self, code: &mut Vec<u8>, size: usize);

    /// A call, at the address `from`, of the code that [`Guest::load`] or [`Guest::store`] put at `to`.
    fn call(&self, from: u64, to: u64) -> Vec<u8>;

    /// The registers in an input or an output.
    fn fields(&self) -> Vec<Field>;
    /// Whether it holds modes and flags, of which not every value is valid.
    fn is_status(&self, field: &Field) -> bool;
    /// Fills the input of a sequence with operands that are hard.
    fn fill(&self, random: &mut Random, input: &mut [u8]);

    /// Whether instructions of the row can stand in a sequence at all.
    fn is_fit(&self, row: &Row) -> bool;
    /// Makes a random word of a row fit: the code to put for it, or nothing where another word has to be tried.
    fn fit(&self, random: &mut Random, row: &Row, word: u32) -> Option<Vec<u8>>;
}

/// 64-bit integers at which something happens.
const INTEGERS: [u64; 14] = [
    0,
    1,
    u64::MAX,
    1 << 63,
    i64::MAX as u64,
    0x8000_0000,
    0x7fff_ffff,
    0xffff_ffff,
    0xffff_ffff_8000_0000,
    0x0123_4567_89ab_cdef,
    63,
    64,
    0x80,
    0xff7f_80ff_0080_7f01,
];

/// Half, single and double precision: zeros, ones, infinities, both kinds of NaN, the least and the largest.
const HALVES: [u16; 12] = [0, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e01, 0x7d23, 0xfe45, 0x0001, 0x83ff, 0x7bff];
const SINGLES: [u32; 16] = [
    0,
    0x8000_0000,
    0x3f80_0000,
    0xbfc0_0000,
    0x7f80_0000,
    0xff80_0000,
    0x7fc1_2345,
    0x7fa5_4321,
    0xffc0_0001,
    0x0000_0001,
    0x807f_ffff,
    0x0080_0000,
    0x7f7f_ffff,
    0x4f00_0000,
    0xcf00_0001,
    0x3f00_0000,
];
const DOUBLES: [u64; 16] = [
    0,
    1 << 63,
    0x3ff0_0000_0000_0000,
    0xbff8_0000_0000_0000,
    0x7ff0_0000_0000_0000,
    0xfff0_0000_0000_0000,
    0x7ff8_0000_0012_3456,
    0x7ff4_0000_0000_0001,
    0xfff8_0000_0000_0009,
    1,
    0x800f_ffff_ffff_ffff,
    0x0010_0000_0000_0000,
    0x7fef_ffff_ffff_ffff,
    0x43e0_0000_0000_0000,
    0xc1e0_0000_0010_0000,
    0x3fe0_0000_0000_0000,
];

/// An operand for an integer register.
pub fn integer(random: &mut Random) -> u64 {
    match random.below(4) {
        0 | 1 => INTEGERS[random.below(INTEGERS.len())],
        2 => random.next() >> random.below(64),
        _ => random.next(),
    }
}

/// 64 bits for a floating-point or vector register.
pub fn lanes(random: &mut Random) -> u64 {
    match random.below(8) {
        0 => join(4, || HALVES[random.below(HALVES.len())].into()),
        1 | 2 => join(2, || SINGLES[random.below(SINGLES.len())].into()),
        3 | 4 => DOUBLES[random.below(DOUBLES.len())],
        5 => integer(random),
        // Numbers of like size, so that sums neither overflow nor lose an operand.
        6 => join(2, || (random.next() & 0x81ff_ffff) | 0x3e00_0000),
        _ => random.next(),
    }
}

fn join(count: u32, mut lane: impl FnMut() -> u64) -> u64 {
    (0..count).fold(0, |all, i| all | lane() << (i * (64 / count)))
}
