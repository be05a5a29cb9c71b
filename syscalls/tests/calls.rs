//! Calls with layouts or meanings of the guest's own.

mod support;

use memory::{Errno, GuestAddr, PAGE_SIZE, Prot, copy};
use support::{AT_FDCWD, Guest};
use syscalls::abi::{AARCH64, EpollEvent, RISCV64, Rlimit, Stat, Utsname};
use syscalls::{CloneRequest, Outcome};

#[test]
fn open_flags_of_aarch64() {
    let mut guest = Guest::new(&AARCH64);
    let dir = guest.string("/");
    let file = guest.string("/proc/self/status");
    let directory = 0o40000;
    let fd = guest.call("openat", &[AT_FDCWD, dir.0, directory]).expect("a directory");
    assert_eq!(guest.call("openat", &[AT_FDCWD, file.0, directory]), Err(Errno::ENOTDIR));
    let flags = guest.call("fcntl", &[fd, libc::F_GETFL as u64]).expect("flags");
    assert_eq!(flags & 0o740000, directory | 0o400000, "O_DIRECTORY and O_LARGEFILE in the guest's numbers");
    let link = guest.string("/proc/self");
    assert_eq!(guest.call("openat", &[AT_FDCWD, link.0, 0o100000]), Err(Errno::ELOOP));
    // O_DIRECT (packet mode) of a pipe is read back as the guest's.
    let pipe = guest.room(8);
    guest.call("pipe2", &[pipe.0, 0o200000]).expect("a pipe");
    let [_, write] = guest.get::<[i32; 2]>(pipe);
    assert_eq!(guest.call("fcntl", &[write as u64, libc::F_GETFL as u64]).map(|flags| flags & 0o200000), Ok(0o200000));
}

#[test]
fn stat_is_the_generic_one() {
    use std::os::unix::fs::MetadataExt;
    let mut guest = Guest::new(&RISCV64);
    let host = std::fs::metadata("/proc/self/exe").expect("this test");
    let fd = guest.open(std::env::current_exe().expect("this test").to_str().expect("text")).expect("opens");
    let at = guest.room(128);
    guest.call("fstat", &[fd, at.0]).expect("stats");
    let stat = guest.get::<Stat>(at);
    assert_eq!((stat.dev, stat.ino, stat.size as u64), (host.dev(), host.ino(), host.size()));
    assert_eq!((stat.mode, stat.nlink, stat.uid, stat.gid), (host.mode(), host.nlink() as u32, host.uid(), host.gid()));
    assert_eq!((stat.blksize as u64, stat.blocks as u64), (host.blksize(), host.blocks()));
    assert_eq!((stat.mtime, stat.mtime_nsec as i64), (host.mtime(), host.mtime_nsec()));
    assert_eq!(guest.call("fstat", &[fd, 8]), Err(Errno::EFAULT));
    let empty = guest.string("");
    assert_eq!(guest.call("newfstatat", &[fd, empty.0, at.0, libc::AT_EMPTY_PATH as u64]), Ok(0));
}

#[test]
fn epoll_events_are_not_packed() {
    let mut guest = Guest::new(&AARCH64);
    let poll = guest.call("epoll_create1", &[0]).expect("a poll");
    let event_fd = guest.call("eventfd2", &[1, 0]).expect("an eventfd");
    let event = EpollEvent { events: libc::EPOLLIN as u32, pad: 0xdead, data: 0x0123_4567_89ab_cdef };
    let at = guest.put(event);
    guest.call("epoll_ctl", &[poll, libc::EPOLL_CTL_ADD as u64, event_fd, at.0]).expect("adds");
    let out = guest.room(64);
    assert_eq!(guest.call("epoll_pwait", &[poll, out.0, 4, 0, 0, 8]), Ok(1));
    assert_eq!(guest.get::<EpollEvent>(out), EpollEvent { pad: 0, ..event });
    assert_eq!(guest.call("epoll_pwait", &[poll, out.0, 0, 0, 0, 8]), Err(Errno::EINVAL));
    assert_eq!(guest.call("epoll_pwait", &[poll, 8, 4, 0, 0, 8]), Err(Errno::EFAULT));
    assert_eq!(guest.call("epoll_ctl", &[poll, libc::EPOLL_CTL_MOD as u64, event_fd, 1]), Err(Errno::EFAULT));
    assert_eq!(guest.call("epoll_ctl", &[poll, libc::EPOLL_CTL_DEL as u64, event_fd, 0]), Ok(0));
}

#[test]
fn the_machine_is_the_guests() {
    for (abi, machine) in [(&AARCH64, "aarch64"), (&RISCV64, "riscv64")] {
        let mut guest = Guest::new(abi);
        let at = guest.room(390);
        guest.call("uname", &[at.0]).expect("a name");
        let name = guest.get::<Utsname>(at);
        let text =
            |field: &[u8]| field.iter().take_while(|&&byte| byte != 0).map(|&byte| byte as char).collect::<String>();
        assert_eq!((text(&name.sysname), text(&name.machine)), ("Linux".into(), machine.into()));
    }
}

#[test]
fn hidden_descriptors_are_not_there() {
    let mut guest = Guest::new(&RISCV64);
    let fd = guest.open("/").expect("opens");
    let hidden = guest.process.hidden.adopt(fd as i32).expect("moves") as u64;
    let at = guest.room(4096);
    assert_eq!(guest.call("fstat", &[hidden, at.0]), Err(Errno::EBADF));
    assert_eq!(guest.call("close", &[hidden]), Err(Errno::EBADF));
    assert_eq!(guest.call("fcntl", &[hidden, libc::F_GETFD as u64]), Err(Errno::EBADF));
    // A range around it leaves it open.
    assert_eq!(guest.call("close_range", &[hidden - 2, u64::from(u32::MAX), 0]), Ok(0));
    assert!(std::fs::metadata(format!("/proc/self/fd/{hidden}")).is_ok());
    let dir = guest.open("/proc/self/fd").expect("opens");
    let mut listed = Vec::new();
    loop {
        let len = guest.call("getdents64", &[dir, at.0, 4096]).expect("lists") as usize;
        if len == 0 {
            break;
        }
        let mut bytes = vec![0; len];
        copy::read_bytes(at, &mut bytes).expect("the test's memory");
        listed.extend(bytes);
    }
    let contains = |name: &str| listed.windows(name.len() + 1).any(|bytes| bytes == format!("{name}\0").as_bytes());
    assert!(contains("0") && !contains(&hidden.to_string()));
}

#[test]
fn limits_of_memory_are_the_guests() {
    let mut guest = Guest::new(&AARCH64);
    let resource = u64::from(libc::RLIMIT_AS);
    let used = guest.process.space.mapped_bytes();
    let limit = guest.put(Rlimit { current: used + PAGE_SIZE, maximum: u64::MAX });
    let old = guest.room(16);
    guest.call("prlimit64", &[0, resource, limit.0, old.0]).expect("sets");
    guest.call("getrlimit", &[resource, old.0]).expect("gets");
    assert_eq!(guest.get::<Rlimit>(old).current, used + PAGE_SIZE);
    let anonymous = (libc::MAP_PRIVATE | libc::MAP_ANONYMOUS) as u64;
    let map = |guest: &mut Guest, pages: u64| guest.call("mmap", &[0, pages * PAGE_SIZE, 3, anonymous, u64::MAX, 0]);
    assert_eq!(map(&mut guest, 2), Err(Errno::ENOMEM));
    assert!(map(&mut guest, 1).is_ok());
    let wrong = guest.put(Rlimit { current: 2, maximum: 1 });
    assert_eq!(guest.call("setrlimit", &[resource, wrong.0]), Err(Errno::EINVAL));
    assert!(guest.call("prlimit64", &[0, u64::from(libc::RLIMIT_NOFILE), 0, old.0]).is_ok());
}

#[test]
fn clone_and_clone3_in_one_form() {
    let mut guest = Guest::new(&RISCV64);
    let thread = libc::CLONE_VM
        | libc::CLONE_FS
        | libc::CLONE_FILES
        | libc::CLONE_SIGHAND
        | libc::CLONE_THREAD
        | libc::CLONE_SETTLS
        | libc::CLONE_PARENT_SETTID
        | libc::CLONE_CHILD_CLEARTID;
    let flags = thread as u64;
    let expected = CloneRequest {
        flags,
        stack: GuestAddr(0x2000),
        tls: 0x3000,
        parent_tid: GuestAddr(0x4000),
        child_tid: GuestAddr(0x5000),
        ..CloneRequest::default()
    };
    let Outcome::Clone(request) = guest.outcome("clone", &[flags, 0x2000, 0x4000, 0x3000, 0x5000]) else {
        panic!("no clone")
    };
    assert_eq!(*request, CloneRequest { pidfd: GuestAddr(0x4000), ..expected.clone() });
    let args = guest.put([flags, 0, 0x5000, 0x4000, 0, 0x1000, 0x1000, 0x3000, 0, 0, 0]);
    let Outcome::Clone(request) = guest.outcome("clone3", &[args.0, 88]) else { panic!("no clone") };
    assert_eq!(*request, CloneRequest { clone3: true, ..expected });
    let Outcome::Clone(request) = guest.outcome("clone", &[17, 0, 0, 0, 0]) else { panic!("no clone") };
    assert_eq!((request.flags, request.exit_signal, request.stack), (0, 17, GuestAddr::NULL));

    for (args, size, errno) in [
        ([libc::CLONE_THREAD as u64, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 88, Errno::EINVAL),
        ([17, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 88, Errno::EINVAL),
        ([0, 0, 0, 0, 17, 0x1000, 0, 0, 0, 0, 0], 64, Errno::EINVAL),
        ([0; 11], 63, Errno::EINVAL),
        ([0; 11], 4097, Errno::E2BIG),
    ] {
        let at = guest.put(args);
        assert_eq!(guest.call("clone3", &[at.0, size]), Err(errno), "{args:?}");
    }
    assert_eq!(guest.call("clone3", &[8, 88]), Err(Errno::EFAULT));
    let longer = guest.put([0u64, 0, 0, 0, 17, 0, 0, 0, 0, 0, 0, 1]);
    assert_eq!(guest.call("clone3", &[longer.0, 96]), Err(Errno::E2BIG));
}

#[test]
fn code_that_changes_is_told() {
    let mut guest = Guest::new(&RISCV64);
    let code = guest.map(2, Prot::READ | Prot::EXEC);
    let Outcome::CodeChanged { value: 0, changed } = guest.outcome("mprotect", &[code.0, PAGE_SIZE, 3]) else {
        panic!("not told")
    };
    assert_eq!(changed.ranges.len(), 1);
    let Outcome::CodeChanged { value: 0, changed } = guest.outcome("riscv_flush_icache", &[code.0 + 4, code.0 + 8, 0])
    else {
        panic!("not told")
    };
    assert!(changed.ranges[0].contains(code));
    assert_eq!(guest.call("riscv_flush_icache", &[0, 0, 2]), Err(Errno::EINVAL));
    assert_eq!(guest.call("mprotect", &[code.0, PAGE_SIZE, 0x20]), Err(Errno::EINVAL));
}

#[test]
fn hwprobe_answers_what_is_known() {
    let mut guest = Guest::new(&RISCV64);
    let image = std::sync::Arc::get_mut(&mut guest.process.image).expect("not shared yet");
    image.hwprobe =
        syscalls::HwProbe(Box::new(|key| [(3, 1), (4, 0b111)].into_iter().find(|row| row.0 == key).map(|row| row.1)));
    let pairs = guest.put([3i64, 0, 4, 0, 99, 5]);
    assert_eq!(guest.call("riscv_hwprobe", &[pairs.0, 3, 0, 0, 0]), Ok(0));
    assert_eq!(guest.get::<[i64; 6]>(pairs), [3, 1, 4, 7, -1, 0]);
    // Which CPUs have the two extensions asked for? All: an empty set is filled.
    let (pairs, cpus) = (guest.put([4i64, 0b101]), guest.put([0u64; 16]));
    assert_eq!(guest.call("riscv_hwprobe", &[pairs.0, 1, 128, cpus.0, 1]), Ok(0));
    assert_ne!(guest.get::<[u64; 16]>(cpus)[0], 0);
    let pairs = guest.put([4i64, 0b1000]);
    assert_eq!(guest.call("riscv_hwprobe", &[pairs.0, 1, 128, cpus.0, 1]), Ok(0));
    assert_eq!(guest.get::<[u64; 16]>(cpus), [0; 16]);
    assert_eq!(guest.call("riscv_hwprobe", &[8, 1, 0, 0, 0]), Err(Errno::EFAULT));
    // A set of CPUs is read, and has one that is online; pairs that are known are not written when CPUs are asked for.
    let (pairs, cpus) = (guest.put([4i64, 0b101]), guest.put([1u64, 0, u64::MAX]));
    let mut probe =
        |pairs: u64, size: u64, cpus: u64, flags: u64| guest.call("riscv_hwprobe", &[pairs, 1, size, cpus, flags]);
    assert_eq!(probe(pairs.0, 1, cpus.0, 0), Ok(0));
    assert_eq!(probe(pairs.0, 0, cpus.0, 0), Err(Errno::EINVAL));
    assert_eq!(probe(pairs.0, 8, cpus.0 + 8, 0), Err(Errno::EINVAL));
    assert_eq!(probe(pairs.0, 1, 0, 0), Err(Errno::EFAULT));
    assert_eq!(probe(pairs.0, 1, cpus.0, 2), Err(Errno::EINVAL));
    assert_eq!(probe(pairs.0, 0, cpus.0, 1), Err(Errno::EINVAL));
    assert_eq!(probe(pairs.0, 8, 0, 1), Err(Errno::EINVAL));
    assert_eq!(probe(pairs.0, 8, 8, 1), Err(Errno::EFAULT));
}

#[test]
fn tags_of_aarch64_pointers_are_ignored() {
    let mut guest = Guest::new(&AARCH64);
    let path = guest.string("/");
    assert!(guest.call("openat", &[AT_FDCWD, path.0 | 0x5a << 56, 0]).is_ok());
    let mut guest = Guest::new(&RISCV64);
    let path = guest.string("/");
    assert_eq!(guest.call("openat", &[AT_FDCWD, path.0 | 0x5a << 56, 0]), Err(Errno::EFAULT));
}

#[test]
fn semaphores_have_the_generic_layout() {
    let mut guest = Guest::new(&AARCH64);
    let id = guest.call("semget", &[0, 3, 0o600]).expect("a set");
    let at = guest.room(88);
    guest.call("semctl", &[id, 0, libc::IPC_STAT as u64, at.0]).expect("stats");
    assert_eq!(guest.get::<[u64; 11]>(at)[8], 3, "sem_nsems");
    guest.call("semctl", &[id, 0, libc::IPC_RMID as u64, 0]).expect("removes");
}

#[test]
fn absent_calls_say_enosys() {
    let mut guest = Guest::new(&AARCH64);
    for name in ["rseq", "nfsservctl", "map_shadow_stack"] {
        assert_eq!(guest.call(name, &[]), Err(Errno::ENOSYS));
    }
    let call = syscalls::Call { nr: 1000, args: [0; 6], sp: GuestAddr::NULL, pc: GuestAddr::NULL };
    let outcome = syscalls::dispatch(&guest.process, &mut guest.thread, &call);
    assert_eq!(outcome.value(), Some(Errno::ENOSYS.to_return()));
    assert!(matches!(guest.outcome("exit_group", &[0x1ff]), Outcome::ExitGroup { status: 0xff }));
}
