//! The bound on a folder's size: the files that were not used for longest go first.

use std::os::unix::fs::MetadataExt;

use super::folder::{Folder, is_ours};
use super::index::Subject;

/// Bytes of a folder if nobody says otherwise.
pub const DEFAULT_BOUND: u64 = 2 << 30;
/// A folder's size is looked at once in so many writes: the list of its files is long.
const ONE_IN: u64 = 16;
/// A file in the making that is older was left behind.
const ABANDONED_HOURS: u64 = 1;

/// Hours since the epoch.
pub fn hour_now() -> u64 {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    elapsed.map_or(0, |elapsed| elapsed.as_secs() / 3600)
}

/// Looks at a folder's size, now and then.
pub fn now_and_then(folder: &Folder, bound: u64) {
    let elapsed = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let chance = elapsed.map_or(0, |elapsed| u64::from(elapsed.subsec_nanos()) >> 7);
    if chance.is_multiple_of(ONE_IN) || bound < DEFAULT_BOUND {
        evict(folder, bound);
    }
}

/// A file in a folder.
struct Entry {
    name: String,
    bytes: u64,
    used: u64,
}

/// Brings a folder down to three quarters of its bound, if it is above it.
pub fn evict(folder: &Folder, bound: u64) {
    let mut entries = entries(folder);
    let mut total: u64 = entries.iter().map(|entry| entry.bytes).sum();
    let now = hour_now();
    for entry in entries.iter().filter(|entry| entry.name.starts_with("tmp.") && entry.used + ABANDONED_HOURS < now) {
        folder.remove(&entry.name);
    }
    if total <= bound {
        return;
    }
    entries.sort_by(|a, b| (a.used, &a.name).cmp(&(b.used, &b.name)));
    for entry in entries {
        if total <= bound / 4 * 3 {
            break;
        }
        folder.remove(&entry.name);
        total -= entry.bytes;
    }
}

fn entries(folder: &Folder) -> Vec<Entry> {
    let Ok(list) = std::fs::read_dir(folder.path()) else { return Vec::new() };
    let entry = |entry: std::fs::DirEntry| {
        let metadata = entry.metadata().ok().filter(|_| is_ours(&entry.file_name()))?;
        let subject = Subject { file: (metadata.dev(), metadata.ino()), part: (0, 0) };
        let noted = folder.index.as_ref().and_then(|index| index.noted(&subject));
        let written = metadata.mtime() as u64 / 3600;
        let used = noted.map_or(written, |[_, hour]| hour.max(written));
        Some(Entry { name: entry.file_name().into_string().ok()?, bytes: metadata.blocks() * 512, used })
    };
    list.flatten().filter_map(entry).collect()
}
