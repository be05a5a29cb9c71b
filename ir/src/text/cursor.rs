//! Reading a line of the text form, piece by piece.

use super::parse::Error;

/// A place in a line.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a> {
    line: &'a str,
    number: usize,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of line `number`, a comment left out.
    pub(super) fn new(line: &'a str, number: usize) -> Cursor<'a> {
        let line = line.split(';').next().unwrap_or("").trim_end();
        let mut cursor = Cursor { line, number, at: 0 };
        cursor.skip_spaces();
        cursor
    }

    fn rest(&self) -> &'a str {
        &self.line[self.at..]
    }

    fn skip_spaces(&mut self) {
        self.at += self.rest().len() - self.rest().trim_start().len();
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.rest().is_empty()
    }

    /// An error here.
    pub(super) fn error<T>(&self, what: impl Into<String>) -> Result<T, Error> {
        Err(Error { line: self.number, column: self.at + 1, what: what.into() })
    }

    /// Skips `text` if it is next.
    pub(super) fn eat(&mut self, text: &str) -> bool {
        let found = self.rest().starts_with(text);
        if found {
            self.at += text.len();
            self.skip_spaces();
        }
        found
    }

    /// Skips `text`, which must be next.
    pub(super) fn expect(&mut self, text: &str) -> Result<(), Error> {
        if self.eat(text) { Ok(()) } else { self.error(format!("`{text}` is missing")) }
    }

    /// The line must end here.
    pub(super) fn end(&self) -> Result<(), Error> {
        if self.is_done() { Ok(()) } else { self.error("the line goes on") }
    }

    /// A name: letters, digits, `_` and `.`, as far as no two dots are next.
    pub(super) fn word(&mut self) -> Result<&'a str, Error> {
        let rest = self.rest();
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let len = rest[..len].find("..").unwrap_or(len);
        if len == 0 {
            return self.error("a name is missing");
        }
        self.at += len;
        self.skip_spaces();
        Ok(&rest[..len])
    }

    /// A number, decimal or hexadecimal, from the least signed to the greatest unsigned 64-bit one.
    pub(super) fn number(&mut self) -> Result<i64, Error> {
        let before = *self;
        let negative = self.eat("-");
        let word = self.word()?;
        let magnitude = match word.strip_prefix("0x") {
            Some(digits) => u64::from_str_radix(digits, 16),
            None => word.parse(),
        };
        match magnitude {
            Ok(value) if !negative => Ok(value as i64),
            Ok(value) if value <= 1 << 63 => Ok((value as i64).wrapping_neg()),
            _ => before.error(format!("`{word}` is not a number")),
        }
    }

    /// A value's name: `v` and its number.
    pub(super) fn label(&mut self) -> Result<u32, Error> {
        let before = *self;
        let word = self.word()?;
        match word.strip_prefix('v').and_then(|digits| digits.parse().ok()) {
            Some(label) => Ok(label),
            None => before.error(format!("`{word}` is not a value")),
        }
    }
}
