//! `#!` scripts (execve(2), "Interpreter scripts"; fs/binfmt_script.c).

/// The most of a script's first line that counts (BINPRM_BUF_SIZE).
pub const FIRST_LINE: usize = 256;

/// What a script's first line says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Script {
    /// The interpreter's path.
    pub interpreter: Vec<u8>,
    /// The one argument that may follow it, blanks inside included.
    pub argument: Option<Vec<u8>>,
}

fn is_blank(byte: &u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = bytes
        && is_blank(first)
    {
        bytes = rest;
    }
    while let [rest @ .., last] = bytes
        && is_blank(last)
    {
        bytes = rest;
    }
    bytes
}

/// Parses the beginning of a file, of which `start` is at most [`FIRST_LINE`] bytes. `None` where it is no
/// script or its interpreter's name does not fit: ENOEXEC.
pub fn parse(start: &[u8]) -> Option<Script> {
    let rest = start.strip_prefix(b"#!")?;
    let rest = &rest[..rest.len().min(FIRST_LINE - 2)];
    let end = rest.iter().position(|&byte| matches!(byte, b'\n' | 0));
    let line = trim(&rest[..end.unwrap_or(rest.len())]);
    let cut = end.is_none() && start.len() >= FIRST_LINE;
    let blank = line.iter().position(is_blank);
    if line.is_empty() || cut && blank.is_none() {
        return None;
    }
    let (interpreter, argument) = line.split_at(blank.unwrap_or(line.len()));
    let argument = trim(argument);
    Some(Script { interpreter: interpreter.to_vec(), argument: (!argument.is_empty()).then(|| argument.to_vec()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn script(interpreter: &str, argument: Option<&str>) -> Option<Script> {
        Some(Script { interpreter: interpreter.into(), argument: argument.map(Into::into) })
    }

    #[test]
    fn first_lines() {
        assert_eq!(parse(b"#!/bin/sh\necho"), script("/bin/sh", None));
        assert_eq!(parse(b"#! /usr/bin/env  python3 -u \nx"), script("/usr/bin/env", Some("python3 -u")));
        assert_eq!(parse(b"#!/bin/sh"), script("/bin/sh", None));
        assert_eq!(parse(b"#!\t\n"), None);
        assert_eq!(parse(b"#"), None);
        assert_eq!(parse(&[b"#!/".as_slice(), &[b'a'; 300]].concat()[..FIRST_LINE]), None);
    }
}
