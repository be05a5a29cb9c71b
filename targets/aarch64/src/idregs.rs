//! The ID registers as EL0 sees them: Linux traps and emulates their reads (`HWCAP_CPUID`,
//! `Documentation/arch/arm64/cpu-feature-registers.rst`), showing only some fields.

use target::{Feature, Features};

use crate::cpu::{ASIMD, FP, ID_FIELDS};

/// An ID register with fields that features set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is ID_AA64…_EL1 of its name")]
pub enum IdReg {
    Pfr0,
    Pfr1,
    Isar0,
    Isar1,
    Isar2,
    Mmfr0,
    Mmfr2,
}

/// A field of four bits that a feature sets; of several features the highest value counts.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    /// Where.
    pub reg: IdReg,
    /// Its lowest bit.
    pub lo: u8,
    /// What it says.
    pub value: u8,
}

/// What a read of the system register with CRm `crm` and op2 `op2` (op0 3, op1 0, CRn 0) yields;
/// `None` where Linux sends SIGILL. MIDR_EL1 (0, 0) is not among them: it depends on the model.
pub fn read(features: Features, crm: u32, op2: u32) -> Option<u64> {
    /// Fields that are hidden from EL0 read as their safe value: EL0 and EL1 are AArch64 only.
    const PFR0_FIXED: u64 = 0x11;
    /// Debug architecture version 8.
    const DFR0_FIXED: u64 = 0x6;
    /// Translation granules "not supported".
    const MMFR0_FIXED: u64 = 0xff00_0000;
    const MPIDR: u64 = 1 << 31;
    Some(match (crm, op2) {
        (0, 5) => MPIDR,
        (0, 6) => 0,
        (4, 0) => fields(features, IdReg::Pfr0) | PFR0_FIXED | absent_fp(features),
        (4, 1) => fields(features, IdReg::Pfr1),
        (5, 0) => DFR0_FIXED,
        (6, 0) => fields(features, IdReg::Isar0),
        (6, 1) => fields(features, IdReg::Isar1),
        (6, 2) => fields(features, IdReg::Isar2),
        (7, 0) => fields(features, IdReg::Mmfr0) | MMFR0_FIXED,
        (7, 2) => fields(features, IdReg::Mmfr2),
        (2..=7, _) => 0,
        _ => return None,
    })
}

/// ID_AA64PFR0_EL1 says 15 in a field for floating point or SIMD that is *not* there.
fn absent_fp(features: Features) -> u64 {
    let fp = if features.has(FP) { 0 } else { 0xf << 16 };
    let simd = if features.has(ASIMD) { 0 } else { 0xf << 20 };
    fp | simd
}

fn fields(features: Features, reg: IdReg) -> u64 {
    let mut value = 0u64;
    for (i, row) in ID_FIELDS.iter().enumerate() {
        if !features.has(Feature(i as u8)) {
            continue;
        }
        for field in row.iter().filter(|f| f.reg == reg) {
            let old = value >> field.lo & 15;
            value = value & !(15 << field.lo) | old.max(field.value as u64) << field.lo;
        }
    }
    value
}
