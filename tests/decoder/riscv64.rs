//! RISC-V among disassemblers: other names for the same, and what they have wrong.

use target::{Row, Target};

use super::llvm::Machine;
use crate::{Difference, Guest};

pub struct Riscv64 {
    target: riscv64::Riscv64,
}

impl Default for Riscv64 {
    fn default() -> Riscv64 {
        Riscv64 { target: riscv64::Riscv64::new(riscv64::Cpu::max()) }
    }
}

const DIFFERENCES: &[Difference] = &[
    Difference { ours: &["c_addi"], theirs: &["c.nop"], why: "one row with its hints" },
    Difference { ours: &["c_slli"], theirs: &["c.slli64"], why: "a shift by zero: a hint of the same row" },
    Difference { ours: &["c_srli"], theirs: &["c.srli64"], why: "a shift by zero: a hint of the same row" },
    Difference { ours: &["c_srai"], theirs: &["c.srai64"], why: "a shift by zero: a hint of the same row" },
    Difference { ours: &["c_mop"], theirs: &["c.mop.*"], why: "one row" },
    Difference { ours: &["mop_r"], theirs: &["mop.r.*"], why: "one row" },
    Difference { ours: &["mop_rr"], theirs: &["mop.rr.*"], why: "one row" },
    Difference { ours: &["ori"], theirs: &["prefetch.*"], why: "hints of the same row" },
    Difference { ours: &["pause"], theirs: &["fence"], why: "a hint with a row of its own" },
    Difference { ours: &["fence"], theirs: &["fence.tso"], why: "one row" },
    Difference {
        ours: &["fence", "fence_i"],
        theirs: &[],
        why: "fields that are reserved for finer fences are to be ignored (2.7 Memory Ordering Instructions; Zifencei)",
    },
    Difference {
        ours: &[],
        theirs: &["csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"],
        why: "registers that are not there, or can't be written",
    },
    Difference {
        ours: &[],
        theirs: &["vmsbf.m", "vmsif.m", "vmsof.m"],
        why: "LLVM takes a destination that is the source or the mask, which is reserved (V, vector mask instructions)",
    },
    Difference {
        ours: &["vmv2r_v", "vmv4r_v", "vmv8r_v"],
        theirs: &[],
        why: "registers that are not aligned, illegal once it runs: before that the block looks at vtype",
    },
    Difference { ours: &[], theirs: &["c.unimp"], why: "the word that is illegal for good" },
    Difference { ours: &[], theirs: &["c.lui"], why: "LLVM takes the reserved immediate 0" },
    Difference {
        ours: &[],
        theirs: &["fcvtmod.w.d"],
        why: "LLVM takes rounding modes other than rtz, which are reserved",
    },
    Difference { ours: &[], theirs: &["aes64ks1i"], why: "LLVM takes reserved round numbers" },
    Difference { ours: &[], theirs: &["cbo.inval"], why: "Linux leaves it to the privileged modes" },
    Difference { ours: &[], theirs: &["sfence.vma", "sret", "mret", "dret", "wfi"], why: "privileged" },
];

impl Guest for Riscv64 {
    fn target(&self) -> &dyn Target {
        &self.target
    }

    fn llvm(&self) -> Machine {
        Machine {
            triple: "riscv64",
            elf: 243,
            features: "+m,+a,+f,+d,+c,+zicsr,+zifencei,+zba,+zbb,+zbc,+zbs,+zbkb,+zbkc,+zbkx,+zicond,+zimop,+zcmop,+zcb,\
                       +zfh,+zfa,+experimental-zacas,+zabha,+zawrs,+zicbom,+zicbop,+zicboz,+zihintntl,+zihintpause,+zknd,+zkne,+zknh,\
                       +zksed,+zksh,\
                       +zfbfmin,+zvfbfmin,+zvfbfwma,\
                       +v,+zvfh,+zvbb,+zvbc,+zvkg,+zvkned,+zvknhb,+zvksed,+zvksh",
        }
    }

    fn agree(&self, row: &Row, theirs: &str) -> bool {
        let ordered = [".aqrl", ".aq", ".rl"].iter().find_map(|order| theirs.strip_suffix(order));
        let theirs = ordered.unwrap_or(theirs);
        let ours = row.name().replace('_', ".");
        // A row is for any number of fields of a segment, and for sums and differences with and without a carry.
        let segment = theirs.split_once("seg").and_then(|(head, tail)| {
            let tail = tail.strip_prefix(|fields: char| fields.is_ascii_digit())?;
            Some(format!("{head}seg{tail}"))
        });
        let carry = ["vmadc", "vmsbc"].iter().any(|family| theirs.starts_with(family));
        ours == theirs || segment.as_ref() == Some(&ours) || carry && theirs.strip_suffix('m') == Some(&ours)
    }

    fn differences(&self) -> &'static [Difference] {
        DIFFERENCES
    }

    fn second(&self, _word: u32) -> Option<String> {
        None
    }

    fn texts(&self) -> &'static [&'static str] {
        &[
            "usr/bin/python3.13",
            "usr/libexec/gcc/riscv64-linux-gnu/14/cc1",
            "usr/lib/riscv64-linux-gnu/libc.so.6",
            "usr/lib/riscv64-linux-gnu/libm.so.6",
            "usr/lib/riscv64-linux-gnu/libcrypto.so.3",
            "usr/lib/riscv64-linux-gnu/libnode.so.115",
            "usr/lib/riscv64-linux-gnu/libavcodec.so.61",
            "usr/lib/riscv64-linux-gnu/libavfilter.so.10",
            "usr/lib/riscv64-linux-gnu/libavformat.so.61",
            "usr/lib/riscv64-linux-gnu/libswscale.so.8",
            "usr/lib/jvm/java-21-openjdk-riscv64/lib/server/libjvm.so",
        ]
    }
}
