//! Starting a program: from a command to the first guest instruction.

mod error;
mod image;

use std::ffi::{CStr, CString, OsString};
use std::fs::File;
use std::io::{Read, Seek};
use std::os::fd::{FromRawFd, IntoRawFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use ir::GuestState;
use memory::space::Mdwe;
use memory::{AddressSpace, Errno};
use syscalls::abi::Rlimit;
use syscalls::limits::GuestLimits;
use syscalls::paths::Roots;
use syscalls::seccomp;
use syscalls::strace::{Filter, Strace, Style};
use syscalls::{Action, Actions, HiddenFd, HiddenFds, Process, SigSet, Signal};

use crate::calls;
use crate::cli::{self, Command, Refused};
use crate::debug::Debugger;
use crate::engine::Engine;
use crate::exec::Handover;
use crate::guest::{self, Architecture, Guest};
use crate::host;
use crate::loader::{self, LoadError, Malformed, Opened, Start, Wrong, runtime};
use crate::log::Log;
use crate::machine::Machine;
use crate::options::Options;
use crate::persist::Persist;
use crate::profile::Profile;
use crate::program::{self, Found, Kind};
use crate::random::Random;
use crate::signals::{self, fatal, handler};
use crate::sysroots;
use crate::threads::{Stacks, give_back};
use crate::vcpu::Vcpu;

pub use error::Error;
use image::{describe, name_process};

/// personality(2): ADDR_NO_RANDOMIZE.
const NO_RANDOMIZE: u32 = 0x004_0000;

/// A program found, and how to run it.
struct Plan {
    options: Options,
    hidden: Arc<HiddenFds>,
    roots: Roots,
    own_program: Option<HiddenFd>,
    found: Found,
    execfn: CString,
    /// Whether a descriptor alone named it.
    nameless: bool,
    env: Vec<CString>,
    mask: SigSet,
    /// Whether it may have a parent that is traced too.
    numbered: bool,
    personality: u32,
    mdwe: Mdwe,
    /// Of its memory, as the program before had them.
    limits: Option<[Rlimit; 2]>,
    /// What it knows of the registers of the program that executed it.
    heritage: u64,
    /// Filters of system calls that outlived an execve.
    filters: seccomp::State,
    /// The architecture that it has to be for.
    only: Option<&'static Architecture>,
}

/// Starts what the command line names.
pub fn command(command: Command, env: Vec<CString>) -> Result<Vcpu, Error> {
    let hidden = HiddenFds::begin();
    let mut command = command;
    if command.lenient_sysroots {
        command.options.sysroots.retain(|path| path.is_dir());
    }
    // Code that the caller may have written must not run with rights that it does not have.
    let secure = cli::Auxiliary::of_process().secure;
    command.options.cache =
        if secure { Vec::new() } else { crate::persist::folders(std::mem::take(&mut command.options.cache)) };
    command.options.cache_bound = crate::persist::bound();
    let log = command.options.log.as_deref();
    Log::begin(log).map_err(|error| Error::Log(log.unwrap_or(Path::new("")).to_owned(), error))?;
    let roots = open_roots(&command.options, &hidden)?;
    let given = c_string(command.program);
    let name = program::look_up(&roots, &given);
    let path = program::on_host(&roots, &name);
    let fail = |error| {
        let is_named_alike = command.only.is_none() && error == Errno::ENOENT;
        let like = is_named_alike.then(|| cli::tool_like(&to_path(&name))).flatten();
        LoadError { path: to_path(&name), wrong: like.map_or(Wrong::Open(error), Wrong::NoProgram) }
    };
    let file = match command.opened {
        // SAFETY: the kernel opened it for us and for nobody else.
        Some(fd) => unsafe { File::from_raw_fd(fd) },
        None => program::open_at(libc::AT_FDCWD, &path, 0).map_err(fail)?,
    };
    let argv0 = command.argv0.map_or_else(|| given.clone(), c_string);
    let argv = std::iter::once(argv0).chain(command.args.into_iter().map(c_string)).collect();
    let found = program::find(&roots, file, path.clone(), name.clone(), argv).map_err(fail)?;
    let script = (found.path != path).then(|| to_path(&name));
    let own_program = open_own().and_then(|file| hidden.keep(file.into_raw_fd()).ok());
    start(Plan {
        hidden,
        roots,
        own_program,
        found,
        execfn: name,
        nameless: false,
        env: changed(env, command.env),
        mask: handler::inherited_mask(),
        numbered: false,
        personality: host_personality(),
        mdwe: Mdwe::empty(),
        limits: None,
        heritage: 0,
        filters: seccomp::State::default(),
        only: command.only,
        options: command.options,
    })
    .map_err(|error| match (script, error) {
        (Some(path), Error::Load(wrong)) => LoadError { path, wrong: Wrong::Script(Box::new(wrong)) }.into(),
        (_, error) => error,
    })
}

/// Goes on where an execve of the guest left off.
pub fn take_over(mut handover: Handover, env: Vec<CString>) -> Result<Vcpu, Error> {
    handover.options.cache = crate::persist::inherited(handover.options.cache);
    let hidden = HiddenFds::begin();
    // In a mount namespace that the guest made since, the roots may be out of sight: its paths are its own then.
    let roots = open_roots(&handover.options, &hidden).unwrap_or_else(|_| Roots::none());
    // SAFETY: the run before passed the descriptor for this use alone.
    let file = unsafe { File::from_raw_fd(handover.program) };
    let own_program = (handover.own >= 0).then(|| hidden.keep(handover.own).ok()).flatten();
    let path = program::name_of(&file).map(|name| c_string(name.into_os_string())).unwrap_or_default();
    let filters = match handover.filters {
        -1 => seccomp::State::default(),
        // SAFETY: as above.
        fd => read_filters(unsafe { File::from_raw_fd(fd) })?,
    };
    let vcpu = start(Plan {
        hidden,
        roots,
        own_program,
        found: Found { file, path, argv: handover.argv, kind: Kind::Guest },
        execfn: handover.execfn,
        nameless: handover.nameless,
        env,
        mask: SigSet(handover.mask),
        numbered: true,
        personality: handover.personality,
        mdwe: Mdwe::from_bits_truncate(handover.mdwe),
        limits: Some(handover.limits),
        heritage: handover.heritage,
        filters,
        only: None,
        options: handover.options,
    })?;
    vcpu.mailbox.trace.inherit(handover.traced, handover.former);
    Ok(vcpu)
}

/// Filters that can't be had back are no reason to run without them.
fn read_filters(mut file: File) -> Result<seccomp::State, Error> {
    let mut bytes = Vec::new();
    file.rewind().and_then(|()| file.read_to_end(&mut bytes)).map_err(program::errno_of)?;
    Ok(seccomp::State::decode(&bytes).ok_or(Errno::EINVAL)?)
}

fn open_roots(options: &Options, hidden: &HiddenFds) -> Result<Roots, Error> {
    Roots::open(&options.sysroots, hidden).map_err(|(path, error)| Error::Sysroot(path, error))
}

fn start(plan: Plan) -> Result<Vcpu, Error> {
    if !host::suffices() {
        return Err(Error::Host("SSE4.2, POPCNT or CMPXCHG16B"));
    }
    // As execve left them: what is ignored may be taken from here on.
    let actions = inherited_actions();
    handler::install()?;
    let name = to_path(&plan.found.path);
    let exe = plan.found.file.try_clone().map_err(program::errno_of)?;
    let opened = Opened::new(name, plan.found.file)?;
    let machine = opened.headers.header.e_machine;
    if plan.only.is_some_and(|only| only.machine != machine) && guest::is_known(machine) {
        return Err(wrong(&opened, Malformed::OtherGuest(machine)).into());
    }
    let end = plan.options.address_end.unwrap_or_else(|| runtime::address_end(&opened));
    let guest = guest::of_machine_below(machine, plan.options.cpu.as_deref(), end).map_err(Error::Cpu)?;
    let guest = guest.ok_or_else(|| wrong(&opened, Malformed::Machine(machine)))?;
    let interpreter = open_interpreter(&plan.roots, &plan.options, &opened, &guest)?;
    if !plan.mdwe.is_empty()
        && [Some(&opened), interpreter.as_ref()].into_iter().flatten().any(|file| file.headers.has_writable_code())
    {
        // The former program is gone when the kernel refuses the mapping (bprm_execve in fs/exec.c).
        fatal::die(Signal::SIGSEGV);
    }
    let limits = plan.limits.map_or_else(GuestLimits::from_host, GuestLimits::handed_over);
    let space = AddressSpace::below(end, plan.personality & NO_RANDOMIZE == 0, memory::space::Limits::NONE);
    let personality = plan.personality & !guest.abi.cleared_personality;
    space.set_read_implies_exec(personality & libc::READ_IMPLIES_EXEC as u32 != 0);
    let mut random = Random::new(plan.options.seed);
    let start = Start { execfn: plan.execfn, args: plan.found.argv, env: plan.env, random: random.bytes() };
    let of_host = || limits.get(libc::RLIMIT_STACK).map_or(8 << 20, |limit| limit.current);
    let stack_limit = plan.options.stack_size.unwrap_or_else(of_host);
    let loaded = loader::load(&space, guest.target, &opened, interpreter.as_ref(), &start, stack_limit)?;
    space.set_limits(limits.of_space());
    space.set_mdwe(plan.mdwe).map_err(Error::Setup)?; // now that the vDSO is written
    drop((opened, interpreter));

    let (target, abi) = (guest.target, guest.abi);
    let own_name = if plan.nameless { program::own_name(&exe) } else { None };
    name_process(own_name.as_deref().unwrap_or(&start.execfn));
    let image = describe(guest, &loaded, &start, exe, &plan.roots, &plan.hidden);
    let persist = Persist::open(&plan.options, target.name(), &plan.hidden);
    let log = open_log(&plan.options, &plan.hidden)?;
    if plan.options.trace.maps {
        log.write(&space.render_maps(&std::fs::read_to_string("/proc/self/maps").unwrap_or_default()));
    }
    let profile = Profile::open(plan.options.profiles, &plan.hidden, plan.numbered);
    let profile = profile.map_err(|(path, error)| Error::Log(path, error))?;
    let strace = strace(&plan.options, log, &plan.hidden, plan.numbered)?;
    let debugger = debugger(&plan.options)?;
    let calls = calls::direct(abi, &plan.hidden, strace.is_some() || debugger.is_some());
    let process = Process {
        abi,
        space: Arc::new(space),
        actions: Arc::new(actions),
        host_signals: &handler::Host,
        image: Arc::new(image),
        roots: Arc::new(plan.roots),
        hidden: plan.hidden,
        rings: Arc::default(),
        limits: Arc::new(limits),
        personality: Arc::new(AtomicU32::new(personality)),
        tagging: Arc::default(),
        seccomp: Arc::default(),
        strace,
        release: plan.options.uname.as_deref().map(Arc::from),
    };
    let machine = Box::leak(Box::new(Machine {
        engine: Engine::new(target, &plan.options, calls, persist, log, profile)?,
        debugger,
        options: plan.options,
        own_program: plan.own_program,
        sigreturn: loaded.vdso.offset(target.vdso().sigreturn).0,
        exits: memory::Lock::default(),
    }));
    let mut state = GuestState::default();
    target.start(&mut state, loaded.entry.0, loaded.stack.sp.0);
    target.inherit(&mut state, plan.heritage);
    // There are none without pointer authentication.
    let _ = target.reset_keys(&mut state, 0, &mut || random.key());
    let stacks = Stacks::new(&process.space)?;
    let mut vcpu = Vcpu::new(machine, Arc::new(process), state, stacks);
    vcpu.thread.mask = plan.mask.without(SigSet::UNBLOCKABLE);
    vcpu.thread.seccomp = vcpu.process.seccomp.begin(&plan.filters);
    Ok(vcpu)
}

fn open_log(options: &Options, hidden: &HiddenFds) -> Result<Log, Error> {
    let fail = |error| Error::Log(options.log.clone().unwrap_or_default(), error);
    Log::open(options.log.as_deref(), hidden).map_err(fail)
}

fn strace(options: &Options, log: Log, hidden: &HiddenFds, numbered: bool) -> Result<Option<Arc<Strace>>, Error> {
    if !options.strace {
        return Ok(options.crash_report.then(|| Arc::new(Strace::recording())));
    }
    let shared = match options.strace_lines {
        Some(fd) => hidden.adopt(fd).ok(),
        None => Strace::share(hidden),
    };
    let filter = Filter::parse(&options.strace_filter).map_err(|why| Error::Usage(Refused(why)))?;
    Ok(Some(Arc::new(Strace::new(log.fd, Style { filter, json: options.strace_json, numbered, shared }))))
}

fn debugger(options: &Options) -> Result<Option<Debugger>, Error> {
    let Some(place) = &options.gdb else { return Ok(None) };
    let bound = Debugger::bind(place, options.gdb_connection.as_deref());
    bound.map(Some).map_err(|error| Error::Debugger(place.clone(), program::errno_of(error)))
}

impl Vcpu {
    /// Makes the calling thread, which is the process' first, this guest thread. The vcpu must not move any more.
    pub fn settle_in(&mut self) {
        self.set_tid(give_back(0));
        signals::set_current(&raw const *self.mailbox);
        let (base, size) = self.stacks.signal();
        handler::set_stack(base, size);
        syscalls::shown::show(&self.process);
        // Without them the process ends as well, and keeps nothing.
        let _ = handler::install_ends();
        handler::set_mask(self.thread.mask.host_mask());
    }
}

fn wrong(opened: &Opened, malformed: Malformed) -> LoadError {
    LoadError { path: opened.path.clone(), wrong: Wrong::Content(malformed) }
}

/// Opens the interpreter that the program names.
fn open_interpreter(
    roots: &Roots,
    options: &Options,
    program: &Opened,
    guest: &Guest,
) -> Result<Option<Opened>, LoadError> {
    let Some(name) = &program.headers.interpreter else { return Ok(None) };
    let name = CString::new(name.as_slice()).unwrap_or_default();
    let path = program::on_host(roots, &name);
    let file = program::open_at(libc::AT_FDCWD, &path, 0).map_err(|error| {
        let architecture = guest::architecture(guest.target.elf_machine());
        let advice = architecture.map(|it| sysroots::advice(it, &to_path(&name), &options.sysroots));
        LoadError {
            path: program.path.clone(),
            wrong: Wrong::NoInterpreter(to_path(&name), error, advice.unwrap_or_default()),
        }
    })?;
    let opened = Opened::new(to_path(&path), file)?;
    let machine = opened.headers.header.e_machine;
    if machine != guest.target.elf_machine() {
        return Err(wrong(&opened, Malformed::Machine(machine)));
    }
    Ok(Some(opened))
}

fn inherited_actions() -> Actions {
    let actions = Actions::default();
    for signal in SigSet::ALL.iter().filter(|&signal| handler::is_ignored(signal)) {
        actions.inherit(signal, Action { handler: 1, ..Action::default() });
    }
    actions
}

fn host_personality() -> u32 {
    // SAFETY: asking for the personality changes nothing.
    unsafe { libc::personality(0xffff_ffff) as u32 }
}

/// Our own program's file. Where /proc is not mounted, the kernel tells the name of what was executed; if that is the
/// guest's program, binfmt_misc started us, and does so again when the guest executes another.
fn open_own() -> Option<File> {
    let open = |path: &CStr, flags| program::open_at(libc::AT_FDCWD, path, flags).ok();
    open(c"/proc/self/exe", libc::O_PATH).or_else(|| {
        // SAFETY: the auxiliary vector's string lives as long as the process.
        let name = unsafe { CStr::from_ptr(libc::getauxval(libc::AT_EXECFN) as *const _) };
        open(name, 0).filter(program::is_native)
    })
}

/// The environment with variables set or taken out. What is no variable in it goes along, as it does natively.
fn changed(mut env: Vec<CString>, changes: Vec<(OsString, Option<OsString>)>) -> Vec<CString> {
    for (name, value) in changes {
        let name = name.as_bytes();
        let is_it = |entry: &CString| entry.as_bytes().strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="));
        env.retain(|entry| !is_it(entry));
        env.extend(value.map(|value| c_string(OsString::from_vec([name, b"=", value.as_bytes()].concat()))));
    }
    env
}

/// Arguments and variables come without zeros inside.
fn c_string(text: OsString) -> CString {
    CString::new(text.into_vec()).unwrap_or_default()
}

fn to_path(name: &CStr) -> PathBuf {
    std::ffi::OsStr::from_bytes(name.to_bytes()).into()
}
