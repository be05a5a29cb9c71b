//! What the host's CPU can do beyond the least that is asked of it (SSE4.2, POPCNT, CMPXCHG16B).

/// The words of CPUID that tell of instruction sets (Intel SDM 2A; AMD APM 3, appendix E), without the bits of those that
/// the system does not support.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is named as leaf and register")]
pub struct Cpuid {
    pub leaf1_ecx: u32,
    pub leaf7_ebx: u32,
    pub leaf7_ecx: u32,
    pub leaf80000001_ecx: u32,
}

impl Cpuid {
    /// Whether this machine has the least that emitted code asks for.
    pub fn suffices(&self) -> bool {
        const CMPXCHG16B: u32 = 1 << 13;
        const SSE42: u32 = 1 << 20;
        const POPCNT: u32 = 1 << 23;
        const LEAST: u32 = CMPXCHG16B | SSE42 | POPCNT;
        self.leaf1_ecx & LEAST == LEAST
    }
}

/// A row is a field, the names for std of the sets that it stands for, the bits of CPUID that tell of these, and its name
/// for people.
macro_rules! features {
    ($( $(#[$meta:meta])* $field:ident [$($std:tt)+] $word:ident [$($bit:literal)+] $name:literal; )*) => {
        /// Instruction sets that change the code that is emitted. Part of a persistent cache's key.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[allow(missing_docs, reason = "each is named as the CPUID bit")]
        pub struct HostFeatures {
            $( $(#[$meta])* pub $field: bool ),*
        }

        impl HostFeatures {
            /// The least host: SSE4.2.
            pub const BASELINE: HostFeatures = HostFeatures { $( $field: false ),* };

            /// What this machine has, by asking it: on a virtual one that takes a while.
            pub fn detect() -> HostFeatures {
                HostFeatures { $( $field: $( std::arch::is_x86_feature_detected!($std) )&&+ ),* }.with_avx()
            }

            /// What a machine has of which CPUID tells this.
            pub fn of(cpuid: &Cpuid) -> HostFeatures {
                HostFeatures { $( $field: $( cpuid.$word >> $bit & 1 != 0 )&&+ ),* }.with_avx()
            }

            /// The names of what is not there.
            pub fn missing(&self) -> Vec<&'static str> {
                [$( (self.$field, $name) ),*].iter().filter(|(has, _)| !has).map(|&(_, name)| name).collect()
            }
        }
    };
}

features! {
    /// The VEX forms with 128-bit registers; all vector code uses them where they are.
    avx ["avx"] leaf1_ecx [28] "AVX";
    avx2 ["avx2"] leaf7_ebx [5] "AVX2";
    fma ["fma"] leaf1_ecx [12] "FMA";
    f16c ["f16c"] leaf1_ecx [29] "F16C";
    bmi1 ["bmi1"] leaf7_ebx [3] "BMI1";
    bmi2 ["bmi2"] leaf7_ebx [8] "BMI2";
    lzcnt ["lzcnt"] leaf80000001_ecx [5] "LZCNT";
    aes ["aes"] leaf1_ecx [25] "AES";
    pclmul ["pclmulqdq"] leaf1_ecx [1] "PCLMULQDQ";
    sha ["sha"] leaf7_ebx [29] "SHA";
    /// 32 vector registers, and the EVEX forms with 128 bits.
    avx512 ["avx512f" "avx512dq" "avx512bw" "avx512vl"] leaf7_ebx [16 17 30 31] "AVX-512";
    /// EVEX forms of AES-NI and PCLMULQDQ.
    vaes ["vaes" "vpclmulqdq"] leaf7_ecx [9 10] "VAES";
}

impl HostFeatures {
    /// What is used along with another set alone.
    fn with_avx(self) -> HostFeatures {
        let avx512 = self.avx2 && self.avx512;
        HostFeatures {
            fma: self.avx && self.fma,
            f16c: self.avx && self.f16c,
            avx512,
            vaes: avx512 && self.vaes,
            ..self
        }
    }

    /// Whether this machine has the least that emitted code asks for, by asking it.
    pub fn host_suffices() -> bool {
        use std::arch::is_x86_feature_detected as has;
        has!("sse4.2") && has!("popcnt") && has!("cmpxchg16b")
    }
}
