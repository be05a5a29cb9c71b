//! A program: whether it can be run, and where its interpreter and libraries come from.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use goblin::elf::dynamic::{DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRSZ, DT_STRTAB};
use goblin::elf64::program_header::PT_DYNAMIC;

use super::Finding;
use crate::guest::{self, Architecture};
use crate::loader::Headers;
use crate::sysroots;

/// The most bytes of a dynamic section, or of its strings, that are read.
const MOST: u64 = 16 << 20;

/// Looks at a program under `-L`.
pub fn look_at(program: &Path, roots: &[PathBuf]) -> Vec<Finding> {
    let path = on_host(program, roots).unwrap_or_else(|| program.to_owned());
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) => return vec![Finding::bad("program", format!("{}: {error}", path.display()), "")],
    };
    let headers = match Headers::read(&file) {
        Ok(headers) => headers,
        Err(malformed) => return vec![Finding::bad("program", format!("{}: {malformed}", path.display()), "")],
    };
    let Some(architecture) = guest::architecture(headers.header.e_machine) else {
        let machine = headers.header.e_machine;
        return vec![Finding::bad("program", format!("{}: for ELF machine {machine}, no guest", path.display()), "")];
    };
    let kind = if headers.interpreter.is_some() { "dynamic" } else { "static" };
    let mut findings = vec![Finding::good("program", format!("{}: {}, {kind}", path.display(), architecture.title))];
    if let Some(name) = &headers.interpreter {
        findings.push(interpreter(architecture, Path::new(std::ffi::OsStr::from_bytes(name)), roots));
    }
    let found = libraries(architecture, &path, roots);
    findings.extend(found.into_iter().map(|(name, place)| library(architecture, &name, place)));
    findings
}

/// An absolute path of the guest's, in the first root that has it, or on the host.
fn on_host(path: &Path, roots: &[PathBuf]) -> Option<PathBuf> {
    let inside = path.strip_prefix("/").ok()?;
    let in_roots = roots.iter().map(|root| root.join(inside));
    in_roots.chain([path.to_owned()]).find(|candidate| candidate.exists())
}

fn interpreter(architecture: &Architecture, name: &Path, roots: &[PathBuf]) -> Finding {
    match on_host(name, roots) {
        Some(path) => Finding::good("interpreter", path.display().to_string()),
        None => Finding::bad(
            "interpreter",
            format!("{} is not there", name.display()),
            sysroots::advice(architecture, name, roots),
        ),
    }
}

fn library(architecture: &Architecture, name: &str, place: Option<PathBuf>) -> Finding {
    let advice = || match sysroots::package(name) {
        Some(package) => format!("on Debian: package {package}:{}, unpacked into the root of -L", architecture.debian),
        None => "put it where the interpreter looks, or name its folder by -E LD_LIBRARY_PATH=DIR".into(),
    };
    match place {
        Some(path) => Finding::good("library", format!("{name}: {}", path.display())),
        None => Finding::bad("library", format!("{name} is not there"), advice()),
    }
}

/// All libraries that a program and they themselves need, with where they are.
fn libraries(architecture: &Architecture, program: &Path, roots: &[PathBuf]) -> BTreeMap<String, Option<PathBuf>> {
    let mut found = BTreeMap::new();
    let mut open = vec![program.to_owned()];
    while let Some(file) = open.pop() {
        let dynamic = Dynamic::read(&file).unwrap_or_default();
        for name in dynamic.needed.iter().filter(|name| !found.contains_key(*name)).cloned().collect::<Vec<_>>() {
            let place =
                dynamic.folders(architecture, &file).iter().find_map(|folder| on_host(&folder.join(&name), roots));
            open.extend(place.clone());
            found.insert(name, place);
        }
    }
    found
}

/// What a file's dynamic section says of libraries.
#[derive(Default)]
struct Dynamic {
    needed: Vec<String>,
    /// Folders of DT_RPATH and DT_RUNPATH.
    paths: Vec<String>,
}

impl Dynamic {
    fn read(path: &Path) -> Option<Dynamic> {
        let file = File::open(path).ok()?;
        let headers = Headers::read(&file).ok()?;
        let section = headers.segments.iter().find(|segment| segment.p_type == PT_DYNAMIC)?;
        let bytes = read(&file, section.p_offset, section.p_filesz)?;
        let word = |bytes: &[u8]| bytes.try_into().map_or(0, u64::from_le_bytes);
        let entries: Vec<(u64, u64)> = bytes
            .chunks_exact(16)
            .map(|entry| (word(&entry[..8]), word(&entry[8..])))
            .take_while(|&(tag, _)| tag != 0)
            .collect();
        let value = |wanted| entries.iter().find(|&&(tag, _)| tag == wanted).map(|&(_, value)| value);
        let address = value(DT_STRTAB)?;
        let holder = headers.loads().find(|load| load.p_vaddr <= address && address - load.p_vaddr < load.p_filesz)?;
        let strings = read(&file, address - holder.p_vaddr + holder.p_offset, value(DT_STRSZ)?)?;
        let string = |at: u64| {
            let rest = strings.get(usize::try_from(at).ok()?..)?;
            Some(String::from_utf8_lossy(rest.split(|&byte| byte == 0).next()?).into_owned())
        };
        let of_tags = |tags: &[u64]| {
            let chosen = entries.iter().filter(|(tag, _)| tags.contains(tag));
            chosen.filter_map(|&(_, at)| string(at)).collect::<Vec<_>>()
        };
        let paths = of_tags(&[DT_RPATH, DT_RUNPATH]);
        let paths = paths.iter().flat_map(|list| list.split(':')).map(str::to_owned).collect();
        Some(Dynamic { needed: of_tags(&[DT_NEEDED]), paths })
    }

    /// Where ld.so looks (ld.so(8)): the folders that the file names, then the system's.
    fn folders(&self, architecture: &Architecture, file: &Path) -> Vec<PathBuf> {
        let origin = file.parent().unwrap_or(Path::new("/")).display().to_string();
        let own = self.paths.iter().map(|path| path.replace("${ORIGIN}", &origin).replace("$ORIGIN", &origin));
        let system = ["/lib/", "/usr/lib/"].map(|folder| format!("{folder}{}", architecture.triplet));
        let plain = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib"].map(str::to_owned);
        own.chain(system).chain(plain).map(PathBuf::from).collect()
    }
}

fn read(file: &File, offset: u64, len: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(len.min(MOST)).ok()?];
    std::os::unix::fs::FileExt::read_exact_at(file, &mut bytes, offset).ok()?;
    Some(bytes)
}
