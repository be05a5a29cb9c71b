//! CPU models: the profiles of the RVA family, and the whole of what there is.

use std::fmt;

use target::{Feature, Features};

use super::table::{EXTENSIONS, GROUPS, TABLE, ZVE32X, is_extension, with_combinations};

/// A model; each has what the ones before it have.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Model {
    /// The general-purpose base.
    Rv64gc,
    /// Profile RVA20U64.
    Rva20,
    /// Profile RVA22U64.
    Rva22,
    /// Profile RVA23U64.
    Rva23,
    /// Every extension there is.
    Max,
}

/// The names of the models; the later ones of a model are qemu's.
pub const MODELS: &[(&str, Model)] = &[
    ("rv64gc", Model::Rv64gc),
    ("rva20", Model::Rva20),
    ("rva20u64", Model::Rva20),
    ("rva22", Model::Rva22),
    ("rva22u64", Model::Rva22),
    ("rva22s64", Model::Rva22),
    ("rva23", Model::Rva23),
    ("rva23u64", Model::Rva23),
    ("rva23s64", Model::Rva23),
    ("max", Model::Max),
    ("rv64", Model::Max),
    ("sifive-u54", Model::Rv64gc),
    ("shakti-c", Model::Rv64gc),
];

impl Model {
    /// Its extensions.
    pub fn features(self) -> Features {
        let mut set = Features(0);
        for feature in all().filter(|&feature| is_extension(feature) && extension(feature).from <= self) {
            set = set.with(feature);
        }
        with_combinations(set)
    }
}

fn all() -> impl Iterator<Item = Feature> {
    (0..TABLE.len() as u8).map(Feature)
}

fn extension(feature: Feature) -> &'static super::Extension {
    &EXTENSIONS[feature.0 as usize]
}

fn name(feature: Feature) -> &'static str {
    TABLE[feature.0 as usize].name
}

/// A chosen CPU.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cpu {
    /// What it has.
    pub features: Features,
}

impl Default for Cpu {
    /// Every extension there is, as qemu-user's has it.
    fn default() -> Cpu {
        Cpu::max()
    }
}

/// Why a CPU can't be had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CpuError {
    /// No model has this name.
    Model(String),
    /// No extension has this name.
    Extension(String),
    /// A part that is neither `+NAME`, `-NAME` nor `NAME=on`.
    Syntax(String),
    /// An extension that can't go: every Linux program for RISC-V may use RV64GC.
    Base(&'static str),
}

impl fmt::Display for CpuError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CpuError::Model(name) => {
                let models: Vec<_> = MODELS.iter().map(|&(name, _)| name).collect();
                write!(f, "no RISC-V CPU model `{name}`; there are {}", models.join(", "))
            }
            CpuError::Extension(name) => {
                let names: Vec<_> = all().filter(|&feature| is_extension(feature)).map(self::name).collect();
                write!(f, "no RISC-V extension `{name}`; there are {}", names.join(", "))
            }
            CpuError::Syntax(part) => {
                write!(f, "`{part}` is not a CPU feature: write `+NAME` to add it or `-NAME` to take it away")
            }
            CpuError::Base(name) => {
                write!(f, "`{name}` is part of rv64gc, which every model has: it can't be taken away")
            }
        }
    }
}

impl std::error::Error for CpuError {}

impl Cpu {
    /// With every extension there is.
    pub fn max() -> Cpu {
        Cpu { features: Model::Max.features() }
    }

    /// The CPU that `MODEL[,+NAME,-NAME,NAME=on,NAME=off…]` describes. An extension brings what it
    /// requires, and takes what requires it along when it goes.
    pub fn parse(text: &str) -> Result<Cpu, CpuError> {
        let mut parts = text.split(',');
        let model = parts.next().unwrap_or_default();
        let &(_, model) =
            MODELS.iter().find(|&&(name, _)| name == model).ok_or_else(|| CpuError::Model(model.to_owned()))?;
        let mut features = model.features();
        for part in parts {
            let (name, on) = switch(part)?;
            for feature in named(name)? {
                features = if on { add(features, feature) } else { remove(features, feature)? };
            }
        }
        Ok(Cpu { features: with_combinations(features) })
    }
}

fn switch(part: &str) -> Result<(&str, bool), CpuError> {
    if let Some(name) = part.strip_prefix('+') {
        return Ok((name, true));
    }
    if let Some(name) = part.strip_prefix('-') {
        return Ok((name, false));
    }
    match part.split_once('=') {
        Some((name, "on" | "true")) => Ok((name, true)),
        Some((name, "off" | "false")) => Ok((name, false)),
        _ => Err(CpuError::Syntax(part.to_owned())),
    }
}

fn named(wanted: &str) -> Result<Vec<Feature>, CpuError> {
    if let Some((_, features)) = GROUPS.iter().find(|(name, _)| *name == wanted) {
        return Ok(features.to_vec());
    }
    let feature = all().find(|&feature| is_extension(feature) && name(feature) == wanted);
    feature.map(|feature| vec![feature]).ok_or_else(|| CpuError::Extension(wanted.to_owned()))
}

/// The set without vectors and all that needs them.
pub fn without_vectors(set: Features) -> Features {
    remove(set, ZVE32X).unwrap_or(set)
}

fn add(set: Features, feature: Feature) -> Features {
    extension(feature).requires.iter().fold(set.with(feature), |set, &required| add(set, required))
}

fn remove(set: Features, feature: Feature) -> Result<Features, CpuError> {
    if extension(feature).from == Model::Rv64gc {
        return Err(CpuError::Base(name(feature)));
    }
    let mut dependents = all().filter(|&other| set.has(other) && extension(other).requires.contains(&feature));
    dependents.try_fold(set.without(feature), remove)
}
