//! What the host's CPU can do beyond the least that is asked of it (SSE4.2, POPCNT, CMPXCHG16B).

/// Instruction sets that change the code that is emitted. Part of a persistent cache's key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "each is named as the CPUID bit")]
pub struct HostFeatures {
    /// The VEX forms with 128-bit registers; all vector code uses them where they are.
    pub avx: bool,
    pub avx2: bool,
    pub fma: bool,
    pub f16c: bool,
    pub bmi1: bool,
    pub bmi2: bool,
    pub lzcnt: bool,
    pub aes: bool,
    pub pclmul: bool,
    pub sha: bool,
}

impl HostFeatures {
    /// The least host: SSE4.2.
    pub const BASELINE: HostFeatures = HostFeatures {
        avx: false,
        avx2: false,
        fma: false,
        f16c: false,
        bmi1: false,
        bmi2: false,
        lzcnt: false,
        aes: false,
        pclmul: false,
        sha: false,
    };

    /// What this machine has.
    pub fn detect() -> HostFeatures {
        use std::arch::is_x86_feature_detected as has;
        let avx = has!("avx");
        HostFeatures {
            avx,
            avx2: has!("avx2"),
            fma: avx && has!("fma"),
            f16c: avx && has!("f16c"),
            bmi1: has!("bmi1"),
            bmi2: has!("bmi2"),
            lzcnt: has!("lzcnt"),
            aes: has!("aes"),
            pclmul: has!("pclmulqdq"),
            sha: has!("sha"),
        }
    }

    /// The names of what is not there.
    pub fn missing(&self) -> Vec<&'static str> {
        let all = [
            (self.avx, "AVX"),
            (self.avx2, "AVX2"),
            (self.fma, "FMA"),
            (self.f16c, "F16C"),
            (self.bmi1, "BMI1"),
            (self.bmi2, "BMI2"),
            (self.lzcnt, "LZCNT"),
            (self.aes, "AES"),
            (self.pclmul, "PCLMULQDQ"),
            (self.sha, "SHA"),
        ];
        all.iter().filter(|(has, _)| !has).map(|&(_, name)| name).collect()
    }

    /// Whether this machine has the least that emitted code asks for.
    pub fn host_suffices() -> bool {
        use std::arch::is_x86_feature_detected as has;
        has!("sse4.2") && has!("popcnt") && has!("cmpxchg16b")
    }
}
