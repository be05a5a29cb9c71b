//! Instruction rows: bit pattern and meaning together.

use crate::cpu::Feature;
use crate::lower::Lower;

/// Bits that must match, written as in the ISA manual: `0` and `1` fixed, anything else a field,
/// spaces ignored; 16 or 32 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Pattern {
    /// Which bits are fixed.
    pub mask: u32,
    /// Their values.
    pub value: u32,
    /// 16 or 32.
    pub width: u8,
}

impl Pattern {
    /// Parses the text of a row.
    pub const fn parse(text: &str) -> Pattern {
        let bytes = text.as_bytes();
        let (mut i, mut width, mut mask, mut value) = (0, 0, 0u32, 0u32);
        while i < bytes.len() {
            let c = bytes[i];
            if c != b' ' {
                mask <<= 1;
                value <<= 1;
                width += 1;
                if c == b'0' || c == b'1' {
                    mask |= 1;
                    value |= (c - b'0') as u32;
                }
            }
            i += 1;
        }
        assert!(width == 32 || width == 16, "a pattern describes exactly 16 or 32 bits");
        Pattern { mask, value, width }
    }

    /// Whether `word` has the pattern's fixed bits.
    #[inline]
    pub const fn matches(&self, word: u32) -> bool {
        word & self.mask == self.value
    }

    /// The words that match both patterns, if there are any.
    pub const fn intersect(&self, other: &Pattern) -> Option<Pattern> {
        let both = self.mask & other.mask;
        if self.width != other.width || self.value & both != other.value & both {
            return None;
        }
        Some(Pattern { mask: self.mask | other.mask, value: self.value | other.value, width: self.width })
    }

    /// Whether each word that matches `self` matches `other`.
    pub const fn is_within(&self, other: &Pattern) -> bool {
        self.mask & other.mask == other.mask && self.value & other.mask == other.value
    }
}

/// Lowers one instruction word.
pub type LowerFn = fn(&mut Lower, u32);

/// A short text within a row: a reference would have to be relocated at each start of the process.
#[derive(Clone, Copy)]
struct Text<const N: usize>([u8; N]);

impl<const N: usize> Text<N> {
    const fn new(text: &str) -> Self {
        assert!(text.len() <= N, "a row has room for its texts");
        let mut bytes = [0; N];
        let mut i = 0;
        while i < text.len() {
            bytes[i] = text.as_bytes()[i];
            i += 1;
        }
        Text(bytes)
    }

    fn as_str(&self) -> &str {
        let len = self.0.iter().position(|&byte| byte == 0).unwrap_or(N);
        std::str::from_utf8(&self.0[..len]).expect("it was made of a text")
    }
}

/// How many patterns a row may leave out.
pub const EXCEPTIONS: usize = 2;

/// An instruction. There are so many rows that they hold no addresses: in a program that may lie anywhere each page
/// with an address in it is copied and written to before `main` runs. The meanings stand beside them, in [`Table::lower`].
#[derive(Clone, Copy)]
pub struct Row {
    /// The pattern.
    pub pattern: Pattern,
    /// The extension it belongs to.
    pub feature: Feature,
    /// Words of the pattern that are not this instruction.
    pub except: [Option<Pattern>; EXCEPTIONS],
    name: Text<24>,
    bits: Text<48>,
}

impl Row {
    /// The row of an instruction, its patterns as they are written.
    pub const fn new(name: &str, bits: &str, except: &[&str], feature: Feature) -> Row {
        assert!(except.len() <= EXCEPTIONS, "a row has room for its exceptions");
        let (mut patterns, mut i) = ([None; EXCEPTIONS], 0);
        while i < except.len() {
            patterns[i] = Some(Pattern::parse(except[i]));
            i += 1;
        }
        let pattern = Pattern::parse(bits);
        Row { pattern, feature, except: patterns, name: Text::new(name), bits: Text::new(bits) }
    }

    /// The manual's name, lower case, with the variant appended where a mnemonic has several rows.
    pub fn name(&self) -> &str {
        self.name.as_str()
    }

    /// The pattern as written, for documentation and generators: equal letters are one field.
    pub fn bits(&self) -> &str {
        self.bits.as_str()
    }

    /// Whether `word` is this instruction.
    #[inline]
    pub fn matches(&self, word: u32) -> bool {
        self.pattern.matches(word) && !self.except.iter().flatten().any(|e| e.matches(word))
    }

    /// Whether some word is both this instruction and `other`.
    pub const fn overlaps(&self, other: &Row) -> bool {
        match self.pattern.intersect(&other.pattern) {
            None => false,
            Some(both) => !covered(&both, &self.except) && !covered(&both, &other.except),
        }
    }
}

const fn covered(words: &Pattern, by: &[Option<Pattern>; EXCEPTIONS]) -> bool {
    let mut i = 0;
    while i < EXCEPTIONS {
        if let Some(by) = &by[i]
            && words.is_within(by)
        {
            return true;
        }
        i += 1;
    }
    false
}

/// Rows of one extension, and what each means.
#[derive(Clone, Copy)]
pub struct Table {
    /// The instructions.
    pub rows: &'static [Row],
    /// What lowers each.
    pub lower: &'static [LowerFn],
}

/// What a word is.
#[derive(Clone, Copy)]
pub struct Instruction {
    /// Its row.
    pub row: &'static Row,
    /// Its meaning.
    pub lower: LowerFn,
}

/// Declares a table of instructions:
///
/// ```text
/// instructions! {
///     /// Integer register-register instructions (unprivileged ISA, 2.4.2).
///     pub INTEGER: cpu::I;
///     add "0000000 sssss rrrrr 000 ddddd 0110011" |b, f: R| arith(b, f, Op::Add);
///     shl "0 q 0 011110 hhhh bbb 010101 nnnnn ddddd" unless "0 q 0 011110 0000 bbb 010101 nnnnn ddddd" |b, f: ShiftImm| …;
/// }
/// ```
///
/// `f` is `<Format as From<u32>>::from(word)`, `b` the [`Lower`] context.
#[macro_export]
macro_rules! instructions {
    ($(#[$meta:meta])* $vis:vis $table:ident: $feature:expr;
     $( $name:ident $bits:literal $(unless $($except:literal),+)? |$b:ident, $f:ident: $fmt:ty| $body:expr; )*) => {
        $(#[$meta])*
        $vis const $table: $crate::Table = $crate::Table {
            rows: &[ $( $crate::Row::new(stringify!($name), $bits, &[$($($except),+)?], $feature) ),* ],
            lower: &[ $( {
                fn lower($b: &mut $crate::Lower, word: u32) {
                    let $f = <$fmt>::from(word);
                    $body
                }
                lower
            } ),* ],
        };
    };
}
