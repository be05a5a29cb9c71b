//! Moves of vector registers.

use crate::emitter::Emitter;
use crate::encode::{Amode, Rm};
use crate::vectors::rows::{MOVD_FROM_GPR, MOVD_TO_GPR, MOVSD, MOVSS, MOVUPS};

impl Emitter<'_, '_> {
    pub fn movd_from_gpr(&mut self, dst: u8, src: u8) {
        self.v2(MOVD_FROM_GPR, dst, Rm::Reg(src));
    }

    pub fn movd_to_gpr(&mut self, dst: u8, src: u8) {
        self.v2(MOVD_TO_GPR, src, Rm::Reg(dst));
    }

    pub fn movq_from_gpr(&mut self, dst: u8, src: u8) {
        self.v2(MOVD_FROM_GPR.wide(), dst, Rm::Reg(src));
    }

    pub fn movq_to_gpr(&mut self, dst: u8, src: u8) {
        self.v2(MOVD_TO_GPR.wide(), src, Rm::Reg(dst));
    }

    /// Loads 16, 8 or 4 bytes; the rest becomes zero.
    pub fn load_xmm(&mut self, bytes: u32, reg: u8, at: Amode) {
        let row = match bytes {
            16 => MOVUPS,
            8 => MOVSD,
            _ => MOVSS,
        };
        self.v2(row, reg, Rm::Mem(at));
    }

    /// Stores 16, 8 or 4 bytes.
    pub fn store_xmm(&mut self, bytes: u32, at: Amode, reg: u8) {
        let row = match bytes {
            16 => MOVUPS,
            8 => MOVSD,
            _ => MOVSS,
        };
        self.v2(row.next(), reg, Rm::Mem(at));
    }
}
