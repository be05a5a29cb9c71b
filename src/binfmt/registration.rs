//! What binfmt_misc is told, and what it tells (Documentation/admin-guide/binfmt-misc.rst): the line
//! `:NAME:M:OFFSET:MAGIC:MASK:INTERPRETER:FLAGS` that registers, and the file of a registration.

use std::path::PathBuf;

use crate::guest::{self, Architecture};

/// Bytes of an ELF header that tell what it is for: up to `e_machine` and its end.
const SIGNIFICANT: usize = 20;
/// Longest path of an interpreter (BINPRM_BUF_SIZE, less its zero).
const LONGEST_PATH: usize = 127;

/// A registration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Its name.
    pub name: String,
    /// Whether it is in force.
    pub enabled: bool,
    /// What runs its programs.
    pub interpreter: PathBuf,
    /// Its flags: P keeps argv[0], O passes the program opened, C takes its rights, F holds the interpreter open.
    pub flags: String,
    /// Where the magic begins.
    pub offset: usize,
    /// The bytes it matches; empty for one that goes by a file's extension.
    pub magic: Vec<u8>,
    /// Which of their bits count; all where it is shorter.
    pub mask: Vec<u8>,
}

/// The start of a program's file, and which of its bits matter: 64 bits, little-endian, version 1, whatever the ABI's
/// name and version, ET_EXEC or ET_DYN, the machine (elf(5)).
fn header(architecture: &Architecture) -> [[u8; SIGNIFICANT]; 2] {
    let [low, high] = architecture.machine.to_le_bytes();
    let magic = *b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\0\0";
    let mask = *b"\xff\xff\xff\xff\xff\xff\xff\0\0\0\0\0\0\0\0\0\xfe\xff\xff\xff";
    let with_machine = |mut bytes: [u8; SIGNIFICANT]| {
        bytes[18..].copy_from_slice(&[low, high]);
        bytes
    };
    [with_machine(magic), mask]
}

impl Registration {
    /// Ours for an architecture.
    pub fn new(architecture: &Architecture, interpreter: PathBuf, flags: &str) -> Result<Registration, String> {
        let text = interpreter.to_str().ok_or("the interpreter's path is no text")?;
        if text.len() > LONGEST_PATH || text.contains([':', '\n']) || !interpreter.is_absolute() {
            return Err(format!(
                "{text}: the kernel wants an absolute path without a colon, of at most {LONGEST_PATH} bytes"
            ));
        }
        let [magic, mask] = header(architecture);
        Ok(Registration {
            name: name(architecture),
            enabled: true,
            interpreter,
            flags: flags.to_owned(),
            offset: 0,
            magic: magic.to_vec(),
            mask: mask.to_vec(),
        })
    }

    /// The line that registers it.
    pub fn line(&self) -> String {
        let escaped = |bytes: &[u8]| bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect::<String>();
        let (magic, mask) = (escaped(&self.magic), escaped(&self.mask));
        format!(":{}:M:{}:{magic}:{mask}:{}:{}", self.name, self.offset, self.interpreter.display(), self.flags)
    }

    /// Reads the line, as binfmt.d(5) has it.
    pub fn from_line(line: &str) -> Option<Registration> {
        let separator = line.chars().next()?;
        let mut fields = line[separator.len_utf8()..].split(separator);
        let [name, kind, offset, magic, mask, interpreter] = std::array::from_fn(|_| fields.next().unwrap_or_default());
        let flags = fields.next().unwrap_or_default();
        if interpreter.is_empty() {
            return None;
        }
        let by_magic = kind == "M";
        Some(Registration {
            name: name.into(),
            enabled: true,
            interpreter: interpreter.into(),
            flags: flags.trim().into(),
            offset: offset.parse().unwrap_or(0),
            magic: if by_magic { unescape(magic) } else { Vec::new() },
            mask: if by_magic { unescape(mask) } else { Vec::new() },
        })
    }

    /// Reads the kernel's file of a registration.
    pub fn from_kernel(name: &str, text: &str) -> Option<Registration> {
        let field = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)).map(str::trim);
        Some(Registration {
            name: name.into(),
            enabled: text.lines().next() == Some("enabled"),
            interpreter: field("interpreter ")?.into(),
            flags: field("flags:")?.into(),
            offset: field("offset ").and_then(|offset| offset.parse().ok()).unwrap_or(0),
            magic: field("magic ").map(hexadecimal).unwrap_or_default(),
            mask: field("mask ").map(hexadecimal).unwrap_or_default(),
        })
    }

    /// Whether it takes the programs of an architecture, as transom's own registration does.
    pub fn takes(&self, architecture: &Architecture) -> bool {
        let [program, _] = header(architecture);
        let mask = self.mask.iter().chain(std::iter::repeat(&0xff));
        let mut bits = self.magic.iter().zip(mask).enumerate();
        !self.magic.is_empty()
            && self.offset + self.magic.len() <= SIGNIFICANT
            && bits.all(|(at, (magic, mask))| (program[self.offset + at] ^ magic) & mask == 0)
    }

    /// The architecture that it is ours for.
    pub fn ours(&self) -> Option<&'static Architecture> {
        guest::ARCHITECTURES.iter().find(|architecture| self.name == name(architecture))
    }

    /// Whether its interpreter can be started now; with F the kernel has it open, wherever it is.
    pub fn lacks_interpreter(&self) -> bool {
        !self.flags.contains('F') && !self.interpreter.exists()
    }
}

/// The name of our registration. It sorts behind `qemu-…`: systemd-binfmt registers in the order of names, and the
/// kernel asks the newest first.
pub fn name(architecture: &Architecture) -> String {
    format!("transom-{}", architecture.name)
}

/// The flags that were given, checked and without repetitions.
pub fn flags(text: &str) -> Result<String, String> {
    let mut flags = String::new();
    for flag in text.chars() {
        match flag {
            'P' | 'O' | 'C' | 'F' if flags.contains(flag) => {}
            'P' | 'O' | 'C' | 'F' => flags.push(flag),
            _ => return Err(format!("'{flag}' is no flag of binfmt_misc; there are P, O, C and F")),
        }
    }
    Ok(flags)
}

fn hexadecimal(text: &str) -> Vec<u8> {
    let digit = |digit: u8| (digit as char).to_digit(16).unwrap_or(0) as u8;
    text.as_bytes().chunks_exact(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
}

/// Bytes that are written as they are or as `\xHH`.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, tail @ ..] = rest {
        match tail {
            [b'x', high, low, after @ ..] if *first == b'\\' => {
                bytes.extend(hexadecimal(&String::from_utf8_lossy(&[*high, *low])));
                rest = after;
            }
            _ => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(index: usize) -> Registration {
        Registration::new(&guest::ARCHITECTURES[index], "/usr/bin/transom".into(), "POCF").expect("a sound one")
    }

    #[test]
    fn a_line_is_read_back() {
        for index in [0, 1] {
            let registration = ours(index);
            assert_eq!(Registration::from_line(&registration.line()), Some(registration.clone()));
            assert!(registration.takes(&guest::ARCHITECTURES[index]));
            assert!(!registration.takes(&guest::ARCHITECTURES[1 - index]));
            assert_eq!(registration.ours(), Some(&guest::ARCHITECTURES[index]));
        }
    }

    #[test]
    fn registrations_of_others_are_understood() {
        let kernel = "enabled\ninterpreter /usr/bin/qemu-aarch64\nflags: OCF\noffset 0\n\
                      magic 7f454c460201010000000000000000000200b700\nmask ffffffffffffff00fffffffffffffffffeffffff\n";
        let qemu = Registration::from_kernel("qemu-aarch64", kernel).expect("a registration");
        assert_eq!((qemu.enabled, qemu.flags.as_str()), (true, "OCF"));
        assert!(qemu.takes(&guest::ARCHITECTURES[0]) && !qemu.takes(&guest::ARCHITECTURES[1]));
        let python = "enabled\ninterpreter /usr/bin/python3\nflags: \noffset 0\nmagic cb0d0d0a\n";
        assert!(!Registration::from_kernel("python3", python).expect("a registration").takes(&guest::ARCHITECTURES[0]));
        let java = Registration::from_line(":jar:E::jar::/usr/bin/jexec:").expect("one by its extension");
        assert!(!java.takes(&guest::ARCHITECTURES[0]));
        assert_eq!(Registration::from_line("# text"), None);
    }

    #[test]
    fn what_the_kernel_would_refuse_is_refused() {
        for path in ["transom", "/a:b/transom", &format!("/{}", "x".repeat(127))] {
            assert!(Registration::new(&guest::ARCHITECTURES[0], path.into(), "F").is_err(), "{path}");
        }
        assert_eq!(flags("FPF"), Ok("FP".into()));
        assert!(flags("X").is_err());
    }
}
