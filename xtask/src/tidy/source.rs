//! What Rust sources may hold where: unsafe code, allowances, ignored tests, matches on the guest.

use super::Finding;

/// Crates in which the compiler refuses unsafe code.
const SAFE_CRATES: &[&str] = &["ir/", "codegen/", "targets/common/", "targets/aarch64/", "targets/riscv64/"];

/// Where unsafe code may stand; its own tests and benches are `tests/` and `benches/`, and `codegen/tests/`
/// (code that was emitted has to be run by someone).
const UNSAFE_PLACES: &[&str] = &["memory/", "syscalls/src/sys", "src/", "tests/", "benches/", "codegen/tests/"];

/// The one file with a match on the guest architecture.
const GUEST_MATCH: &str = "src/guest.rs";

/// A line's code: without its comment and without what stands in string literals.
fn code(line: &str) -> String {
    let mut code = String::new();
    let mut in_string = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if in_string => drop(chars.next()),
            '"' => in_string = !in_string,
            '/' if !in_string && chars.peek() == Some(&'/') => break,
            _ if !in_string => code.push(c),
            _ => {}
        }
    }
    code
}

fn has_word(code: &str, word: &str) -> bool {
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|found| found == word)
}

/// Numbered lines of a Rust file; nothing of any other.
fn lines<'a>(path: &str, text: &'a str) -> impl Iterator<Item = (usize, &'a str)> {
    let text = if path.ends_with(".rs") { text } else { "" };
    text.lines().enumerate().map(|(at, line)| (at + 1, line))
}

/// A crate without unsafe code says so to the compiler.
pub fn forbids_unsafe(path: &str, text: &str) -> Vec<Finding> {
    let is_root = SAFE_CRATES.iter().any(|folder| path.strip_prefix(folder) == Some("src/lib.rs"));
    if is_root && !text.lines().any(|line| line == "#![forbid(unsafe_code)]") {
        return vec![Finding::new(1, "this crate has to say #![forbid(unsafe_code)]")];
    }
    Vec::new()
}

/// Unsafe code stands in few places.
pub fn unsafe_in_place(path: &str, text: &str) -> Vec<Finding> {
    if UNSAFE_PLACES.iter().any(|place| path.starts_with(place)) {
        return Vec::new();
    }
    lines(path, text)
        .filter(|(_, line)| has_word(&code(line), "unsafe"))
        .map(|(number, _)| Finding::new(number, format!("unsafe code may stand only in {}", UNSAFE_PLACES.join(", "))))
        .collect()
}

/// Each unsafe block and implementation has a `// SAFETY:` comment above its statement.
pub fn safety_comments(path: &str, text: &str) -> Vec<Finding> {
    let all: Vec<&str> = text.lines().collect();
    lines(path, text)
        .filter(|(_, line)| {
            let code = code(line);
            code.contains("unsafe {") || has_word(&code, "unsafe") && has_word(&code, "impl")
        })
        .filter(|(number, _)| !is_explained(&all[..*number]))
        .map(|(number, _)| Finding::new(number, "an unsafe block without a '// SAFETY:' comment above it"))
        .collect()
}

/// Whether the comment above the statement that the last line belongs to says why it is sound.
fn is_explained(lines: &[&str]) -> bool {
    let (last, above) = lines.split_last().expect("the line itself");
    if last.contains("// SAFETY:") {
        return true;
    }
    for line in above.iter().rev().map(|line| line.trim()) {
        let is_comment = line.starts_with("//");
        if is_comment && line.contains("SAFETY:") {
            return true;
        }
        if !is_comment && (line.is_empty() || line.ends_with([';', '{', '}'])) {
            return false;
        }
    }
    false
}

/// Each lint that is turned off has its reason.
pub fn allow_reasons(path: &str, text: &str) -> Vec<Finding> {
    let all: Vec<&str> = text.lines().collect();
    lines(path, text)
        .filter(|(_, line)| {
            let line = line.trim_start();
            ["#[allow", "#![allow", "#[expect", "#![expect"].iter().any(|start| line.starts_with(start))
        })
        .filter(|(number, _)| {
            let attribute = all[number - 1..].iter().take(4).take_while_inclusive(|line| !line.contains(")]"));
            let commented = *number >= 2 && all[number - 2].trim_start().starts_with("// ");
            !commented && !attribute.into_iter().any(|line| line.contains("reason ="))
        })
        .map(|(number, _)| Finding::new(number, "a lint turned off without a 'reason ='"))
        .collect()
}

/// `take_while` that keeps the element that ends it.
trait TakeWhileInclusive: Iterator + Sized {
    fn take_while_inclusive(self, mut more: impl FnMut(&Self::Item) -> bool) -> Vec<Self::Item> {
        let mut taken = Vec::new();
        for item in self {
            let ends = !more(&item);
            taken.push(item);
            if ends {
                break;
            }
        }
        taken
    }
}

impl<I: Iterator> TakeWhileInclusive for I {}

/// A test that does not run says nothing.
pub fn ignored_tests(path: &str, text: &str) -> Vec<Finding> {
    lines(path, text)
        .filter(|(_, line)| line.trim_start().starts_with("#[ignore"))
        .map(|(number, _)| Finding::new(number, "an ignored test: mend it, or take it out"))
        .collect()
}

/// What a guest is, is asked in one place; everywhere else a value of the guest answers.
pub fn guest_matches(path: &str, text: &str) -> Vec<Finding> {
    if path == GUEST_MATCH || path.starts_with("tests/") || path.starts_with("xtask/") {
        return Vec::new();
    }
    lines(path, text)
        .filter(|(_, line)| {
            let code = code(line).replace(' ', "");
            ["Aarch64", "Riscv64", "EM_AARCH64", "EM_RISCV"]
                .iter()
                .any(|guest| ["=>", "|", "if"].iter().any(|end| code.contains(&format!("{guest}{end}"))))
        })
        .map(|(number, _)| Finding::new(number, format!("a match on the guest architecture belongs to {GUEST_MATCH}")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(found: Vec<Finding>) -> Vec<usize> {
        found.iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn code_is_without_comments_and_strings() {
        assert_eq!(code("let a = \"b // \\\" c\"; // d"), "let a = ; ");
    }

    #[test]
    fn a_safe_crate_forbids_unsafe_code() {
        assert_eq!(numbers(forbids_unsafe("ir/src/lib.rs", "//! The IR.\n")), [1]);
        assert_eq!(forbids_unsafe("ir/src/lib.rs", "//! The IR.\n#![forbid(unsafe_code)]\n"), []);
        assert_eq!(forbids_unsafe("ir/src/ops.rs", ""), []);
        assert_eq!(forbids_unsafe("memory/src/lib.rs", ""), []);
    }

    #[test]
    fn unsafe_code_has_its_places() {
        assert_eq!(numbers(unsafe_in_place("syscalls/src/files.rs", "a();\nunsafe { b() }\n")), [2]);
        assert_eq!(unsafe_in_place("syscalls/src/sys_files.rs", "unsafe { b() }\n"), []);
        assert_eq!(unsafe_in_place("ir/src/lib.rs", "#![forbid(unsafe_code)] // no unsafe\n"), []);
    }

    #[test]
    fn unsafe_blocks_say_why() {
        let good = "// SAFETY: it is.\nlet a =\n    unsafe { b() };\n// SAFETY: so.\n// And more.\n#[inline]\nunsafe impl A for B {}\n";
        assert_eq!(safety_comments("src/a.rs", good), []);
        let bad = "// SAFETY: of another.\nc();\nunsafe { b() };\n\n// SAFETY: far.\n\nunsafe impl A for B {}\n";
        assert_eq!(numbers(safety_comments("src/a.rs", bad)), [3, 7]);
    }

    #[test]
    fn allowances_have_reasons() {
        let good = "#[allow(a, reason = \"b\")]\n#[allow(\n    a,\n    reason = \"b\"\n)]\n// Because.\n#[allow(c)]\n";
        assert_eq!(allow_reasons("src/a.rs", good), []);
        assert_eq!(numbers(allow_reasons("src/a.rs", "a\n#![allow(dead_code)]\n")), [2]);
    }

    #[test]
    fn ignored_tests_are_found() {
        assert_eq!(numbers(ignored_tests("src/a.rs", "#[test]\n    #[ignore = \"slow\"]\n")), [2]);
    }

    #[test]
    fn only_one_file_asks_which_guest() {
        let text =
            "match guest {\n    Guest::Aarch64 => a(),\n    Guest::Riscv64 => b(),\n}\nlet x = Guest::Aarch64;\n";
        assert_eq!(numbers(guest_matches("src/loader.rs", text)), [2, 3]);
        assert_eq!(guest_matches("src/guest.rs", text), []);
    }
}
