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

/// An instruction.
#[derive(Clone, Copy)]
pub struct Row {
    /// The manual's name, lower case, with the variant appended where a mnemonic has several rows.
    pub name: &'static str,
    /// The pattern as written, for documentation and generators: equal letters are one field.
    pub bits: &'static str,
    /// The pattern.
    pub pattern: Pattern,
    /// Words of the pattern that are not this instruction.
    pub except: &'static [Pattern],
    /// The extension it belongs to.
    pub feature: Feature,
    /// Its meaning.
    pub lower: LowerFn,
}

impl Row {
    /// Whether `word` is this instruction.
    #[inline]
    pub fn matches(&self, word: u32) -> bool {
        self.pattern.matches(word) && !self.except.iter().any(|e| e.matches(word))
    }

    /// Whether some word is both this instruction and `other`.
    pub const fn overlaps(&self, other: &Row) -> bool {
        match self.pattern.intersect(&other.pattern) {
            None => false,
            Some(both) => !covered(&both, self.except) && !covered(&both, other.except),
        }
    }
}

const fn covered(words: &Pattern, by: &[Pattern]) -> bool {
    let mut i = 0;
    while i < by.len() {
        if words.is_within(&by[i]) {
            return true;
        }
        i += 1;
    }
    false
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
        $vis const $table: &[$crate::Row] = &[ $( $crate::Row {
            name: stringify!($name),
            bits: $bits,
            pattern: const { $crate::Pattern::parse($bits) },
            except: &[$($($crate::Pattern::parse($except)),+)?],
            feature: $feature,
            lower: {
                fn lower($b: &mut $crate::Lower, word: u32) {
                    let $f = <$fmt>::from(word);
                    $body
                }
                lower
            },
        } ),* ];
    };
}
