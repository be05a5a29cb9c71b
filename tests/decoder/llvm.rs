//! LLVM's disassembler, as `tests/fetch llvm` unpacked it, with its own libraries.

use std::process::{Command, Stdio};

use libtest_mimic::Failed;

use crate::support::fetched;

/// What it is to disassemble for.
pub struct Machine {
    pub triple: &'static str,
    /// `e_machine` of ELF files.
    pub elf: u16,
    pub features: &'static str,
}

/// Where the words lie in the file that it is given.
const BASE: u64 = 0x1_0000;
const HEADERS: u64 = 64 + 56;

impl Machine {
    /// The name of each word of so many bytes, `None` where it has none.
    pub fn disassemble(&self, words: &[u32], size: usize) -> Result<Vec<Option<String>>, Failed> {
        let mut names = vec![None; words.len()];
        let mut left: Vec<usize> = (0..words.len()).collect();
        // Behind some words that it does not know it is out of step for a while: these come again, without what is done.
        while !left.is_empty() {
            let portion: Vec<u32> = left.iter().map(|&at| words[at]).collect();
            let found = self.names(&portion, size)?;
            let missing: Vec<usize> =
                left.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(&at, _)| at).collect();
            if missing.len() == left.len() {
                return Err(format!("llvm-objdump prints nothing for {:08x}", words[left[0]]).into());
            }
            for (at, name) in left.into_iter().zip(found) {
                names[at] = name.filter(|name| name != "<unknown>");
            }
            left = missing;
        }
        Ok(names)
    }

    /// What it prints for each word: `None` where it prints no line.
    fn names(&self, words: &[u32], size: usize) -> Result<Vec<Option<String>>, Failed> {
        let file = tempfile::NamedTempFile::new()?;
        std::fs::write(file.path(), self.file(words, size))?;
        let root = fetched("llvm");
        let objdump = root.join("usr/lib/llvm-19/bin/llvm-objdump");
        if !objdump.exists() {
            return Err(format!("{} is missing: run tests/fetch llvm", objdump.display()).into());
        }
        let output = Command::new(root.join("lib64/ld-linux-x86-64.so.2"))
            .arg("--library-path")
            .arg(root.join("usr/lib/x86_64-linux-gnu"))
            .arg(objdump)
            .args(["-d", "-z", "-M", "no-aliases", "--no-show-raw-insn", "--triple", self.triple])
            .arg(format!("--mattr={}", self.features))
            .arg(file.path())
            .stderr(Stdio::inherit())
            .output()?;
        let mut names = vec![None; words.len()];
        for line in String::from_utf8(output.stdout)?.lines() {
            let Some((address, text)) = line.split_once(':') else { continue };
            let Ok(address) = u64::from_str_radix(address.trim(), 16) else { continue };
            let at = (address - BASE) as usize;
            if let (0, Some(name)) = (at % size, text.split_whitespace().next()) {
                names[at / size] = Some(name.to_owned());
            }
        }
        Ok(names)
    }

    /// An ELF file of one segment, which is the words.
    fn file(&self, words: &[u32], size: usize) -> Vec<u8> {
        const EXECUTABLE: u16 = 2;
        const LOAD: u32 = 1;
        const READ_EXECUTE: u32 = 5;
        let len = (words.len() * size) as u64;
        let mut file = b"\x7fELF\x02\x01\x01".to_vec();
        file.resize(16, 0);
        file.extend([EXECUTABLE, self.elf].iter().flat_map(|half| half.to_le_bytes()));
        file.extend(1u32.to_le_bytes());
        file.extend([BASE, 64, 0].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(0u32.to_le_bytes());
        file.extend([64u16, 56, 1, 64, 0, 0].iter().flat_map(|half| half.to_le_bytes()));
        file.extend([LOAD, READ_EXECUTE].iter().flat_map(|word| word.to_le_bytes()));
        file.extend([HEADERS, BASE, BASE, len, len, 1].iter().flat_map(|word| word.to_le_bytes()));
        file.extend(words.iter().flat_map(|word| word.to_le_bytes().into_iter().take(size)));
        file
    }
}
