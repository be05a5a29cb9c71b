//! Lines of `--strace`.

mod support;

use std::io::Read;
use std::os::fd::AsRawFd;
use support::{AT_FDCWD, Guest};
use syscalls::abi::AARCH64;

#[test]
fn lines() {
    let (mut read, write) = std::io::pipe().expect("a pipe");
    let mut guest = Guest::new(&AARCH64).traced(write.as_raw_fd());
    let path = guest.string("/no\nsuch");
    let _ = guest.call("openat", &[AT_FDCWD, path.0, 0o2040000, 0]);
    let text = guest.put_bytes(&[b'a'; 40]);
    let _ = guest.call("write", &[u64::from(u32::MAX), text.0, 40]);
    let _ = guest.call("kill", &[u64::from(std::process::id()), 0]);
    let _ = guest.call("mmap", &[0, 4096, 5, 0x22, u64::MAX, 0]);
    let _ = guest.call("close", &[99999]);
    let _ = guest.outcome("exit_group", &[3]);
    drop((guest, write));
    let mut lines = String::new();
    read.read_to_string(&mut lines).expect("text");
    let pid = std::process::id();
    let open =
        r#"openat(AT_FDCWD, "/no\nsuch", O_RDONLY|O_DIRECTORY|O_CLOEXEC) = -1 ENOENT (No such file or directory)"#;
    let expected = [
        open.to_owned(),
        format!(r#"write(-1, "{}"..., 40) = -1 EBADF (Bad file descriptor)"#, "a".repeat(32)),
        format!("{:<39} = 0", format!("kill({pid}, 0)")),
        "mmap(NULL, 4096, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x".to_owned(),
        format!("{:<39} = -1 EBADF (Bad file descriptor)", "close(99999)"),
        format!("{:<39} = ?", "exit_group(3)"),
    ];
    for (line, expected) in lines.lines().zip(&expected) {
        assert!(line.starts_with(expected.as_str()), "{line}\n{expected}");
    }
    assert_eq!(lines.lines().count(), expected.len(), "{lines}");
}
