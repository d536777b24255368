//! What a module needs beside it, and what a device has.

use super::Function;
use core::fmt;

/// A module that has to be there, in this version or a later one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Dependency {
    /// What it is for.
    pub function: Function,
    /// Which of those.
    pub index: u8,
    /// The oldest version that will do.
    pub version: u16,
}

impl Dependency {
    /// No dependency.
    pub const NONE: Self = Self { function: Function::NONE, index: 0, version: 0 };

    /// Whether it asks for nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.function == Function::NONE
    }

    /// Whether it asks for nothing and yet names an index or a version.
    pub(crate) fn is_malformed(&self) -> bool {
        self.is_none() && *self != Self::NONE
    }

    /// Whether a module of a device is what it asks for, in a version that will do.
    #[must_use]
    pub fn is_met_by(&self, module: &Installed) -> bool {
        self.function == module.function
            && self.index == module.index
            && self.version <= module.version
    }

    pub(crate) fn from_bytes([function, index, low, high]: [u8; 4]) -> Self {
        Self { function: Function(function), index, version: u16::from_le_bytes([low, high]) }
    }

    pub(crate) fn to_bytes(self) -> [u8; 4] {
        let [low, high] = self.version.to_le_bytes();
        [self.function.0, self.index, low, high]
    }
}

impl fmt::Display for Dependency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} version {}", self.function.name(), self.index, self.version)
    }
}

/// A module that a device has, as its describe says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Installed {
    /// What it is for.
    pub function: Function,
    /// Which of those.
    pub index: u8,
    /// Its version.
    pub version: u16,
}
