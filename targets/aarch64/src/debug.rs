//! Registers as a debugger numbers them (GDB manual, G.5.1: AArch64 Features).

use ir::{GuestState, Nzcv, SlotId};
use target::debug::{Feature, Register};

use crate::fpstate;
use crate::state::{FPCR, NZCV, PSTATE, SLOTS, TPIDR, V_NAMES, X_NAMES, v, x};

/// What GDB's own description has as the type of a vector register.
const VECTOR: &str = r#"
<vector id="v2d" type="ieee_double" count="2"/><vector id="v2u" type="uint64" count="2"/>
<vector id="v2i" type="int64" count="2"/><vector id="v4f" type="ieee_single" count="4"/>
<vector id="v4u" type="uint32" count="4"/><vector id="v4i" type="int32" count="4"/>
<vector id="v8f" type="ieee_half" count="8"/><vector id="v8u" type="uint16" count="8"/>
<vector id="v8i" type="int16" count="8"/><vector id="v16u" type="uint8" count="16"/>
<vector id="v16i" type="int8" count="16"/><vector id="v1u" type="uint128" count="1"/>
<vector id="v1i" type="int128" count="1"/>
<union id="vnd"><field name="f" type="v2d"/><field name="u" type="v2u"/><field name="s" type="v2i"/></union>
<union id="vns"><field name="f" type="v4f"/><field name="u" type="v4u"/><field name="s" type="v4i"/></union>
<union id="vnh"><field name="f" type="v8f"/><field name="u" type="v8u"/><field name="s" type="v8i"/></union>
<union id="vnb"><field name="u" type="v16u"/><field name="s" type="v16i"/></union>
<union id="vnq"><field name="u" type="v1u"/><field name="s" type="v1i"/></union>
<union id="aarch64v"><field name="d" type="vnd"/><field name="s" type="vns"/><field name="h" type="vnh"/>
<field name="b" type="vnb"/><field name="q" type="vnq"/></union>"#;

/// PSTATE's flags where SPSR has them.
const FLAGS: &str = r#"
<flags id="cpsr_flags" size="4"><field name="SSBS" start="12" end="12"/><field name="DIT" start="24" end="24"/>
<field name="V" start="28" end="28"/><field name="C" start="29" end="29"/><field name="Z" start="30" end="30"/>
<field name="N" start="31" end="31"/></flags>"#;

/// The features, with what tells the codes in signed addresses where there are such.
pub fn features(signed: bool) -> Vec<Feature> {
    let general = X_NAMES.iter().zip(0..).map(|(&name, n)| {
        let ty = if name == "sp" { "data_ptr" } else { "int" };
        Register { name, bits: 64, ty, n, get: get_x, set: set_x }
    });
    let vectors = V_NAMES.iter().zip(0..).map(|(&name, n)| Register {
        name,
        bits: 128,
        ty: "aarch64v",
        n,
        get: get_v,
        set: set_v,
    });
    let other = |name, bits, ty, get, set| Register { name, bits, ty, n: 0, get, set };
    let system = [
        other("pc", 64, "code_ptr", |state, _| state.pc.into(), |state, _, value| state.pc = value as u64),
        other("cpsr", 32, "cpsr_flags", get_cpsr, set_cpsr),
    ];
    let float = [
        other(
            "fpsr",
            32,
            "int",
            |state, _| fpstate::fpsr(state).into(),
            |state, _, value| {
                fpstate::set_fpsr(state, value as u32);
            },
        ),
        other("fpcr", 32, "int", |state, _| get(state, FPCR), |state, _, value| set(state, FPCR, value)),
    ];
    let tls =
        [other("tpidr", 64, "data_ptr", |state, _| get(state, TPIDR), |state, _, value| set(state, TPIDR, value))];
    let feature = |name, types, registers| Feature { name, types, registers };
    let pauth = [other("pauth_dmask", 64, "int", mask, keep), other("pauth_cmask", 64, "int", mask, keep)];
    let mut all = vec![
        feature("org.gnu.gdb.aarch64.core", FLAGS, general.chain(system).collect()),
        feature("org.gnu.gdb.aarch64.fpu", VECTOR, vectors.chain(float).collect()),
        feature("org.gnu.gdb.aarch64.tls", "", tls.to_vec()),
    ];
    all.extend(signed.then(|| feature("org.gnu.gdb.aarch64.pauth_v2", "", pauth.to_vec())));
    all
}

/// The bits of addresses that codes take, of data and of instructions.
fn mask(_: &GuestState, _: u32) -> u128 {
    crate::pauth::MASK.into()
}

/// What can only be read.
fn keep(_: &mut GuestState, _: u32, _: u128) {}

fn get(state: &GuestState, slot: SlotId) -> u128 {
    state.get(&SLOTS[slot.0 as usize])
}

fn set(state: &mut GuestState, slot: SlotId, value: u128) {
    state.set(&SLOTS[slot.0 as usize], value);
}

fn get_x(state: &GuestState, n: u32) -> u128 {
    get(state, x(n))
}

fn set_x(state: &mut GuestState, n: u32, value: u128) {
    set(state, x(n), value);
}

fn get_v(state: &GuestState, n: u32) -> u128 {
    get(state, v(n))
}

fn set_v(state: &mut GuestState, n: u32, value: u128) {
    set(state, v(n), value);
}

fn get_cpsr(state: &GuestState, _: u32) -> u128 {
    let flags = Nzcv(get(state, NZCV) as u32).bits();
    get(state, PSTATE) | u128::from(flags)
}

/// DIT and SSBS are kept at their places; the other bits can't be changed from EL0.
fn set_cpsr(state: &mut GuestState, _: u32, value: u128) {
    set(state, NZCV, Nzcv::from_bits(value as u32).0.into());
    set(state, PSTATE, value & (1 << 24 | 1 << 12));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_gdb_expects() {
        let registers = target::debug::registers(&features(true));
        let number = |name| registers.iter().position(|register| register.name == name);
        assert_eq!(
            [number("x30"), number("sp"), number("pc"), number("cpsr")],
            [Some(30), Some(31), Some(32), Some(33)]
        );
        assert_eq!([number("v0"), number("fpsr"), number("fpcr")], [Some(34), Some(66), Some(67)]);
    }

    #[test]
    fn what_is_written_is_read() {
        let mut state = GuestState::default();
        for (register, value) in target::debug::registers(&features(false)).iter().zip(1u128..) {
            let value = match register.name {
                "cpsr" => 0x6000_1000,
                "fpsr" => 0x0800_001f,
                _ => value,
            };
            (register.set)(&mut state, register.n, value);
            assert_eq!((register.get)(&state, register.n), value, "{}", register.name);
        }
    }
}
