//! Symbols of a vDSO, found while the crate is compiled.

const SHT_DYNSYM: u64 = 11;

/// The little-endian number of `len` bytes at `at`.
const fn number(image: &[u8], at: usize, len: usize) -> u64 {
    let (mut i, mut value) = (0, 0);
    while i < len {
        value |= (image[at + i] as u64) << (8 * i);
        i += 1;
    }
    value
}

/// Whether the string at `at`, which ends in a zero byte, is `name`.
const fn is_named(image: &[u8], at: usize, name: &str) -> bool {
    let mut i = 0;
    while i < name.len() {
        if image[at + i] != name.as_bytes()[i] {
            return false;
        }
        i += 1;
    }
    image[at + i] == 0
}

/// The value of a dynamic symbol of a 64-bit little-endian ELF image (System V gABI, chapter 4).
///
/// # Panics
/// If there is none; where the result is a constant, that is an error at compile time.
pub const fn elf_symbol(image: &[u8], name: &str) -> u64 {
    let sections = number(image, 0x28, 8) as usize;
    let (entry, count) = (number(image, 0x3a, 2) as usize, number(image, 0x3c, 2) as usize);
    let mut i = 0;
    while i < count {
        let section = sections + i * entry;
        if number(image, section + 4, 4) == SHT_DYNSYM {
            let strings = sections + number(image, section + 0x28, 4) as usize * entry;
            let strings = number(image, strings + 0x18, 8) as usize;
            let (mut symbol, size) = (number(image, section + 0x18, 8) as usize, number(image, section + 0x20, 8));
            let end = symbol + size as usize;
            while symbol < end {
                if is_named(image, strings + number(image, symbol, 4) as usize, name) {
                    return number(image, symbol + 8, 8);
                }
                symbol += 24;
            }
        }
        i += 1;
    }
    panic!("the image has no such symbol");
}
