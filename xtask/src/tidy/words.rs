//! Words that have no place in a published repository: paths of one machine, notes of who worked on it.

use super::Finding;

/// Written in two halves, so that this file does not find itself.
const FORBIDDEN: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("../sha", "red"),
    ("HELPERS", ".md"),
    ("sub", "agent"),
    ("Cla", "ude"),
    ("other ag", "ent"),
    ("this sess", "ion of"),
];

/// Procfs's link of that name is no machine's path.
const FINE: (&str, &str) = ("self/ro", "ot/");

/// Lines that hold such a word, in any file of text but compressed or generated data.
pub fn forbidden(path: &str, text: &str) -> Vec<Finding> {
    if path == "Cargo.lock" {
        return Vec::new();
    }
    let words: Vec<String> = FORBIDDEN.iter().map(|(one, two)| format!("{one}{two}")).collect();
    let fine = format!("{}{}", FINE.0, FINE.1);
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.replace(&fine, "");
        for word in words.iter().filter(|word| line.contains(*word)) {
            found.push(Finding::new(at + 1, format!("'{word}' has no place here")));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_one_machine_is_found() {
        let text = format!("fine\nsee /wo{}\n", "rk/notes");
        assert_eq!(forbidden("README.md", &text), [Finding::new(2, format!("'/wo{}' has no place here", "rk/"))]);
    }
}
