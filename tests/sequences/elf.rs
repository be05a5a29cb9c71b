//! A static ELF file around generated code: one segment of code, one of data, nothing else.

/// Where the code lies, and where the program begins.
pub const CODE: u64 = 0x40_0000;
/// Where the data lies.
pub const DATA: u64 = 0x1000_0000;

const PAGE: usize = 4096;
const EHSIZE: usize = 64;
const PHENTSIZE: usize = 56;
const PT_LOAD: u32 = 1;
const PF_X: u32 = 1;
const PF_W: u32 = 2;
const PF_R: u32 = 4;
const ET_EXEC: u16 = 2;
const ELFDATA2LSB: u8 = 1;
const ELFCLASS64: u8 = 2;

/// The file; the entry point is the first byte of `code`.
pub fn file(machine: u16, flags: u32, code: &[u8], data: &[u8]) -> Vec<u8> {
    let data_at = PAGE + code.len().next_multiple_of(PAGE);
    let mut file = Vec::with_capacity(data_at + data.len());
    file.extend([0x7f, b'E', b'L', b'F', ELFCLASS64, ELFDATA2LSB, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    file.extend(ET_EXEC.to_le_bytes());
    file.extend(machine.to_le_bytes());
    file.extend(1u32.to_le_bytes());
    file.extend(CODE.to_le_bytes());
    file.extend((EHSIZE as u64).to_le_bytes());
    file.extend(0u64.to_le_bytes());
    file.extend(flags.to_le_bytes());
    for half in [EHSIZE, PHENTSIZE, 2, 0, 0, 0] {
        file.extend((half as u16).to_le_bytes());
    }
    segment(&mut file, PF_R | PF_X, PAGE, CODE, code.len());
    segment(&mut file, PF_R | PF_W, data_at, DATA, data.len());
    file.resize(PAGE, 0);
    file.extend(code);
    file.resize(data_at, 0);
    file.extend(data);
    file
}

fn segment(file: &mut Vec<u8>, flags: u32, offset: usize, address: u64, size: usize) {
    file.extend(PT_LOAD.to_le_bytes());
    file.extend(flags.to_le_bytes());
    for value in [offset as u64, address, address, size as u64, size as u64, PAGE as u64] {
        file.extend(value.to_le_bytes());
    }
}
