//! How a source file begins, and how long it may be.

use super::Finding;

/// Longer files have more than one purpose.
const LONGEST: usize = 400;

/// In a file's head: its rows are data, of which there may be any number.
const TABLE: &str = "//! Table:";

/// Every Rust file says first what it is.
pub fn head(path: &str, text: &str) -> Vec<Finding> {
    if !path.ends_with(".rs") {
        return Vec::new();
    }
    // An attribute of the whole crate may stand before.
    match text.lines().enumerate().find(|(_, line)| !line.starts_with("#!") && !line.is_empty()) {
        Some((_, line)) if line.starts_with("//! ") => Vec::new(),
        Some((at, _)) => vec![Finding::new(at + 1, "a file opens with a '//!' head that says what it is")],
        None => vec![Finding::new(1, "an empty file")],
    }
}

/// No file is longer than [`LONGEST`] but a table, whose head says so.
pub fn length(path: &str, text: &str) -> Vec<Finding> {
    let lines = text.lines().count();
    let is_table = text
        .lines()
        .take_while(|line| line.starts_with("//!") || line.starts_with("#!"))
        .any(|line| line.starts_with(TABLE));
    if !path.ends_with(".rs") || lines <= LONGEST || is_table {
        return Vec::new();
    }
    let what = format!(
        "{lines} lines: split it by purpose (at most {LONGEST}), or, if it is rows, say '{TABLE} of what' in its head"
    );
    vec![Finding::new(LONGEST + 1, what)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_wanted() {
        assert_eq!(head("a.rs", "//! Says it.\n"), []);
        assert_eq!(head("a.rs", "#![forbid(unsafe_code)]\n//! Says it.\n"), []);
        assert_eq!(head("a.rs", "#![forbid(unsafe_code)]\nmod b;\n")[0].line, 2);
        assert_eq!(head("a.md", "no head"), []);
    }

    #[test]
    fn a_long_file_must_be_a_table() {
        let body = "let x = 1;\n".repeat(LONGEST);
        assert_eq!(length("a.rs", &format!("//! Code.\n{body}")).len(), 1);
        assert_eq!(length("a.rs", &format!("//! Rows.\n//!\n//! Table: the rows.\n{body}")), []);
        assert_eq!(length("a.rs", &body), []);
    }
}
