//! Names of the guest's code, for those who read traces and profiles.

use std::collections::HashMap;

use memory::space::{Backing, ObjectId};
use memory::{AddressSpace, GuestAddr};

use crate::maps::Maps;
use crate::symbols::Symbols;

/// What was read of files so far.
#[derive(Default)]
pub struct Names {
    symbols: Symbols,
    /// Paths of the files that code was met in.
    files: HashMap<ObjectId, String>,
}

/// Where an address is in a file.
pub struct Place<'a> {
    /// The file.
    pub path: &'a str,
    /// The offset in it.
    pub offset: u64,
    /// The function there.
    pub function: Option<&'a str>,
}

impl Names {
    /// Where a guest address is; `None` where no file is mapped.
    pub fn place(&mut self, space: &AddressSpace, pc: u64) -> Option<Place<'_>> {
        let backing = space.mapping_at(GuestAddr(pc))?.backing_at(GuestAddr(pc));
        let Backing::Object { id: id @ ObjectId::File { .. }, offset } = backing else { return None };
        let path = self.files.entry(id).or_insert_with(|| path_of(space, pc));
        let function = self.symbols.function(path, offset).map(|(name, _)| name);
        Some(Place { path, offset, function })
    }

    /// The function at a guest address, or nothing.
    pub fn function(&mut self, space: &AddressSpace, pc: u64) -> &str {
        self.place(space, pc).and_then(|place| place.function).unwrap_or_default()
    }
}

/// The path of the file that is mapped at `pc`.
fn path_of(space: &AddressSpace, pc: u64) -> String {
    Maps::of(space).at(pc).map(|line| line.name.clone()).unwrap_or_default()
}
