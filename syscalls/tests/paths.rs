//! `-L` roots, and the program behind /proc's `exe`.

mod support;

use memory::Errno;
use std::ffi::CString;
use std::os::unix::fs::symlink;
use std::sync::Arc;
use support::{AT_FDCWD, Guest, TempDir};
use syscalls::abi::{AARCH64, RISCV64, Stat};

/// A root with a file, links inside and out of it, and an empty /tmp.
fn root() -> TempDir {
    let root = TempDir::new("root");
    for dir in ["tmp", "usr/share/transom-test", "etc"] {
        std::fs::create_dir_all(root.0.join(dir)).expect("makes directories");
    }
    std::fs::write(root.0.join("usr/share/transom-test/file"), "of the root").expect("writes");
    std::fs::write(root.0.join("etc/passwd"), "root's passwd").expect("writes");
    let link = |target: &str, name: &str| symlink(target, root.0.join(name)).expect("links");
    link("/usr/share/transom-test", "usr/absolute");
    link("../../usr/share/transom-test/file", "usr/share/relative");
    link("/../../../../usr/share/transom-test/file", "usr/escaping");
    link("/nowhere", "etc/dangling");
    root
}

#[test]
fn absolute_paths_are_looked_up_in_the_root_first() {
    let root = root();
    let mut guest = Guest::with_root(&RISCV64, &root.0);
    assert_eq!(guest.read_file("/etc/passwd").as_deref(), Ok("root's passwd"));
    for path in ["/usr/share/transom-test/file", "/usr/absolute/file", "/usr/share/relative", "/usr/escaping"] {
        assert_eq!(guest.read_file(path).as_deref(), Ok("of the root"), "{path}");
    }
    assert_eq!(guest.readlink(AT_FDCWD, "/etc/dangling").as_deref(), Ok("/nowhere"));
    assert_eq!(guest.readlink(AT_FDCWD, "/usr/absolute").as_deref(), Ok("/usr/share/transom-test"));
    assert_eq!(guest.open("/etc/dangling"), Err(Errno::ENOENT));
    let (path, stat) = (guest.string("/usr/absolute/file"), guest.room(128));
    guest.call("newfstatat", &[AT_FDCWD, path.0, stat.0, 0]).expect("stats");
    assert_eq!(guest.get::<Stat>(stat).size, 11);
    let path = guest.string("/usr/absolute");
    for (flags, kind) in [(0, libc::S_IFDIR), (libc::AT_SYMLINK_NOFOLLOW, libc::S_IFLNK)] {
        guest.call("newfstatat", &[AT_FDCWD, path.0, stat.0, flags as u64]).expect("stats");
        assert_eq!(guest.get::<Stat>(stat).mode & libc::S_IFMT, kind);
    }
    assert_eq!(guest.call("faccessat", &[AT_FDCWD, path.0, 0]), Ok(0));
}

#[test]
fn what_the_root_lacks_is_the_hosts() {
    let root = root();
    let mut guest = Guest::with_root(&AARCH64, &root.0);
    assert!(guest.read_file("/proc/self/status").is_ok_and(|text| text.contains("Name:")));
    // The root's /tmp is empty: the host's is meant, where the file lands.
    let name = format!("/tmp/transom-lands-{}", std::process::id());
    let path = guest.string(&name);
    let flags = (libc::O_CREAT | libc::O_EXCL | libc::O_WRONLY) as u64;
    let fd = guest.call("openat", &[AT_FDCWD, path.0, flags, 0o600]).expect("makes a file");
    guest.call("close", &[fd]).expect("closes");
    assert!(std::fs::metadata(&name).is_ok() && !root.0.join(&name[1..]).exists());
    let tmp = guest.open("/tmp").expect("opens");
    let there = guest.string(&name["/tmp/".len()..]);
    assert_eq!(guest.call("faccessat", &[tmp, there.0, 0]), Ok(0));
    assert_eq!(guest.call("unlinkat", &[AT_FDCWD, path.0, 0]), Ok(0));
    // A directory that the root alone has: the file is made there.
    let path = guest.string("/usr/share/transom-test/new");
    let fd = guest.call("openat", &[AT_FDCWD, path.0, flags, 0o600]).expect("makes a file");
    guest.call("close", &[fd]).expect("closes");
    assert!(root.0.join("usr/share/transom-test/new").exists());
    let to = guest.string("/usr/absolute/renamed");
    assert_eq!(guest.call("renameat2", &[AT_FDCWD, path.0, AT_FDCWD, to.0, 0]), Ok(0));
    assert!(root.0.join("usr/share/transom-test/renamed").exists());
    // A file that is there is not made anew.
    let path = guest.string("/etc/passwd");
    assert_eq!(guest.call("openat", &[AT_FDCWD, path.0, flags, 0o600]), Err(Errno::EEXIST));
}

#[test]
fn links_of_the_host_lead_into_the_root() {
    let (root, host) = (root(), TempDir::new("host"));
    let mut guest = Guest::with_root(&RISCV64, &root.0);
    let link = |target: &str, name: &str| symlink(target, host.0.join(name)).expect("links");
    link("/usr/share/transom-test/file", "direct");
    link("direct", "chain");
    link("/usr/share/transom-test", "folder");
    link("loop", "loop");
    std::fs::write(host.0.join("plain"), "of the host").expect("writes");
    let mut path = |name: &str| host.0.join(name).to_str().map(|path| guest.read_file(path)).expect("is text");
    assert_eq!(path("direct").as_deref(), Ok("of the root"));
    assert_eq!(path("chain").as_deref(), Ok("of the root"));
    assert_eq!(path("plain").as_deref(), Ok("of the host"));
    assert_eq!(path("loop"), Err(Errno::ELOOP));
    // Also below an open directory; the link itself stays where it is.
    let dir = guest.open(host.0.to_str().expect("is text")).expect("opens");
    let (name, stat) = (guest.string("chain"), guest.room(128));
    for (flags, kind) in [(0, libc::S_IFREG), (libc::AT_SYMLINK_NOFOLLOW, libc::S_IFLNK)] {
        guest.call("newfstatat", &[dir, name.0, stat.0, flags as u64]).expect("stats");
        assert_eq!(guest.get::<Stat>(stat).mode & libc::S_IFMT, kind);
    }
    assert_eq!(guest.readlink(dir, "direct").as_deref(), Ok("/usr/share/transom-test/file"));
    // A link of /proc's leads to the file that is open, though the root has one of that name too.
    let opened = std::fs::File::open("/etc/passwd").expect("opens");
    let through = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&opened));
    assert_ne!(guest.read_file(&through).as_deref(), Ok("root's passwd"));
}

#[test]
fn an_exec_names_the_file_in_the_root() {
    let root = root();
    let mut guest = Guest::with_root(&AARCH64, &root.0);
    let path = guest.string("/usr/absolute/file");
    let (a, b) = (guest.string("argv0"), guest.string("one"));
    let argv = guest.put([a.0, b.0, 0]);
    let syscalls::Outcome::Exec(request) = guest.outcome("execve", &[path.0, argv.0, 0]) else { panic!("no exec") };
    assert_eq!(request.path.to_bytes(), root.0.join("usr/share/transom-test/file").as_os_str().as_encoded_bytes());
    assert_eq!(request.guest_path.to_bytes(), b"/usr/absolute/file");
    assert_eq!(request.argv, [c"argv0", c"one"].map(CString::from));
    assert!(request.envp.is_empty());
    // The file is looked at before the arguments, and it is not executable.
    assert_eq!(guest.call("execve", &[path.0, 8, 0]), Err(Errno::EACCES));
    assert_eq!(guest.call("execve", &[1, argv.0, 0]), Err(Errno::EFAULT));
}

/// The spellings of this process's folder in /proc.
fn folders() -> Vec<String> {
    let link = std::fs::read_link("/proc/thread-self").expect("a link");
    let (pid, tid) = (std::process::id(), link.file_name().and_then(|name| name.to_str()).expect("a tid").to_owned());
    vec![
        "/proc/self".into(),
        format!("/proc/{pid}"),
        "/proc/thread-self".into(),
        format!("/proc/self/task/{tid}"),
        format!("/proc/{pid}/task/{tid}"),
        "/proc/self/../self".into(),
    ]
}

#[test]
fn the_program_is_found_by_every_spelling() {
    let mut guest = Guest::new(&AARCH64);
    let dir = TempDir::new("exe");
    let program = dir.0.join("program");
    std::fs::write(&program, "the program").expect("writes");
    let name = program.to_str().expect("text").to_owned();
    let image = Arc::get_mut(&mut guest.process.image).expect("not shared yet");
    image.exe = CString::new(name.clone()).expect("no zero inside");
    for folder in folders() {
        let link = format!("{folder}/exe");
        assert_eq!(guest.readlink(AT_FDCWD, &link), Ok(name.clone()), "{link}");
        assert_eq!(guest.read_file(&link).as_deref(), Ok("the program"), "{link}");
        let (path, stat) = (guest.string(&link), guest.room(128));
        guest.call("newfstatat", &[AT_FDCWD, path.0, stat.0, 0]).expect("stats");
        assert_eq!(guest.get::<Stat>(stat).size, 11, "{link}");
        let dir = guest.open(&folder).expect("opens");
        assert_eq!(guest.readlink(dir, "exe"), Ok(name.clone()), "{folder}");
        guest.call("close", &[dir]).expect("closes");
    }
    // Other files of that name are themselves.
    std::fs::write(dir.0.join("exe"), "another").expect("writes");
    let other = dir.0.join("exe").to_str().expect("text").to_owned();
    assert_eq!(guest.read_file(&other).as_deref(), Ok("another"));
    assert_eq!(
        guest.readlink(AT_FDCWD, "/proc/1/exe").ok(),
        std::fs::read_link("/proc/1/exe").ok().map(|path| path.to_str().expect("text").to_owned())
    );
}

#[test]
fn files_of_proc_in_the_guests_view() {
    let mut guest = Guest::new(&RISCV64);
    let image = Arc::get_mut(&mut guest.process.image).expect("not shared yet");
    image.cmdline = b"prog\0arg\0".to_vec();
    image.cpuinfo = syscalls::CpuInfo(Box::new(|_| "processor\t: 0\nisa\t: rv64gc\n".into()));
    image.start_stack = memory::GuestAddr(0x1234_5678);
    let code = guest.map(1, memory::Prot::READ | memory::Prot::EXEC);
    for folder in folders() {
        assert_eq!(guest.read_file(&format!("{folder}/cmdline")).as_deref(), Ok("prog\0arg\0"), "{folder}");
        let maps = guest.read_file(&format!("{folder}/maps")).expect("opens");
        assert!(maps.contains(&format!("{:08x}-", code.0)) && maps.contains(" r-xp ") && !maps.contains("paths-"));
        let stat = guest.read_file(&format!("{folder}/stat")).expect("opens");
        let after = stat.rsplit_once(") ").expect("a name").1;
        assert_eq!(after.split(' ').nth(25), Some("305419896"), "{stat}");
    }
    assert!(guest.read_file("/proc/cpuinfo").expect("opens").contains("rv64gc"));
    assert_eq!(guest.read_file("/proc/1/cmdline").ok(), std::fs::read_to_string("/proc/1/cmdline").ok());
}

#[test]
fn long_and_wrong_paths() {
    let mut guest = Guest::new(&AARCH64);
    let long = format!("/{}", "x/".repeat(3000));
    assert_eq!(guest.open(&long), Err(Errno::ENAMETOOLONG));
    assert_eq!(guest.open(&format!("/{}", "x/".repeat(1000))), Err(Errno::ENOENT));
    for pointer in [0, 8, u64::MAX, 1 << 63, 0x7fff_ffff_f000] {
        assert_eq!(guest.call("openat", &[AT_FDCWD, pointer, 0]), Err(Errno::EFAULT), "{pointer:#x}");
        assert_eq!(guest.call("readlinkat", &[AT_FDCWD, pointer, 0, 10]), Err(Errno::EFAULT));
        assert_eq!(guest.call("mkdirat", &[AT_FDCWD, pointer, 0]), Err(Errno::EFAULT));
    }
}
