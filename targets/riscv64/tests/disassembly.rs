//! Instructions as text, every form once. `tests/gdb.rs` compares whole programs with gdb's text.

use riscv64::Riscv64;
use target::Target;

fn text(word: u32) -> String {
    Riscv64::default().disassemble(word, 0x1_0000)
}

#[test]
fn each_form_prints() {
    for (word, expected) in [
        (0x0001_07b7, "lui a5,0x10"),
        (0xfe01_0113, "addi sp,sp,-32"),
        (0x0205_1513, "slli a0,a0,0x20"),
        (0x0080_006f, "jal zero,0x10008"),
        (0xfeb5_1ee3, "bne a0,a1,0xfffc"),
        (0x0008_0067, "jalr zero,0(a6)"),
        (0xff81_3503, "ld a0,-8(sp)"),
        (0x00a1_2e27, "fsw fa0,28(sp)"),
        (0x0330_000f, "fence rw,rw"),
        (0x1405_272f, "lr.w.aq a4,(a0)"),
        (0x06b5_27af, "amoadd.w.aqrl a5,a1,(a0)"),
        (0x0020_2573, "csrrs a0,frm,zero"),
        (0xc010_2573, "csrrs a0,time,zero"),
        (0x0200_7553, "fadd.d fa0,ft0,ft0"),
        (0xc205_1553, "fcvt.w.d a0,fa0,rtz"),
        (0xd207_8553, "fcvt.d.w fa0,a5"),
        (0xd225_0553, "fcvt.d.l fa0,a0,rne"),
        (0x6ab5_7543, "fmadd.d fa0,fa0,fa1,fa3"),
        (0x6005_1513, "clz a0,a0"),
        (0x0000_0073, "ecall"),
        (0x0d05_75d7, "vsetvli a1,a0,e32,m1,ta,ma"),
        (0xcc82_7057, "vsetivli zero,4,e16,m1,ta,ma"),
        (0x0205_6407, "vle32.v v8,(a0)"),
        (0x08b5_6427, "vsse32.v v8,(a0),a1,v0.t"),
        (0x030c_0457, "vadd.vv v8,v16,v24"),
        (0xb70c_2457, "vmacc.vv v8,v24,v16"),
        (0x4300_2557, "vmv.x.s a0,v16"),
        (0x1141, "c.addi sp,-16"),
        (0xe406, "c.sdsp ra,8(sp)"),
        (0x8082, "c.jr ra"),
        (0x852e, "c.mv a0,a1"),
        (0xdd75, "c.beqz a0,0xfffc"),
        (0x0808, "c.addi4spn a0,sp,16"),
        (0x0000, "undefined"),
    ] {
        assert_eq!(text(word), expected, "{word:08x}");
    }
}
