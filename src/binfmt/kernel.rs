//! The kernel's side of binfmt_misc: its file system, in which a registration is a file.

use std::ffi::CString;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::registration::Registration;

/// Where it is mounted.
const MOUNT_POINT: &str = "/proc/sys/fs/binfmt_misc";

/// binfmt_misc as this process' user namespace has it (one of its own since Linux 6.7).
pub struct Kernel {
    folder: PathBuf,
}

impl Kernel {
    /// It, where it is mounted; the error says what is missing.
    pub fn mounted() -> Result<Kernel, String> {
        let folder = PathBuf::from(MOUNT_POINT);
        match folder.join("register").exists() {
            true => Ok(Kernel { folder }),
            false if folder.exists() => Err(format!("{MOUNT_POINT} is not mounted")),
            false if !Path::new("/proc/self").exists() => Err("/proc is not mounted".into()),
            false => Err("this kernel has no binfmt_misc (CONFIG_BINFMT_MISC); try `modprobe binfmt_misc`".into()),
        }
    }

    /// It, mounted if need be.
    pub fn mount() -> Result<Kernel, String> {
        Kernel::mounted().or_else(|why| {
            let target = CString::new(MOUNT_POINT).map_err(|error| error.to_string())?;
            let flags = libc::MS_NOSUID | libc::MS_NODEV | libc::MS_NOEXEC;
            let kind = c"binfmt_misc".as_ptr();
            // SAFETY: three strings that end in zero, and no data.
            match unsafe { libc::mount(kind, target.as_ptr(), kind, flags, std::ptr::null()) } {
                0 => Kernel::mounted(),
                _ => {
                    let error = std::io::Error::last_os_error();
                    Err(format!("{why}, and can't be: {error}; run this as root, or in a user namespace of Linux 6.7"))
                }
            }
        })
    }

    /// Whether registrations are heeded at all.
    pub fn is_enabled(&self) -> bool {
        std::fs::read_to_string(self.folder.join("status")).is_ok_and(|status| status.trim() == "enabled")
    }

    /// All registrations, by name.
    pub fn registrations(&self) -> Vec<Registration> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
        let mut all: Vec<Registration> = names
            .filter(|name| !matches!(name.as_str(), "register" | "status"))
            .filter_map(|name| {
                let text = std::fs::read_to_string(self.folder.join(&name)).ok()?;
                Registration::from_kernel(&name, &text)
            })
            .collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// Registers, in place of one of the same name.
    pub fn register(&self, registration: &Registration) -> Result<(), String> {
        self.remove(&registration.name)?;
        std::fs::write(self.folder.join("register"), registration.line()).map_err(|error| {
            let interpreter = registration.interpreter.display();
            match error.kind() {
                ErrorKind::PermissionDenied => {
                    format!("can't register {}: {error}; run this as root", registration.name)
                }
                ErrorKind::NotFound => format!("can't register {}: {interpreter} is not there", registration.name),
                _ => format!("can't register {} for {interpreter}: {error}", registration.name),
            }
        })
    }

    /// Removes a registration; whether it was there.
    pub fn remove(&self, name: &str) -> Result<bool, String> {
        match std::fs::write(self.folder.join(name), "-1") {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            // Writing to a name that is not there asks to make a file, which this file system does not allow.
            Err(_) if !self.folder.join(name).exists() => Ok(false),
            Err(error) => Err(format!("can't remove {name}: {error}; run this as root")),
        }
    }
}
