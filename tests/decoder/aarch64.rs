//! AArch64 among disassemblers: other names for the same, and what they have wrong.

use target::{Row, Target};
use yaxpeax_arch::{Decoder, U8Reader};
use yaxpeax_arm::armv8::a64::InstDecoder;

use super::llvm::Machine;
use crate::{Difference, Guest};

pub struct Aarch64 {
    target: aarch64::Aarch64,
    yaxpeax: InstDecoder,
}

impl Default for Aarch64 {
    fn default() -> Aarch64 {
        let cpu = aarch64::Cpu::parse("max,+pauth").expect("a valid description");
        Aarch64 { target: aarch64::Aarch64::new(cpu), yaxpeax: InstDecoder::default() }
    }
}

impl Guest for Aarch64 {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    fn llvm(&self) -> Machine {
        Machine {
            triple: "aarch64",
            elf: 183,
            features: "+fp-armv8,+neon,+aes,+sha2,+sha3,+sm4,+crc,+lse,+rdm,+dotprod,+i8mm,+jsconv,+fptoint,\
                       +fullfp16,+fp16fml,+bf16,+complxnum,+rcpc,+rcpc-immo,+rcpc3,+flagm,+altnzcv,+dit,+ssbs,+sb,+ccpp,\
                       +ccdp,+rand,+bti,+wfxt,+cssc,+mops,+hbc,+lse128,+ecv,+lor,+pauth",
        }
    }

    fn agree(&self, row: &Row, theirs: &str) -> bool {
        let base = row.name().split('_').next().unwrap_or(row.name());
        let theirs = theirs.split('.').next().unwrap_or(theirs);
        let alias = ALIASES.iter().any(|(name, others)| *name == base && others.contains(&theirs));
        // The hints have names of their own, or none; copies and settings of memory have their options appended.
        let options = ["cpy", "set"].iter().any(|family| base.starts_with(family)) && theirs.starts_with(base);
        let upper = theirs.strip_suffix('2') == Some(base);
        let hint = base == "hint" || theirs == "hint" && row.pattern.value & 0xffff_f01f == 0xd503_201f;
        hint || alias || options || theirs == base || upper || ordered(base, theirs)
    }

    fn differences(&self) -> &'static [Difference] {
        DIFFERENCES
    }

    fn second(&self, word: u32) -> Option<String> {
        let bytes = word.to_le_bytes();
        let instruction = self.yaxpeax.decode(&mut U8Reader::new(&bytes)).ok()?;
        instruction.to_string().split(' ').next().map(str::to_owned)
    }

    fn texts(&self) -> &'static [&'static str] {
        &[
            "usr/bin/python3.13",
            "usr/libexec/gcc/aarch64-linux-gnu/14/cc1",
            "usr/lib/aarch64-linux-gnu/libc.so.6",
            "usr/lib/aarch64-linux-gnu/libm.so.6",
            "usr/lib/aarch64-linux-gnu/libcrypto.so.3",
            "usr/lib/aarch64-linux-gnu/libnode.so.115",
            "usr/lib/aarch64-linux-gnu/libavcodec.so.61",
            "usr/lib/aarch64-linux-gnu/libavfilter.so.10",
            "usr/lib/aarch64-linux-gnu/libavformat.so.61",
            "usr/lib/aarch64-linux-gnu/libswscale.so.8",
            "usr/lib/jvm/java-21-openjdk-arm64/lib/server/libjvm.so",
        ]
    }
}

const DIFFERENCES: &[Difference] = &[
    Difference { ours: &[], theirs: &["udf"], why: "permanently undefined (C6.2, UDF)" },
    Difference {
        ours: &[],
        theirs: &["dcps1", "dcps2", "dcps3", "drps", "eret", "eretaa", "eretab", "hlt", "hvc", "smc"],
        why: "undefined at EL0 (C6.2)",
    },
    Difference {
        ours: &[],
        theirs: &["at", "dc", "ic", "mrs", "msr", "sys", "sysl", "tlbi"],
        why: "registers and operations that EL0 may not use, or that are not allocated (C5)",
    },
    Difference {
        ours: &[],
        theirs: &["cpy*", "set*"],
        why: "registers that are the same, or 31: constrained unpredictable, undefined here and in qemu-user (K1.2)",
    },
    Difference {
        ours: &[],
        theirs: &["axflag", "xaflag", "sb", "ldar*", "stlr*", "ldlar*", "stllr*", "smulh", "umulh"],
        why: "bits that should be zeros or ones and are not: constrained unpredictable, undefined here and in qemu-user (K1.2)",
    },
];

/// Rows of which the manual prefers other names in some encodings (C1.4, aliases).
const ALIASES: &[(&str, &[&str])] = &[
    ("add", &["mov"]),
    ("adds", &["cmn"]),
    ("ands", &["tst"]),
    ("asrv", &["asr"]),
    ("axflag", &["msr"]),
    ("bfm", &["bfi", "bfxil", "bfc"]),
    ("cfinv", &["msr"]),
    ("csinc", &["cset", "cinc"]),
    ("csinv", &["csetm", "cinv"]),
    ("csneg", &["cneg"]),
    ("dc", &["sys"]),
    ("dsb", &["ssbb", "pssbb"]),
    ("dup", &["mov"]),
    ("extr", &["ror"]),
    // Not aliases, but its mistakes: the upper halves by element.
    ("fmlal2", &["fmlal"]),
    ("fmlsl2", &["fmlsl"]),
    ("ic", &["sys"]),
    ("ins", &["mov"]),
    ("lslv", &["lsl"]),
    ("lsrv", &["lsr"]),
    ("madd", &["mul"]),
    ("movn", &["mov"]),
    ("movz", &["mov"]),
    ("msub", &["mneg"]),
    ("not", &["mvn"]),
    ("orn", &["mvn"]),
    // A prefetch of a range, as a hint of the same row (C6.2, RPRFM).
    ("prfm", &["rprfm"]),
    ("orr", &["mov"]),
    ("rorv", &["ror"]),
    ("sbc", &["ngc"]),
    ("sbcs", &["ngcs"]),
    ("sbfm", &["asr", "sbfiz", "sbfx", "sxtb", "sxth", "sxtw"]),
    ("smaddl", &["smull"]),
    ("smsubl", &["smnegl"]),
    ("sub", &["neg"]),
    ("subs", &["cmp", "negs"]),
    ("ubfm", &["lsl", "lsr", "ubfiz", "ubfx", "uxtb", "uxth"]),
    ("umaddl", &["umull"]),
    ("umov", &["mov"]),
    ("umsubl", &["umnegl"]),
    ("xaflag", &["msr"]),
];

/// Whether a mnemonic is a row's with memory order and size appended, or the form that loads nothing.
fn ordered(base: &str, theirs: &str) -> bool {
    let suffixes = ["", "a", "l", "al"].iter().flat_map(|order| ["", "b", "h"].map(|size| format!("{order}{size}")));
    let loads = theirs.strip_prefix("st").map(|rest| format!("ld{rest}"));
    let is_memory = ["ld", "st", "swp", "cas"].iter().any(|family| base.starts_with(family));
    is_memory
        && suffixes.into_iter().any(|suffix| {
            let name = format!("{base}{suffix}");
            name == theirs || Some(&name) == loads.as_ref()
        })
}
