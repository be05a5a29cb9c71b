//! CPU features and models. One row per extension says its name in `/proc/cpuinfo`, its HWCAP bit
//! (Linux, `Documentation/arch/arm64/elf_hwcaps.rst`) and the ID-register fields it sets (Arm ARM D24.2).

use target::{Feature, FeatureDef, Features};

use crate::idregs::{Field, IdReg};

/// Where a feature is told of in the auxiliary vector.
const fn hwcap(bit: u32) -> [u64; 3] {
    [1 << bit, 0, 0]
}
const fn hwcap2(bit: u32) -> [u64; 3] {
    [0, 1 << bit, 0]
}

macro_rules! features {
    ($( $(#[$meta:meta])* $konst:ident $name:literal $hwcap:expr, [$($reg:ident[$lo:literal] = $value:literal),*]; )*) => {
        #[allow(non_camel_case_types, clippy::upper_case_acronyms, reason = "counts the rows")]
        #[repr(u8)]
        enum Index { $($konst),* }
        $( $(#[$meta])* pub const $konst: Feature = Feature(Index::$konst as u8); )*

        /// The feature table, by number.
        pub const TABLE: &[FeatureDef] = &[$( FeatureDef {
            name: $name, hwcap: $hwcap, in_cpuinfo: { let [a, b, c] = $hwcap; a | b | c != 0 },
        } ),*];

        /// The ID-register fields of each feature, by number.
        pub const ID_FIELDS: &[&[Field]] =
            &[$( &[$( Field { reg: IdReg::$reg, lo: $lo, value: $value } ),*] ),*];
    };
}

features! {
    /// ARMv8.0-A's integer instructions, and all of hint space: always there.
    BASE "base" [0; 3], [];
    /// Floating point.
    FP "fp" hwcap(0), [];
    /// Advanced SIMD.
    ASIMD "asimd" hwcap(1), [];
    /// The event stream that wakes WFE.
    EVTSTRM "evtstrm" hwcap(2), [];
    /// AESE, AESD, AESMC, AESIMC.
    AES "aes" hwcap(3), [Isar0[4] = 1];
    /// PMULL on 64-bit lanes.
    PMULL "pmull" hwcap(4), [Isar0[4] = 2];
    /// SHA-1.
    SHA1 "sha1" hwcap(5), [Isar0[8] = 1];
    /// SHA-256.
    SHA2 "sha2" hwcap(6), [Isar0[12] = 1];
    /// CRC32 and CRC32C.
    CRC32 "crc32" hwcap(7), [Isar0[16] = 1];
    /// FEAT_LSE: atomics.
    ATOMICS "atomics" hwcap(8), [Isar0[20] = 2];
    /// FEAT_FP16, scalar.
    FPHP "fphp" hwcap(9), [Pfr0[16] = 1];
    /// FEAT_FP16, vectors.
    ASIMDHP "asimdhp" hwcap(10), [Pfr0[20] = 1];
    /// ID registers can be read.
    CPUID "cpuid" hwcap(11), [];
    /// FEAT_RDM: SQRDMLAH, SQRDMLSH.
    ASIMDRDM "asimdrdm" hwcap(12), [Isar0[28] = 1];
    /// FJCVTZS.
    JSCVT "jscvt" hwcap(13), [Isar1[12] = 1];
    /// Complex arithmetic.
    FCMA "fcma" hwcap(14), [Isar1[16] = 1];
    /// LDAPR.
    LRCPC "lrcpc" hwcap(15), [Isar1[20] = 1];
    /// DC CVAP.
    DCPOP "dcpop" hwcap(16), [Isar1[0] = 1];
    /// EOR3, RAX1, XAR, BCAX.
    SHA3 "sha3" hwcap(17), [Isar0[32] = 1];
    /// SM3.
    SM3 "sm3" hwcap(18), [Isar0[36] = 1];
    /// SM4.
    SM4 "sm4" hwcap(19), [Isar0[40] = 1];
    /// SDOT, UDOT.
    ASIMDDP "asimddp" hwcap(20), [Isar0[44] = 1];
    /// SHA-512.
    SHA512 "sha512" hwcap(21), [Isar0[12] = 2];
    /// FMLAL, FMLSL.
    ASIMDFHM "asimdfhm" hwcap(23), [Isar0[48] = 1];
    /// PSTATE.DIT.
    DIT "dit" hwcap(24), [Pfr0[48] = 1];
    /// FEAT_LSE2: unaligned atomics within 16 bytes.
    USCAT "uscat" hwcap(25), [Mmfr2[32] = 1];
    /// LDAPUR, STLUR.
    ILRCPC "ilrcpc" hwcap(26), [Isar1[20] = 2];
    /// RMIF, SETF8, SETF16, CFINV.
    FLAGM "flagm" hwcap(27), [Isar0[52] = 1];
    /// PSTATE.SSBS with MSR and MRS.
    SSBS "ssbs" hwcap(28), [Pfr1[4] = 2];
    /// Speculation barrier.
    SB "sb" hwcap(29), [Isar1[36] = 1];
    /// FEAT_PAuth2 by QARMA5 for addresses.
    PACA "paca" hwcap(30), [Isar1[4] = 3];
    /// The same for data, PACGA.
    PACG "pacg" hwcap(31), [Isar1[24] = 1];
    /// FEAT_FPACCOMBINE: an authentication that fails is an exception at once.
    FPAC "fpac" [0; 3], [Isar1[4] = 5];
    /// DC CVADP.
    DCPODP "dcpodp" hwcap2(0), [Isar1[0] = 2];
    /// AXFLAG, XAFLAG.
    FLAGM2 "flagm2" hwcap2(7), [Isar0[52] = 2];
    /// FRINT32Z and its family.
    FRINT "frint" hwcap2(8), [Isar1[32] = 1];
    /// Matrix products of 8-bit integers.
    I8MM "i8mm" hwcap2(13), [Isar1[52] = 1];
    /// BFloat16.
    BF16 "bf16" hwcap2(14), [Isar1[44] = 1];
    /// Data gathering hint.
    DGH "dgh" hwcap2(15), [Isar1[48] = 1];
    /// RNDR, RNDRRS.
    RNG "rng" hwcap2(16), [Isar0[60] = 1];
    /// Branch target identification.
    BTI "bti" hwcap2(17), [Pfr1[0] = 1];
    /// FEAT_ECV: the counter read in order.
    ECV "ecv" hwcap2(19), [Mmfr0[60] = 1];
    /// WFET, WFIT.
    WFXT "wfxt" hwcap2(31), [Isar2[0] = 2];
    /// ABS, CNT, CTZ, SMAX and their family on general registers.
    CSSC "cssc" hwcap2(34), [Isar2[52] = 1];
    /// Range prefetch: a hint.
    RPRFM "rprfm" hwcap2(35), [Isar2[48] = 1];
    /// Memory copy and memory set.
    MOPS "mops" hwcap2(43), [Isar2[16] = 1];
    /// Hinted conditional branches, BC.cond.
    HBC "hbc" hwcap2(44), [Isar2[20] = 1];
    /// FEAT_LRCPC3.
    LRCPC3 "lrcpc3" hwcap2(46), [Isar1[20] = 3];
    /// FEAT_LSE128.
    LSE128 "lse128" hwcap2(47), [Isar0[20] = 3];
}

const fn union(base: Features, more: &[Feature]) -> Features {
    let (mut set, mut i) = (base, 0);
    while i < more.len() {
        set = set.with(more[i]);
        i += 1;
    }
    set
}

const V8_0: Features = union(Features(0), &[BASE, FP, ASIMD, EVTSTRM, CPUID]);
const CRYPTO: &[Feature] = &[AES, PMULL, SHA1, SHA2];
const CORTEX_A53: Features = union(V8_0, CRYPTO).with(CRC32);
const V8_2: Features = union(CORTEX_A53, &[ATOMICS, ASIMDRDM, DCPOP]);
const NEOVERSE_N1: Features = union(V8_2, &[FPHP, ASIMDHP, LRCPC, ASIMDDP, SSBS]);
const NEOVERSE_V1: Features = union(
    NEOVERSE_N1,
    &[
        JSCVT, FCMA, ILRCPC, FLAGM, USCAT, DIT, SB, DCPODP, RNG, SHA3, SM3, SM4, SHA512, ASIMDFHM, FLAGM2, FRINT, I8MM,
        BF16, DGH,
    ],
);
const V9_0: Features =
    union(NEOVERSE_N1, &[JSCVT, FCMA, ILRCPC, FLAGM, USCAT, DIT, SB, DCPODP, ASIMDFHM, FLAGM2, FRINT, BTI]);
const A64FX: Features = union(V8_2, &[FPHP, ASIMDHP, FCMA]);
/// Everything whose rows are there.
const MAX: Features = union(
    V8_2,
    &[
        FPHP, ASIMDHP, ASIMDFHM, BF16, FCMA, ASIMDDP, I8MM, JSCVT, FRINT, SHA512, SHA3, SM3, SM4, LRCPC, DIT, USCAT,
        ILRCPC, FLAGM, SSBS, SB, DCPODP, FLAGM2, DGH, RNG, BTI, MOPS, ECV, HBC, CSSC, WFXT, LRCPC3, LSE128, RPRFM,
    ],
);

/// A row of the models table.
#[derive(Clone, Copy, Debug)]
pub struct Model {
    /// Name in `--cpu`.
    pub name: &'static str,
    /// MIDR_EL1: implementer, variant, part, revision.
    pub midr: u32,
    /// What it offers.
    pub features: Features,
}

/// The models, the default one first. Real cores' numbers are those of their technical reference manuals;
/// `v8.0` and its like have the implementer "reserved for software use". All of qemu-user's are among them; where the core
/// has more (SVE, pointer authentication), that is left out; `+pauth` adds the latter.
pub const MODELS: &[Model] = &[
    Model { name: "max", midr: 0x410f_d4f1, features: MAX },
    Model { name: "v8.0", midr: 0x000f_0510, features: V8_0 },
    Model { name: "v8.2", midr: 0x000f_0510, features: V8_2 },
    Model { name: "v9.0", midr: 0x000f_0510, features: V9_0 },
    Model { name: "cortex-a35", midr: 0x411f_d040, features: CORTEX_A53 },
    Model { name: "cortex-a53", midr: 0x410f_d034, features: CORTEX_A53 },
    Model { name: "cortex-a55", midr: 0x412f_d050, features: NEOVERSE_N1 },
    Model { name: "cortex-a57", midr: 0x411f_d070, features: CORTEX_A53 },
    Model { name: "cortex-a72", midr: 0x410f_d083, features: CORTEX_A53 },
    Model { name: "cortex-a76", midr: 0x414f_d0b1, features: NEOVERSE_N1 },
    Model { name: "cortex-a78ae", midr: 0x410f_d423, features: NEOVERSE_N1 },
    Model { name: "cortex-a710", midr: 0x412f_d471, features: V9_0 },
    Model { name: "neoverse-n1", midr: 0x414f_d0c1, features: NEOVERSE_N1 },
    Model { name: "neoverse-n2", midr: 0x410f_d493, features: V9_0 },
    Model { name: "neoverse-v1", midr: 0x411f_d402, features: NEOVERSE_V1 },
    Model { name: "a64fx", midr: 0x461f_0010, features: A64FX },
];

/// What `pauth` stands for on a model: failing authentications are exceptions on those of Armv8.5 and later, which have BTI.
fn pauth(model: &Model) -> Features {
    let exceptions: &[Feature] = if model.features.has(BTI) { &[FPAC] } else { &[] };
    union(union(Features(0), &[PACA, PACG]), exceptions)
}

/// Names for several features at once, [`pauth`] all of them; qemu's, who would choose an algorithm by the last three.
pub const PAUTH: [&str; 4] = ["pauth", "pauth-impdef", "pauth-qarma3", "pauth-qarma5"];

/// A chosen CPU: a model with features added and taken away.
#[derive(Clone, Copy, Debug)]
pub struct Cpu {
    /// MIDR_EL1.
    pub midr: u32,
    /// What it offers.
    pub features: Features,
}

impl Default for Cpu {
    fn default() -> Cpu {
        Cpu { midr: MODELS[0].midr, features: MODELS[0].features }
    }
}

impl Cpu {
    /// Reads `MODEL[,+feature,-feature…]`.
    pub fn parse(text: &str) -> Result<Cpu, String> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default();
        let model = MODELS.iter().find(|m| m.name == name).ok_or_else(|| unknown("CPU model", name, model_names()))?;
        let mut cpu = Cpu { midr: model.midr, features: model.features };
        for part in parts {
            let feature = |name: &str| {
                if PAUTH.contains(&name) {
                    return Ok(pauth(model));
                }
                let known = TABLE.iter().skip(1).position(|def| def.name == name);
                let index = known.ok_or_else(|| unknown("CPU feature", name, feature_names()))?;
                Ok::<Features, String>(Features(0).with(Feature(index as u8 + 1)))
            };
            cpu.features = match (part.strip_prefix('+'), part.strip_prefix('-')) {
                (Some(name), _) => Features(cpu.features.0 | feature(name)?.0),
                (_, Some(name)) => Features(cpu.features.0 & !feature(name)?.0),
                _ => return Err(format!("`{part}` in the CPU's description: write +FEATURE or -FEATURE")),
            };
        }
        if !cpu.features.has(PACA) {
            cpu.features = cpu.features.without(FPAC);
        }
        Ok(cpu)
    }
}

impl Cpu {
    /// `/proc/cpuinfo` (arch/arm64/kernel/cpuinfo.c).
    pub fn proc_cpuinfo(&self, cpus: usize) -> String {
        let names: Vec<_> = (0u8..)
            .map(Feature)
            .zip(TABLE)
            .filter(|(f, def)| def.in_cpuinfo && self.features.has(*f))
            .map(|(_, def)| def.name)
            .collect();
        let midr = self.midr;
        let body = format!(
            "BogoMIPS\t: 2000.00\nFeatures\t: {}\nCPU implementer\t: {:#04x}\nCPU architecture: 8\nCPU variant\t: {:#x}\nCPU part\t: {:#05x}\nCPU revision\t: {}\n\n",
            names.join(" "),
            midr >> 24,
            midr >> 20 & 15,
            midr >> 4 & 0xfff,
            midr & 15,
        );
        (0..cpus).map(|cpu| format!("processor\t: {cpu}\n{body}")).collect()
    }
}

fn unknown(what: &str, name: &str, known: String) -> String {
    format!("unknown {what} `{name}` for an AArch64 guest; known are {known}")
}

fn model_names() -> String {
    MODELS.iter().map(|m| m.name).collect::<Vec<_>>().join(", ")
}

fn feature_names() -> String {
    TABLE.iter().skip(1).map(|def| def.name).chain(PAUTH.into_iter().take(1)).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn descriptions_parse_or_say_what_is_wrong() {
        let cpu = Cpu::parse("cortex-a53,+atomics,-aes").expect("a valid description");
        assert!(cpu.features.has(ATOMICS) && !cpu.features.has(AES) && cpu.features.has(CRC32));
        let signs = |text: &str| {
            let cpu = Cpu::parse(text).expect("a valid description");
            [PACA, PACG, FPAC].map(|feature| cpu.features.has(feature))
        };
        assert_eq!(
            (signs("max"), signs("max,+pauth"), signs("max,+pauth,-paca")),
            ([false; 3], [true; 3], [false, true, false])
        );
        assert_eq!((signs("neoverse-v1,+pauth"), signs("max,+pauth-impdef")), ([true, true, false], [true; 3]));
        assert!(Cpu::parse("pentium").unwrap_err().contains("cortex-a72"));
        assert!(Cpu::parse("max,+mmx").unwrap_err().contains("pmull"));
        assert!(Cpu::parse("max,aes").unwrap_err().contains("+FEATURE"));
    }
}
