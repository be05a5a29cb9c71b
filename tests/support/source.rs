//! The head of a guest program's source: how it is built, how it is run, and how it must end.
//!
//! Lines `// key: value`; `testdata/programs/build.sh` lists the keys.

use std::path::Path;

/// What `tests/programs.rs` needs of a head.
pub struct Source {
    pub name: String,
    pub args: Vec<String>,
    pub env: Vec<(String, String)>,
    pub guests: Vec<String>,
    /// `musl`, `glibc`, `none` or `dynamic`.
    pub libcs: Vec<String>,
    /// `Err` is death by the signal of that name.
    pub ends: Result<i32, String>,
    pub is_test: bool,
}

impl Source {
    pub fn read(path: &Path) -> Result<Source, String> {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let value = |key: &str| {
            let prefix = format!("// {key}:");
            text.lines().find_map(|line| line.strip_prefix(&prefix)).map(str::trim)
        };
        let words = |key: &str, default: &str| split(value(key).unwrap_or(default));
        let mut env = Vec::new();
        for setting in words("env", "")? {
            let (name, value) =
                setting.split_once('=').ok_or(format!("{}: env: '{setting}' has no '='", path.display()))?;
            env.push((name.to_owned(), value.to_owned()));
        }
        let exit = value("exit").unwrap_or("0");
        let ends = match value("signal") {
            Some(name) => Err(name.to_owned()),
            None => Ok(exit.parse().map_err(|_| format!("{}: exit: '{exit}' is no number", path.display()))?),
        };
        Ok(Source {
            name: path.file_stem().expect("a file's name").to_string_lossy().into_owned(),
            args: words("args", "")?,
            env,
            guests: words("guests", "aarch64 riscv64")?,
            libcs: words("libc", "musl")?,
            ends,
            is_test: value("tests").is_none(),
        })
    }

    /// The names of the binaries built from it, as `build.sh` forms them.
    pub fn binaries(&self) -> Vec<String> {
        let name = &self.name;
        self.libcs.iter().map(|libc| if libc == "glibc" { format!("{name}.glibc") } else { name.clone() }).collect()
    }
}

/// Splits words as a shell would, with double quotes.
fn split(text: &str) -> Result<Vec<String>, String> {
    let mut words = Vec::new();
    let mut word = None;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_with(String::new);
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_with(String::new).push(c),
        }
    }
    if quoted {
        return Err(format!("a quote does not end in '{text}'"));
    }
    words.extend(word);
    Ok(words)
}
