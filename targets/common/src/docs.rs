//! The table of what a guest executes, made from its rows.

use std::fmt::Write;

use crate::cpu::Feature;
use crate::target::Target;

/// A document: for each extension of the guest's CPU, whether it is there by default and its instructions. Names of
/// rows have `_` where the manual has a dot. Then the helpers that lowering calls.
pub fn markdown(target: &dyn Target) -> String {
    let rows = target.rows();
    let mut text = format!("# Instructions of {} guests\n\n", target.name());
    // Writing to a string can't fail.
    let _ = write!(
        text,
        "Generated from the rows of `targets/{}/src/rows` by `cargo xtask docs`: {} rows. Every other encoding raises \
         SIGILL. What is not there by default can be chosen by `--cpu`.\n\n| extension | default | instructions |\n|---|---|---|\n",
        target.name(),
        rows.len()
    );
    for (i, def) in target.feature_table().iter().enumerate() {
        let feature = Feature(i as u8);
        let mut names: Vec<_> = rows.iter().filter(|row| row.feature == feature).map(|row| row.name()).collect();
        names.dedup();
        let default = if target.features().has(feature) { "yes" } else { "no" };
        let list = if names.is_empty() { "none of its own".to_owned() } else { names.join(", ") };
        let _ = writeln!(text, "| {} | {default} | {list} |", def.name.replace('|', " or "));
    }
    let _ = write!(
        text,
        "\n## Helpers\n\nWhat is not emitted inline but called, by the names that `--trace ir` shows.\n\n\
         | helper | what it computes |\n|---|---|\n"
    );
    for helper in target.helpers() {
        let _ = writeln!(text, "| {} | {} |", helper.name, helper.about);
    }
    text
}
