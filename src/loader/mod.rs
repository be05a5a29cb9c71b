//! Loading a program as the kernel does (fs/binfmt_elf.c): the ELF file, its interpreter, the stack, the vDSO.

mod auxv;
pub mod header;
mod image;
pub mod runtime;
pub mod script;
mod stack;

use std::fmt;
use std::fs::File;
use std::path::PathBuf;

use memory::space::{MapRequest, Name};
use memory::{AddressSpace, Errno, GuestAddr, PAGE_SIZE, Prot, Range};
use target::Target;

pub use header::{Headers, Malformed};
pub use image::Image;
pub use stack::{Stack, Start};

/// A file that can't be loaded.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadError {
    /// Its path.
    pub path: PathBuf,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wrong {
    /// It can't be opened or read.
    Open(Errno),
    /// There is no program of this name, but a tool of one like it.
    NoProgram(&'static str),
    /// Its content.
    Content(Malformed),
    /// The interpreter that a program names can't be opened, and what to do.
    NoInterpreter(PathBuf, Errno, String),
    /// It is a script, and something is wrong with what runs it.
    Script(Box<LoadError>),
    /// The system has no place for it.
    Place(Errno),
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.path.display())?;
        match &self.wrong {
            Wrong::Open(error) => write!(f, "{error}"),
            Wrong::NoProgram(tool) => write!(f, "{}; did you mean `transom {tool}`?", Errno::ENOENT),
            Wrong::Content(malformed) => malformed.fmt(f),
            Wrong::NoInterpreter(name, error, advice) => {
                write!(f, "its interpreter {}: {error}; {advice}", name.display())
            }
            Wrong::Script(interpreter) => write!(f, "a script for {interpreter}"),
            Wrong::Place(error) => write!(f, "can't be loaded: {error}; its addresses or size don't fit"),
        }
    }
}

/// An ELF file opened, its headers checked.
pub struct Opened {
    /// Its path, for messages.
    pub path: PathBuf,
    /// The file.
    pub file: File,
    /// Its headers.
    pub headers: Headers,
}

impl Opened {
    /// Reads and checks the headers of a file.
    pub fn new(path: PathBuf, file: File) -> Result<Opened, LoadError> {
        match Headers::read(&file) {
            Ok(headers) => Ok(Opened { path, file, headers }),
            Err(malformed) => Err(LoadError { path, wrong: Wrong::Content(malformed) }),
        }
    }

    fn map(&self, space: &AddressSpace, place: GuestAddr) -> Result<Image, LoadError> {
        image::map(space, &self.file, &self.headers, place)
            .map_err(|error| LoadError { path: self.path.clone(), wrong: Wrong::Place(error) })
    }
}

/// Maps a file on its own, where a program's place is.
pub fn map_image(space: &AddressSpace, file: &Opened) -> Result<Image, LoadError> {
    file.map(space, space.layout().pie_base)
}

/// A program in memory, about to start.
pub struct Loaded {
    /// The program's addresses.
    pub span: Range,
    /// Where it starts: in its interpreter if it has one.
    pub entry: GuestAddr,
    /// Its stack.
    pub stack: Stack,
    /// The vDSO.
    pub vdso: GuestAddr,
}

/// Loads a program and its interpreter into an empty address space. `stack_limit` is RLIMIT_STACK's.
pub fn load(
    space: &AddressSpace,
    target: &dyn Target,
    program: &Opened,
    interpreter: Option<&Opened>,
    start: &Start,
    stack_limit: u64,
) -> Result<Loaded, LoadError> {
    let fail = |error| LoadError { path: program.path.clone(), wrong: Wrong::Place(error) };
    let image = program.map(space, space.layout().pie_base)?;
    let mut entry = image.entry;
    let mut base = 0;
    if let Some(interpreter) = interpreter {
        let span = interpreter.headers.span();
        let place = space.find_place(span.len(), interpreter.headers.alignment()).ok_or_else(|| fail(Errno::ENOMEM))?;
        let image = interpreter.map(space, place)?;
        (entry, base) = (image.entry, image.bias);
    }
    space.set_brk_start(image.end);
    let range = stack::map(space, stack_limit, program.headers.executable_stack()).map_err(fail)?;
    let vdso = map_vdso(space, target).map_err(fail)?;
    // SAFETY: the value of an entry of the auxiliary vector is returned as it is.
    let secure = unsafe { libc::getauxval(libc::AT_SECURE) } != 0;
    let facts = auxv::Facts { program: image, interpreter_base: base, vdso: vdso.0, secure };
    let stack = stack::fill(range, target, &facts, start).map_err(fail)?;
    let headers_span = program.headers.span();
    let span = Range { start: GuestAddr(headers_span.start.0.wrapping_add(image.bias)), end: image.end };
    Ok(Loaded { span, entry, stack, vdso })
}

/// Maps the vDSO's image.
fn map_vdso(space: &AddressSpace, target: &dyn Target) -> Result<GuestAddr, Errno> {
    let image = target.vdso().image;
    let len = (image.len() as u64).next_multiple_of(PAGE_SIZE);
    if len == 0 {
        return Ok(GuestAddr::NULL);
    }
    let place = space.find_place(len, PAGE_SIZE).ok_or(Errno::ENOMEM)?;
    let (addr, _) = space.mmap(MapRequest::anonymous(place, len, Prot::READ | Prot::WRITE))?;
    memory::write_bytes(addr, image)?;
    let (protected, _) = space.mprotect(addr, len, Prot::READ | Prot::EXEC, false);
    protected?;
    space.set_name(Range { start: addr, end: addr.offset(len) }, Name::Vdso);
    Ok(addr)
}
