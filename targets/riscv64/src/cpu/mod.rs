//! The CPU: its extensions, the models one can choose, and what Linux tells programs of them.

mod hwprobe;
mod identity;
mod model;
mod table;

pub use hwprobe::hwprobe;
pub use identity::{cpuinfo, isa};
pub use model::{Cpu, CpuError, MODELS, Model, without_vectors};
pub use table::*;
