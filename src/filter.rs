//! Guest addresses that a user is interested in: `START..END` (both within), `START+SIZE`, `START-SIZE` (that many up to
//! START), several with commas, as qemu's `-dfilter` has them.

use std::ops::RangeInclusive;

/// Addresses; all of them where none are named.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Addresses(Vec<RangeInclusive<u64>>);

impl Addresses {
    /// Those of a list.
    pub fn parse(list: &str) -> Result<Addresses, String> {
        list.split(',').filter(|range| !range.is_empty()).map(range).collect::<Result<_, _>>().map(Addresses)
    }

    /// Whether an address is one of them.
    pub fn contain(&self, addr: u64) -> bool {
        self.0.is_empty() || self.0.iter().any(|range| range.contains(&addr))
    }
}

fn range(text: &str) -> Result<RangeInclusive<u64>, String> {
    let wrong = || format!("'{text}' is no range of addresses: write START..END, START+SIZE or START-SIZE");
    let parts =
        [("..", 0), ("+", 1), ("-", 2)].into_iter().find_map(|(sign, kind)| Some((text.split_once(sign)?, kind)));
    let ((start, other), kind) = parts.ok_or_else(wrong)?;
    let (start, other) = (number(start).ok_or_else(wrong)?, number(other).ok_or_else(wrong)?);
    let range = match kind {
        0 => Some(start..=other),
        1 => other.checked_sub(1).map(|last| start..=start.saturating_add(last)),
        _ => other.checked_sub(1).map(|first| start.saturating_sub(first)..=start),
    };
    range.filter(|range| !range.is_empty()).ok_or_else(wrong)
}

fn number(text: &str) -> Option<u64> {
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_include_their_ends() {
        let addresses = Addresses::parse("0x1000..0x1fff,0x3000+16,0x5000-0x10").expect("ranges");
        for (addr, is_in) in [(0xfff, false), (0x1000, true), (0x1fff, true), (0x2000, false), (0x300f, true)] {
            assert_eq!(addresses.contain(addr), is_in, "{addr:#x}");
        }
        for (addr, is_in) in [(0x3010, false), (0x4ff0, false), (0x4ff1, true), (0x5000, true), (0x5001, false)] {
            assert_eq!(addresses.contain(addr), is_in, "{addr:#x}");
        }
        assert!(Addresses::default().contain(7));
    }

    #[test]
    fn mistakes_are_named() {
        for list in ["main", "0x1000", "2..1", "1+0", "1-0", "x+1"] {
            assert!(Addresses::parse(list).is_err_and(|why| why.contains(list)), "{list}");
        }
    }
}
