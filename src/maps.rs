//! The guest's mappings with their files, from the text of /proc/self/maps as the guest reads it.

use memory::{AddressSpace, Range};

/// A line of it.
#[derive(Clone, Debug)]
pub struct Line {
    /// Where.
    pub range: Range,
    /// Offset in the file.
    pub offset: u64,
    /// The file's path, or a name in brackets, or nothing.
    pub name: String,
    /// The line itself.
    pub text: String,
}

impl Line {
    /// Whether a file is mapped.
    pub fn is_file(&self) -> bool {
        self.name.starts_with('/')
    }
}

/// All lines, from the lowest address up.
pub struct Maps(pub Vec<Line>);

fn parse(text: &str) -> Option<Line> {
    let mut fields = text.split_ascii_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let number = |digits| u64::from_str_radix(digits, 16).ok();
    let range = Range::new(number(start)?, number(end)?);
    let offset = number(fields.nth(1)?)?;
    let name = fields.nth(2).map_or("", |first| &text[first.as_ptr() as usize - text.as_ptr() as usize..]);
    Some(Line { range, offset, name: name.to_owned(), text: text.to_owned() })
}

impl Maps {
    /// Those of `space`; none if /proc is not there.
    pub fn of(space: &AddressSpace) -> Maps {
        let host = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
        Maps(space.render_maps(&host).lines().filter_map(parse).collect())
    }

    /// The line that holds `addr`.
    pub fn at(&self, addr: u64) -> Option<&Line> {
        self.0.iter().find(|line| line.range.contains(addr.into()))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn lines_are_taken_apart() {
        let line = super::parse("10000-12000 r-xp 00001000 fe:00 42                 /a b/c").expect("a line");
        assert_eq!((line.range.start.0, line.range.end.0, line.offset), (0x10000, 0x12000, 0x1000));
        assert!(line.name == "/a b/c" && line.is_file());
        assert_eq!(super::parse("10000-12000 rw-p 00000000 00:00 0 ").expect("a line").name, "");
    }
}
