//! Registers as a debugger numbers them (GDB manual, G.5.12: RISC-V Features).

use ir::{GuestState, SlotId};
use target::debug::{Feature, Register};

use crate::rows::zicsr::{fflags_of, host_flags_of};
use crate::state::{F_NAMES, FRM, SLOTS, V_NAMES, VL, VSTART, VTYPE, X_NAMES, f, v, x};
use crate::vector::UNUSED;

/// A register that holds a double or, NaN-boxed, a float.
const DOUBLE: &str = r#"
<union id="riscv_double"><field name="float" type="ieee_single"/><field name="double" type="ieee_double"/></union>"#;

/// A vector register as lanes of each width.
const VECTOR: &str = r#"
<vector id="quads" type="uint128" count="1"/><vector id="longs" type="uint64" count="2"/>
<vector id="words" type="uint32" count="4"/><vector id="shorts" type="uint16" count="8"/>
<vector id="bytes" type="uint8" count="16"/><union id="riscv_vector"><field name="b" type="bytes"/>
<field name="s" type="shorts"/><field name="w" type="words"/><field name="l" type="longs"/><field name="q" type="quads"/></union>"#;

/// The features; those of vectors where the CPU has them.
pub fn features(vectors: bool) -> Vec<Feature> {
    let mut features = scalar_features();
    if vectors {
        let registers = V_NAMES.iter().zip(0..).map(|(&name, n)| Register {
            name,
            bits: 128,
            ty: "riscv_vector",
            n,
            get: |state, n| get(state, v(n)),
            set: |state, n, value| set(state, v(n), value),
        });
        features.push(Feature { name: "org.gnu.gdb.riscv.vector", types: VECTOR, registers: registers.collect() });
        features.push(Feature { name: "org.gnu.gdb.riscv.csr", types: "", registers: control_registers() });
    }
    features
}

/// Type and length, which only instructions set.
fn control_registers() -> Vec<Register> {
    let register = |name, slot: SlotId| Register {
        name,
        bits: 64,
        ty: "int",
        n: slot.0.into(),
        get: |state, n| get(state, SlotId(n as u16)),
        set: |_, _, _| {},
    };
    let vtype =
        Register { get: |state, n| get(state, SlotId(n as u16)) & !u128::from(UNUSED), ..register("vtype", VTYPE) };
    vec![register("vstart", VSTART), register("vl", VL), vtype]
}

fn scalar_features() -> Vec<Feature> {
    let general = X_NAMES.iter().zip(0..).map(|(&name, n)| {
        let ty = if matches!(name, "sp" | "gp" | "tp" | "s0") { "data_ptr" } else { "int" };
        let ty = if name == "ra" { "code_ptr" } else { ty };
        Register { name, bits: 64, ty, n, get: get_x, set: set_x }
    });
    let floats = F_NAMES.iter().zip(0..).map(|(&name, n)| Register {
        name,
        bits: 64,
        ty: "riscv_double",
        n,
        get: get_f,
        set: set_f,
    });
    let pc = Register {
        name: "pc",
        bits: 64,
        ty: "code_ptr",
        n: 0,
        get: |state, _| state.pc.into(),
        set: |state, _, value| state.pc = value as u64,
    };
    let system = |name, n| Register { name, bits: 32, ty: "int", n, get: get_fcsr, set: set_fcsr };
    let systems = [system("fflags", FFLAGS), system("frm", ROUND), system("fcsr", FCSR)];
    let feature = |name, types, registers| Feature { name, types, registers };
    vec![
        feature("org.gnu.gdb.riscv.cpu", "", general.chain([pc]).collect()),
        feature("org.gnu.gdb.riscv.fpu", DOUBLE, floats.chain(systems).collect()),
    ]
}

/// CSR numbers of the three views of fcsr (unprivileged manual, 20.2).
const FFLAGS: u32 = 1;
const ROUND: u32 = 2;
const FCSR: u32 = 3;

fn get(state: &GuestState, slot: SlotId) -> u128 {
    state.get(&SLOTS[slot.0 as usize])
}

fn set(state: &mut GuestState, slot: SlotId, value: u128) {
    state.set(&SLOTS[slot.0 as usize], value);
}

fn get_x(state: &GuestState, n: u32) -> u128 {
    if n == 0 { 0 } else { get(state, x(n)) }
}

fn set_x(state: &mut GuestState, n: u32, value: u128) {
    if n != 0 {
        set(state, x(n), value);
    }
}

fn get_f(state: &GuestState, n: u32) -> u128 {
    get(state, f(n))
}

fn set_f(state: &mut GuestState, n: u32, value: u128) {
    set(state, f(n), value);
}

fn get_fcsr(state: &GuestState, csr: u32) -> u128 {
    let (flags, round) = (u128::from(fflags_of(state.fp_flags)), get(state, FRM));
    match csr {
        FFLAGS => flags,
        ROUND => round,
        _ => round << 5 | flags,
    }
}

fn set_fcsr(state: &mut GuestState, csr: u32, value: u128) {
    if csr != ROUND {
        state.fp_flags = host_flags_of(value as u32 & 0x1f);
    }
    if csr != FFLAGS {
        set(state, FRM, value >> if csr == FCSR { 5 } else { 0 } & 7);
    }
}
