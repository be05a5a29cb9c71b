//! What the host's CPU can do, as the C library knows.
//!
//! CPUID leaves a virtual machine for its hypervisor, which takes up to tens of microseconds each time. glibc asks for
//! everything when it begins and tells of it (sys/platform/x86.h, from 2.33 on); so nobody has to ask again.

use codegen::{Cpuid, HostFeatures};

/// `struct cpuid_feature`: registers EAX to EDX of a leaf, as CPUID gave them and without what the system lacks.
#[repr(C)]
struct Leaf {
    told: [u32; 4],
    active: [u32; 4],
}

const EBX: usize = 1;
const ECX: usize = 2;
/// `CPUID_INDEX_1`, `_7` and `_80000001`.
const LEAF_1: u32 = 0;
const LEAF_7: u32 = 1;
const LEAF_80000001: u32 = 2;

// Weak, as an older C library does not have it: then the pointer is null. The build script has the linker look for it.
std::arch::global_asm!(
    ".weak __x86_get_cpuid_feature_leaf",
    ".globl transom_cpuid_leaf",
    ".hidden transom_cpuid_leaf",
    ".pushsection .data.rel.ro.transom_cpuid_leaf, \"aw\", @progbits",
    ".balign 8",
    "transom_cpuid_leaf: .quad __x86_get_cpuid_feature_leaf",
    ".popsection",
);

unsafe extern "C" {
    static transom_cpuid_leaf: Option<unsafe extern "C" fn(u32) -> *const Leaf>;
}

fn cpuid() -> Option<Cpuid> {
    // SAFETY: the linker wrote the function's address there, or null; nobody writes to it.
    let leaf = unsafe { transom_cpuid_leaf }?;
    // SAFETY: the function takes any number and returns a record that lives as long as the process.
    let active = |number| unsafe { &*leaf(number) }.active;
    Some(Cpuid {
        leaf1_ecx: active(LEAF_1)[ECX],
        leaf7_ebx: active(LEAF_7)[EBX],
        leaf7_ecx: active(LEAF_7)[ECX],
        leaf80000001_ecx: active(LEAF_80000001)[ECX],
    })
}

/// What translated code can use.
pub fn features() -> HostFeatures {
    cpuid().map_or_else(HostFeatures::detect, |cpuid| HostFeatures::of(&cpuid))
}

/// Whether this machine has the least that translated code asks for.
pub fn suffices() -> bool {
    cpuid().map_or_else(HostFeatures::host_suffices, |cpuid| cpuid.suffices())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_c_library_claims_nothing_that_the_cpu_lacks() {
        let (lacking, told) = (HostFeatures::detect().missing(), features().missing());
        assert!(lacking.iter().all(|name| told.contains(name)), "{lacking:?} but {told:?}");
        assert!(!suffices() || HostFeatures::host_suffices());
    }
}
