//! Ops by cases: the lines of `ops.cases`, and whole hashes by the steps that ops do of them.

use ir::eval::eval;
use ir::fp::Env;
use ir::signature::{self, Want};
use ir::{FpControl, Inst, NanRule, Op, Tables, Ty, Val, text};

/// A number, perhaps with a type in front.
fn number(text: &str) -> (Option<Ty>, u128) {
    let (ty, digits) = match text.split_once(':') {
        Some((name, digits)) => (Ty::ALL.iter().copied().find(|ty| ty.name() == name), digits),
        None => (None, text),
    };
    let value = match digits.strip_prefix("0x") {
        Some(hex) => u128::from_str_radix(hex, 16),
        None => digits.parse(),
    };
    (ty, value.unwrap_or_else(|error| panic!("{text}: {error}")))
}

/// The instruction of a case; its operands do not matter.
fn instruction(op: &str, operands: usize, constant: &str) -> Inst {
    let values = ["v0", "v0", "v0"][..operands].join(", ");
    let line = format!("block 0x0..0x0 propagate\nv0 = const.i64 0\nv1 = {op} {values}{constant}\n");
    let block = text::parse(&line, &Tables::default()).unwrap_or_else(|error| panic!("{line}{error}"));
    block.insts[1]
}

fn check(case: &str) {
    let (left, right) = case.split_once(" => ").expect("=>");
    let (op, operands) = left.split_once(' ').expect("operands");
    let (operands, constant) = match operands.split_once(", #") {
        Some((operands, constant)) => (operands, format!(", #{constant}")),
        None => (operands, String::new()),
    };
    let numbers: Vec<(Option<Ty>, u128)> = operands.split(", ").map(number).collect();
    let inst = instruction(op, numbers.len(), &constant);
    let (result, raised) = right.split_once(" !").unwrap_or((right, "0"));
    let mut values = [0; 3];
    for (value, &(_, number)) in values.iter_mut().zip(&numbers) {
        *value = number;
    }
    let wanted = signature::of(&inst).operands;
    assert_eq!(wanted.iter().filter(|&&want| want != Want::Nothing).count(), numbers.len(), "operands of {case}");
    let mut env = Env::new(NanRule::Propagate, FpControl::DEFAULT);
    let found = eval(&inst, numbers[0].0.unwrap_or(inst.ty), values, &mut env);
    let expected = (number(result).1, number(raised).1 as u32);
    assert_eq!((found, env.raised), expected, "{case}: {found:#x} !{:#x}", env.raised);
}

#[test]
fn cases() {
    for case in include_str!("ops.cases").lines().filter(|line| !line.is_empty() && !line.starts_with(';')) {
        check(case);
    }
}

fn op(op: Op, imm: i64, operands: [u128; 3]) -> u128 {
    let inst = Inst { op, ty: Ty::V128, aux: 0, args: [Val::NONE; 3], imm };
    eval(&inst, Ty::V128, operands, &mut Env::new(NanRule::Propagate, FpControl::DEFAULT))
}

/// The one block of the message "abc", as words in the order of the schedule.
fn abc() -> [u128; 4] {
    [0x61626380, 0, 0, 0x18 << 96]
}

fn pack(words: [u32; 4]) -> u128 {
    words.iter().rev().fold(0, |value, &word| value << 32 | word as u128)
}

fn word(value: u128, n: u32) -> u32 {
    (value >> (32 * n)) as u32
}

fn add_words(a: u128, b: u128) -> u128 {
    pack(std::array::from_fn(|i| word(a, i as u32).wrapping_add(word(b, i as u32))))
}

/// FIPS 180-4's example, computed as code for Arm's extension does.
#[test]
fn sha1_of_abc() {
    const K: [u32; 4] = [0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc, 0xca62_c1d6];
    let start = pack([0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476]);
    let (mut state, mut e, mut w) = (start, 0xc3d2_e1f0u32, abc().to_vec());
    for i in 0..20 {
        if i >= 4 {
            let t = op(Op::Sha1Su0, 0, [w[i - 4], w[i - 3], w[i - 2]]);
            w.push(op(Op::Sha1Su1, 0, [t, w[i - 1], 0]));
        }
        let next_e = (state as u32).rotate_left(30);
        let function = [0, 1, 2, 1][i / 5];
        let input = add_words(w[i], pack([K[i / 5]; 4]));
        state = op(Op::Sha1Hash, function, [state, e as u128, input]);
        e = next_e;
    }
    assert_eq!(add_words(state, start), pack([0xa999_3e36, 0x4706_816a, 0xba3e_2571, 0x7850_c26c]));
    assert_eq!(e.wrapping_add(0xc3d2_e1f0), 0x9cd0_d89d);
}

/// The first 32 bits of the fractional part of the cube root of the `n`th prime (FIPS 180-4, 4.2.2), in integers.
fn sha256_constants() -> Vec<u32> {
    let primes = (2u128..).filter(|n| (2..*n).all(|d| n % d != 0));
    let cube_root = |n: u128| {
        let target = n << 96;
        let (mut low, mut high) = (0u128, 1 << 36);
        while high - low > 1 {
            let middle = (low + high) / 2;
            *(if middle * middle * middle <= target { &mut low } else { &mut high }) = middle;
        }
        low as u32
    };
    primes.take(64).map(cube_root).collect()
}

/// Of the halves of SHA-256's state: their upper words (c, d, g and h) as the op for two rounds has them.
fn interleaved(abcd: u128, efgh: u128) -> u128 {
    pack([word(efgh, 3), word(efgh, 2), word(abcd, 3), word(abcd, 2)])
}

#[test]
fn sha256_of_abc() {
    let k = sha256_constants();
    assert_eq!((k[0], k[63]), (0x428a_2f98, 0xc671_78f2));
    let x0 = pack([0x6a09_e667, 0xbb67_ae85, 0x3c6e_f372, 0xa54f_f53a]);
    let y0 = pack([0x510e_527f, 0x9b05_688c, 0x1f83_d9ab, 0x5be0_cd19]);
    let (mut x, mut y, mut w) = (x0, y0, abc().to_vec());
    for i in 0..16 {
        if i >= 4 {
            let t = op(Op::Sha256Su0, 0, [w[i - 4], w[i - 3], 0]);
            w.push(op(Op::Sha256Su1, 0, [t, w[i - 2], w[i - 1]]));
        }
        let input = add_words(w[i], pack([k[4 * i], k[4 * i + 1], k[4 * i + 2], k[4 * i + 3]]));
        let (first, second) = (interleaved(x, y), interleaved(x << 64, y << 64));
        let middle = op(Op::Sha256Rounds2, 0, [first, second, input]);
        let last = op(Op::Sha256Rounds2, 1, [second, middle, input]);
        x = pack([word(last, 3), word(last, 2), word(middle, 3), word(middle, 2)]);
        y = pack([word(last, 1), word(last, 0), word(middle, 1), word(middle, 0)]);
    }
    assert_eq!(add_words(x, x0), pack([0xba78_16bf, 0x8f01_cfea, 0x4141_40de, 0x5dae_2223]));
    assert_eq!(add_words(y, y0), pack([0xb003_61a3, 0x9617_7a9c, 0xb410_ff61, 0xf200_15ad]));
}
