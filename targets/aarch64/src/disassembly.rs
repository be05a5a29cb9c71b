//! Instructions as text, for `--trace=guest`: yaxpeax-arm's where it is right, else the row's name.

use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

use target::Instruction;

use crate::rows::DECODER;

/// Families whose text yaxpeax-arm 0.5 gets wrong: MSR loses a bit of its register, hints their names,
/// UXTW in additions is printed as a shift, and FMLAL2 and FMLSL2 by element lack the 2.
const WRONG: [&str; 9] = ["msr_", "mrs_", "hint", "add_ext", "adds_ext", "sub_ext", "subs_ext", "fmlal2", "fmlsl2"];

/// The instruction, or "undefined".
pub fn text(word: u32) -> String {
    let Some(Instruction { row, .. }) = DECODER.decode(word) else { return "undefined".into() };
    if WRONG.iter().any(|family| row.name().starts_with(family)) {
        return row.name().into();
    }
    let bytes = word.to_le_bytes();
    match InstDecoder::default().decode(&mut U8Reader::new(&bytes)) {
        Ok(instruction) => instruction.to_string(),
        Err(_) => row.name().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn instructions_print() {
        assert_eq!(text(0x9100_43ff), "add sp, sp, #0x10");
        assert_eq!(text(0xd51b_d054), "msr_tpidr");
        assert_eq!(text(0), "udf #0x0");
        assert_eq!(text(0xffff_ffff), "undefined");
    }
}
