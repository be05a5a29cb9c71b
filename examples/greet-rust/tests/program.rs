//! A test that starts the program: a child of the same foreign machine.

#[test]
fn the_program_greets() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_greet")).arg("you").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.trim_end(), greet::greet("you"));
}

#[test]
fn the_machine_is_foreign() {
    assert_ne!(std::env::consts::ARCH, "x86_64");
}
