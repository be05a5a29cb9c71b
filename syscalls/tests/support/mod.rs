//! A guest process for tests of system calls: everything but the running machine.
#![allow(dead_code, reason = "each test file uses its part of this")]

use memory::space::{Limits, MapRequest};
use memory::{AddressSpace, Errno, GuestAddr, PAGE_SIZE, Pod, Prot, UserPtr, copy};
use std::ffi::CString;
use std::path::Path;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use syscalls::limits::GuestLimits;
use syscalls::paths::Roots;
use syscalls::strace::{Strace, Style};
use syscalls::table::ROWS;
use syscalls::{
    Abi, Actions, Call, HiddenFd, HiddenFds, HostAction, HostSignals, Image, Outcome, Process, Signal, Thread, dispatch,
};

/// Notes what the host was asked to do with signals.
#[derive(Default)]
pub struct Noted(pub Mutex<Vec<(Signal, HostAction)>>);

impl HostSignals for Noted {
    fn set_action(&self, signal: Signal, action: HostAction) -> Result<(), Errno> {
        self.0.lock().expect("not poisoned").push((signal, action));
        Ok(())
    }
}

/// A process with one thread and some memory.
pub struct Guest {
    pub process: Process,
    pub thread: Thread,
    pub noted: &'static Noted,
    next: GuestAddr,
    end: GuestAddr,
}

impl Guest {
    pub fn new(abi: &'static Abi) -> Guest {
        memory::fault::install_for_tests();
        let noted: &'static Noted = Box::leak(Box::default());
        let space = Arc::new(AddressSpace::new(true, Limits::NONE));
        let process = Process {
            abi,
            space,
            actions: Arc::new(Actions::default()),
            host_signals: noted,
            image: Arc::new(Image::default()),
            roots: Arc::new(Roots::none()),
            hidden: HiddenFds::begin(),
            limits: Arc::new(GuestLimits::from_host()),
            personality: Arc::new(AtomicU32::new(0)),
            tagging: Arc::default(),
            rings: Arc::default(),
            seccomp: Arc::default(),
            strace: None,
            release: None,
        };
        let mut guest = Guest {
            process,
            thread: Thread::new(1, Arc::new(AtomicU32::new(0))),
            noted,
            next: GuestAddr::NULL,
            end: GuestAddr::NULL,
        };
        guest.next = guest.map(256, Prot::READ | Prot::WRITE);
        guest.end = guest.next.offset(256 * PAGE_SIZE);
        guest
    }

    pub fn with_root(abi: &'static Abi, root: &Path) -> Guest {
        let mut guest = Guest::new(abi);
        let roots = Roots::open(&[root], &guest.process.hidden).expect("the root opens");
        guest.process.roots = Arc::new(roots);
        guest
    }

    pub fn traced(mut self, fd: i32) -> Guest {
        self.process.strace = Some(Arc::new(Strace::new(HiddenFd::Fixed(fd), Style::default())));
        self
    }

    pub fn map(&self, pages: u64, prot: Prot) -> GuestAddr {
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        let request = MapRequest { addr: GuestAddr::NULL, len: pages * PAGE_SIZE, prot, flags, fd: -1, offset: 0 };
        self.process.space.mmap(request).expect("maps").0
    }

    /// Room for `size` bytes in the guest's memory.
    pub fn room(&mut self, size: usize) -> GuestAddr {
        let at = self.next.align_up(16).expect("an address");
        self.next = at.offset(size as u64);
        assert!(self.next <= self.end, "the test's memory is used up");
        at
    }

    pub fn put<T: Pod>(&mut self, value: T) -> GuestAddr {
        let at = self.room(size_of::<T>());
        UserPtr::new(at).write(value).expect("the test's memory");
        at
    }

    pub fn put_bytes(&mut self, bytes: &[u8]) -> GuestAddr {
        let at = self.room(bytes.len());
        copy::write_bytes(at, bytes).expect("the test's memory");
        at
    }

    pub fn string(&mut self, text: &str) -> GuestAddr {
        let text = CString::new(text).expect("no zero inside");
        self.put_bytes(text.as_bytes_with_nul())
    }

    pub fn get<T: Pod>(&self, at: GuestAddr) -> T {
        copy::read(at).expect("the test's memory")
    }

    /// Makes a call by name; missing arguments are zero.
    pub fn outcome(&mut self, name: &str, args: &[u64]) -> Outcome {
        let row = ROWS.iter().find(|row| row.name == name).expect("a row of that name");
        let mut registers = [0; 6];
        registers[..args.len()].copy_from_slice(args);
        let call = Call { nr: row.nr.into(), args: registers, sp: GuestAddr::NULL, pc: GuestAddr::NULL };
        dispatch(&self.process, &mut self.thread, &call)
    }

    /// Makes a call that has a result.
    pub fn call(&mut self, name: &str, args: &[u64]) -> Result<u64, Errno> {
        let outcome = self.outcome(name, args);
        Errno::from_return(outcome.value().unwrap_or_else(|| panic!("{name}: {outcome:?}")))
    }

    /// Opens a file for reading, by path.
    pub fn open(&mut self, path: &str) -> Result<u64, Errno> {
        let path = self.string(path);
        self.call("openat", &[AT_FDCWD, path.0, libc::O_RDONLY as u64])
    }

    /// All that a descriptor reads as.
    pub fn read_all(&mut self, fd: u64) -> Vec<u8> {
        let buffer = self.room(4096);
        let mut all = Vec::new();
        loop {
            let len = self.call("read", &[fd, buffer.0, 4096]).expect("reads") as usize;
            if len == 0 {
                return all;
            }
            let mut piece = vec![0; len];
            copy::read_bytes(buffer, &mut piece).expect("the test's memory");
            all.extend_from_slice(&piece);
        }
    }

    pub fn read_file(&mut self, path: &str) -> Result<String, Errno> {
        let fd = self.open(path)?;
        let text = String::from_utf8(self.read_all(fd)).expect("text");
        self.call("close", &[fd])?;
        Ok(text)
    }

    pub fn readlink(&mut self, dir: u64, path: &str) -> Result<String, Errno> {
        let (path, buffer) = (self.string(path), self.room(4096));
        let len = self.call("readlinkat", &[dir, path.0, buffer.0, 4096])? as usize;
        let mut text = vec![0; len];
        copy::read_bytes(buffer, &mut text).expect("the test's memory");
        Ok(String::from_utf8(text).expect("text"))
    }
}

pub const AT_FDCWD: u64 = libc::AT_FDCWD as u64;

/// A new empty directory, gone when dropped.
pub struct TempDir(pub std::path::PathBuf);

impl TempDir {
    pub fn new(name: &str) -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("transom-{name}-{}-{count}", std::process::id()));
        std::fs::create_dir_all(&path).expect("makes a directory");
        TempDir(path.canonicalize().expect("exists"))
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
