//! What a cache's folder holds.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::persist::folder::is_ours;
use crate::persist::format::{HEADER, Header};
use crate::persist::hash::checksum;

/// A cache file.
pub struct Kept {
    /// Its path.
    pub path: PathBuf,
    /// Its name.
    pub name: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// Its header; `None` where it is damaged.
    pub header: Option<Header>,
}

impl Kept {
    /// The path of what it was translated from, as it was then.
    fn label(&self) -> String {
        let label = self.header.as_ref().and_then(|header| header.label(&self.bytes));
        label.map_or_else(|| "?".into(), |label| String::from_utf8_lossy(label).into_owned())
    }
}

/// The header of a whole file, if nothing of it is damaged and it is what its name says.
pub fn sound(name: &str, bytes: &[u8]) -> Option<Header> {
    let header = Header::decode(bytes.first_chunk::<HEADER>()?, bytes.len() as u64)?;
    let right = crate::persist::attach::name(header.key, header.generation, header.ordinal) == name;
    (right && checksum(&bytes[HEADER..]) == header.body).then_some(header)
}

fn names(folder: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut names = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if let Some(name) = entry.file_name().to_str().filter(|_| is_ours(&entry.file_name())) {
            names.push((name.to_owned(), entry.path()));
        }
    }
    names.sort();
    Ok(names)
}

/// All cache files of a folder.
pub fn kept(folder: &Path) -> Result<Vec<Kept>, String> {
    let read = |(name, path): (String, PathBuf)| {
        // One that was evicted meanwhile is none.
        let bytes = std::fs::read(&path).ok()?;
        Some(Kept { header: sound(&name, &bytes), path, name, bytes })
    };
    let files = names(folder)?.into_iter().filter(|(name, _)| !name.starts_with("tmp."));
    Ok(files.filter_map(read).collect())
}

/// A line for each.
pub fn list(folder: &Path) -> Result<String, String> {
    let mut text = String::new();
    for file in kept(folder)? {
        let (blocks, guest) = file.header.map_or((0, 0), |header| (header.count, header.guest_bytes));
        let state = if file.header.is_some() { "" } else { "  damaged" };
        // Writing to a string can't fail.
        let _ =
            writeln!(text, "{:>10} {blocks:>8} {guest:>10}  {}  {}{state}", file.bytes.len(), file.name, file.label());
    }
    Ok(match text.is_empty() {
        true => "nothing is kept\n".into(),
        false => format!("{:>10} {:>8} {:>10}  file\n{text}", "bytes", "blocks", "of guest's"),
    })
}

/// The sums.
pub fn stats(folder: &Path) -> Result<String, String> {
    let files = kept(folder)?;
    let headers = || files.iter().filter_map(|file| file.header);
    let bytes: u64 = files.iter().map(|file| file.bytes.len() as u64).sum();
    let guest: u64 = headers().map(|header| header.guest_bytes).sum();
    let blocks: u64 = headers().map(|header| u64::from(header.count)).sum();
    let bound = crate::persist::bound().unwrap_or(crate::persist::evict::DEFAULT_BOUND);
    let ratio = bytes as f64 / guest.max(1) as f64;
    Ok(format!(
        "folder                     {}\nfiles                      {}\nbytes                      {bytes}\n\
         bytes at the most          {bound}\nblocks                     {blocks}\nbytes of guest code        {guest}\n\
         bytes per byte of these    {ratio:.2}\ndamaged files              {}\n",
        folder.display(),
        files.len(),
        files.iter().filter(|file| file.header.is_none()).count(),
    ))
}

/// Removes all files of ours.
pub fn clear(folder: &Path) -> Result<String, String> {
    let names = names(folder)?;
    for (_, path) in &names {
        remove(path)?;
    }
    let index = folder.join(crate::persist::folder::INDEX);
    if index.exists() {
        remove(&index)?;
    }
    Ok(format!("{} files removed\n", names.len()))
}

fn remove(path: &Path) -> Result<(), String> {
    std::fs::remove_file(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Checks all, and removes the damaged.
pub fn verify(folder: &Path) -> Result<String, String> {
    let files = kept(folder)?;
    let mut text = String::new();
    for file in files.iter().filter(|file| file.header.is_none()) {
        remove(&file.path)?;
        // Writing to a string can't fail.
        let _ = writeln!(text, "{}: damaged, removed", file.name);
    }
    match text.is_empty() {
        true => Ok(format!("{} files, all whole\n", files.len())),
        false => Err(text.trim_end().to_owned()),
    }
}
