//! Every row decodes to itself, whatever its fields hold; and what it lowers to verifies.

use ir::tables::Tables;
use ir::{Builder, Op, Passes, Term};
use riscv64::{Cpu, Riscv64};
use target::{Flow, Limits, Mode, Row, Target, translate};

/// A deterministic stream of words (xorshift64*).
struct Random(u64);

impl Random {
    fn word(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    /// A word that is this row's.
    fn of(&mut self, row: &Row) -> u32 {
        loop {
            let low = if row.pattern.width == 16 { self.word() & 0xffff } else { self.word() };
            let word = low & !row.pattern.mask | row.pattern.value;
            if row.matches(word) {
                return word;
            }
        }
    }
}

#[test]
fn each_row_decodes_to_itself() {
    let guest = Riscv64::default();
    let mut random = Random(1);
    for row in guest.rows() {
        for _ in 0..200 {
            let word = random.of(row);
            let found = guest.decode(word).map(|found| found.row);
            let found = found.unwrap_or_else(|| panic!("{word:#x} is no {}", row.name()));
            assert!(std::ptr::eq(found, row), "{word:#x} is {}, not {}", found.name(), row.name());
        }
    }
}

#[test]
fn each_row_lowers_to_blocks_that_verify() {
    let guest = Riscv64::new(Cpu::parse("max").unwrap());
    let tables = Tables { slots: guest.slots(), helpers: guest.helpers() };
    let mut random = Random(2);
    for passes in [Passes::ALL, Passes::NONE] {
        let mut builder = Builder::new(guest.slots(), passes);
        for row in guest.rows() {
            for mode in 0..8 {
                let word = random.of(row);
                let mut state = ir::GuestState::default();
                let frm = guest.slots()[riscv64::state::FRM.0 as usize].offset;
                state.set_u32_at(frm, mode);
                let mode = guest.mode(&state);
                let (code, limits) = (word.to_le_bytes(), Limits { insts: 1, ir_insts: 600 });
                translate(&guest, &mut builder, &code[..], 0x1000, mode, limits).unwrap();
                if let Err(error) = ir::verify::verify(builder.block(), &tables) {
                    panic!("{} {word:#x}: {error:?}", row.name());
                }
            }
        }
    }
}

#[test]
fn branches_lead_where_their_rows_say() {
    let guest = Riscv64::default();
    let mut builder = Builder::new(guest.slots(), Passes::NONE);
    let mut random = Random(3);
    for row in guest.rows() {
        for _ in 0..100 {
            let word = random.of(row);
            let (code, limits) = (word.to_le_bytes(), Limits { insts: 1, ir_insts: 600 });
            translate(&guest, &mut builder, &code[..row.pattern.width as usize / 8], 0x1000, Mode::default(), limits)
                .unwrap();
            let block = builder.block();
            let exit = block.insts.iter().find(|inst| inst.op == Op::ExitIf).map(|inst| inst.imm as u64);
            let by_row = match (exit, block.term) {
                (Some(target), Some(Term::Jump { .. })) => Flow::Jumps { target, falls: true },
                (_, Some(Term::Branch { taken: target, .. })) => Flow::Jumps { target, falls: true },
                (_, Some(Term::Jump { target })) => Flow::Jumps { target, falls: false },
                _ => Flow::Leaves,
            };
            let flow = guest.flow(word, 0x1000);
            let right = match flow {
                Flow::On => !matches!(block.term, Some(Term::Branch { .. } | Term::Call { .. } | Term::Return { .. })),
                _ => flow == by_row,
            };
            assert!(right, "{word:#x} {}: {flow:?}, not {by_row:?}", row.name());
        }
    }
}

#[test]
fn names_are_unique_within_a_width() {
    let guest = Riscv64::default();
    let mut names: Vec<_> = guest.rows().iter().map(|row| (row.pattern.width, row.name())).collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
}

#[test]
fn no_row_is_given_up_by_the_smallest_model() {
    let base = Riscv64::new(Cpu::parse("rv64gc").unwrap());
    let with = |name: &str| base.rows().iter().any(|row| row.name() == name && base.features().has(row.feature));
    for name in ["add", "mul", "lr_w", "amoadd_d", "fadd_s", "fadd_d", "csrrw", "fence_i", "c_add", "c_fld"] {
        assert!(with(name), "{name}");
    }
    for name in ["sh1add", "clz", "bset", "fadd_h", "c_lbu", "amocas_w", "andn", "mop_r"] {
        assert!(!with(name), "{name}");
    }
}
