//! CPU models: what `--cpu` takes, and what programs are told.

use riscv64::{Cpu, CpuError, Riscv64, cpu};
use target::Target;

fn isa(text: &str) -> String {
    Riscv64::new(Cpu::parse(text).unwrap()).isa()
}

#[test]
fn each_model_has_what_the_one_before_has() {
    let models = ["rv64gc", "rva20", "rva22", "rva23", "max"].map(|name| Cpu::parse(name).unwrap().features.0);
    for pair in models.windows(2) {
        assert_eq!(pair[0] & pair[1], pair[0]);
    }
    assert_eq!(models[4], Cpu::max().features.0);
}

#[test]
fn isa_strings_are_in_linux_order() {
    assert_eq!(isa("rv64gc"), "rv64imafdc_zicntr_zicsr_zifencei_zihpm_zaamo_zalrsc_zca_zcd");
    assert_eq!(
        isa("rva22"),
        "rv64imafdc_zicbom_zicbop_zicboz_ziccrse_zicntr_zicsr_zifencei_zihintpause_zihpm_zaamo_zalrsc_zfhmin_zca_zcd_zba_\
         zbb_zbs_zkt"
    );
}

#[test]
fn extensions_come_and_go_with_what_they_require() {
    assert_eq!(isa("rv64gc,+zfh"), "rv64imafdc_zicntr_zicsr_zifencei_zihpm_zaamo_zalrsc_zfh_zfhmin_zca_zcd");
    assert_eq!(isa("rv64gc,+zfh,-zfhmin"), isa("rv64gc"));
    assert_eq!(isa("rv64gc,+b"), isa("rv64gc,zba=on,zbb=true,+zbs"));
    // Linux has a bit and a name for the user's view of pointer masking, and tells of the supervisor's extension.
    assert!(isa("rva23").ends_with("_ssnpm") && !isa("rva22").contains("ssnpm"));
    assert_eq!(isa("rv64gc,+zvfbfwma"), isa("rv64gc,+zvfbfmin,+zfbfmin,+zvfbfwma"));
    assert!(isa("max").contains("_zfbfmin_zfh_") && isa("max").contains("_zvfbfmin_zvfbfwma_zvfh_"));
    assert_eq!(isa("max,-supm"), isa("max,-ssnpm"));
    assert_eq!(isa("max,-zkn"), isa("max,-zbkb,-zbkc,-zbkx,-zknd,-zkne,-zknh"));
}

#[test]
fn shared_instructions_follow_either_extension() {
    let has_andn = |text: &str| {
        let guest = Riscv64::new(Cpu::parse(text).unwrap());
        guest.rows().iter().any(|row| row.name() == "andn" && guest.features().has(row.feature))
    };
    assert!(has_andn("rv64gc,+zbb") && has_andn("rv64gc,+zbkb") && has_andn("max,-zbb"));
    assert!(!has_andn("rv64gc") && !has_andn("max,-zbb,-zbkb"));
}

#[test]
fn errors_say_what_there_is() {
    let error = |text: &str| Cpu::parse(text).unwrap_err();
    assert_eq!(error("rv128"), CpuError::Model("rv128".into()));
    assert_eq!(error("max,+zzz"), CpuError::Extension("zzz".into()));
    assert_eq!(error("max,+zbb|zbkb"), CpuError::Extension("zbb|zbkb".into()));
    assert_eq!(error("max,zba"), CpuError::Syntax("zba".into()));
    assert_eq!(error("max,-c"), CpuError::Base("c"));
    assert!(error("").to_string().contains("rva22"));
    assert!(error("max,+zzz").to_string().contains("zicond"));
}

#[test]
fn hwprobe_tells_the_same_as_the_isa_string() {
    let probe = |text: &str, key| Riscv64::new(Cpu::parse(text).unwrap()).hwprobe(key, || 10_000_000, 1 << 47);
    const FD_C_ZICNTR_ZIHPM_ZCA_ZCD_ZAAMO_ZALRSC: u64 = 0b11 | 0b11 << 50 | 1 << 43 | 1 << 45 | 0b11 << 56;
    assert_eq!(probe("rv64gc", 4), Some(FD_C_ZICNTR_ZIHPM_ZCA_ZCD_ZAAMO_ZALRSC));
    assert_eq!(probe("rv64gc,+zba", 4), Some(FD_C_ZICNTR_ZIHPM_ZCA_ZCD_ZAAMO_ZALRSC | 1 << 3));
    assert_eq!((probe("rv64gc", 6), probe("max", 6), probe("max", 12)), (Some(0), Some(64), Some(64)));
    assert_eq!((probe("max", 3), probe("max", 9), probe("max", 8)), (Some(1), Some(3), Some(10_000_000)));
    assert_eq!((probe("max", 15), probe("max", 17), probe("max", -1)), (Some(64), None, None));
}

#[test]
fn every_bit_stands_for_one_extension() {
    let mut bits: Vec<_> = cpu::EXTENSIONS.iter().filter_map(|extension| extension.probe).collect();
    let all = bits.len();
    bits.sort_unstable();
    bits.dedup();
    assert_eq!(bits.len(), all);
}

#[test]
fn hwcap_has_the_letters() {
    let bits = |letters: &[u8]| letters.iter().fold(0, |word, letter| word | 1 << (letter - b'a'));
    assert_eq!(Riscv64::default().hwcaps(), [bits(b"imafdcv"), 0, 0]);
    assert_eq!(without_vectors().hwcaps(), [bits(b"imafdc"), 0, 0]);
}

#[test]
fn vectors_are_there_unless_they_are_taken_away() {
    let isa = Riscv64::default().isa();
    assert!(isa.contains("_zve64d") && isa.starts_with("rv64imafdcv_"));
    let isa = without_vectors().isa();
    assert!(!isa.contains("_zv") && isa.starts_with("rv64imafdc_"));
}

fn without_vectors() -> Riscv64 {
    Riscv64::new(Cpu::parse("max,-zve32x").unwrap())
}

#[test]
fn cpuinfo_has_a_paragraph_for_each_cpu() {
    let text = Riscv64::default().cpuinfo(2);
    assert_eq!(text.matches("processor\t: ").count(), 2);
    assert!(text.contains("isa\t\t: rv64imafdcv_") && text.ends_with("\n\n"));
}
