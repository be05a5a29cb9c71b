//! The vDSO. Its sources are in `vdso/`; the built library is committed, so that no foreign compiler is needed.

use target::{Vdso, elf_symbol};

static IMAGE: &[u8] = include_bytes!("../../vdso/vdso.so");

/// The vDSO of every RISC-V process.
pub static VDSO: Vdso = Vdso { image: IMAGE, sigreturn: elf_symbol(IMAGE, "__vdso_rt_sigreturn") };
