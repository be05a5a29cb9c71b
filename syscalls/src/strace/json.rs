//! `--strace-json`: an object a line.

use memory::Errno;
use std::fmt::Write;

/// A call: its arguments as strace shows them, its result as a number, and the name of the error.
pub fn call(tid: i32, name: &str, args: &[String], result: Option<u64>) -> String {
    let args: Vec<String> = args.iter().map(|arg| quoted(arg)).collect();
    let mut out = format!("{{\"pid\":{tid},\"call\":{},\"args\":[{}]", quoted(name), args.join(","));
    // Writing to a string can't fail.
    let _ = match result.map(Errno::from_return) {
        None => write!(out, ",\"result\":null}}"),
        Some(Ok(value)) => write!(out, ",\"result\":{}}}", value as i64),
        Some(Err(errno)) => write!(out, ",\"result\":-1,\"errno\":{}}}", quoted(errno.name())),
    };
    out.push('\n');
    out
}

/// A signal or an end.
pub fn event(tid: i32, kind: &str, what: &str, info: Option<&str>) -> String {
    let info = info.map_or(String::new(), |info| format!(",\"info\":{}", quoted(info)));
    format!("{{\"pid\":{tid},\"{kind}\":{}{info}}}\n", quoted(what))
}

/// A string of JSON (RFC 8259, 7). What strace's own quoting left is printable.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\0'..='\x1f' => out.push_str(&format!("\\u{:04x}", c as u32)),
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_json() {
        let line = call(7, "open", &["\"a\\n\"".into(), "0".into()], Some(Errno::ENOENT.to_return()));
        let expected = r#"{"pid":7,"call":"open","args":["\"a\\n\"","0"],"result":-1,"errno":"ENOENT"}"#;
        assert_eq!(line.trim_end(), expected);
        assert_eq!(event(7, "exited", "0", None).trim_end(), r#"{"pid":7,"exited":"0"}"#);
    }
}
