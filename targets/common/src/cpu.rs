//! CPU features: one row per extension, from which hardware capabilities, ID registers, `/proc/cpuinfo`
//! and the set of instructions that decode are all derived.

/// Index of a feature in its target's table.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Feature(pub u8);

/// A row of a target's feature table.
#[derive(Clone, Copy, Debug)]
pub struct FeatureDef {
    /// Name after `+` or `-` in `--cpu`, as the kernel's `/proc/cpuinfo` spells it where it has one.
    pub name: &'static str,
    /// What AT_HWCAP, AT_HWCAP2 and AT_HWCAP3 say of it.
    pub hwcap: [u64; 3],
    /// Whether `/proc/cpuinfo` lists it.
    pub in_cpuinfo: bool,
}

/// A set of features.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub struct Features(pub u128);

impl Features {
    /// This set and `feature`.
    #[must_use]
    pub const fn with(self, feature: Feature) -> Features {
        Features(self.0 | 1 << feature.0)
    }

    /// This set without `feature`.
    #[must_use]
    pub const fn without(self, feature: Feature) -> Features {
        Features(self.0 & !(1 << feature.0))
    }

    /// Whether `feature` is in it.
    pub const fn has(self, feature: Feature) -> bool {
        self.0 >> feature.0 & 1 != 0
    }
}
