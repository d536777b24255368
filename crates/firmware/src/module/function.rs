//! What a module is for, by number.

use core::fmt;

/// What a module is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Function(pub u8);

impl Function {
    /// Nothing: where a dependency is not there.
    pub const NONE: Self = Self(0);
    /// A resource.
    pub const RESOURCE: Self = Self(1);
    /// Starts what is started.
    pub const BOOTLOADER: Self = Self(2);
    /// System and application in one.
    pub const MONOLITHIC: Self = Self(3);
    /// Device OS, or a part of it.
    pub const SYSTEM_PART: Self = Self(4);
    /// The application.
    pub const USER_PART: Self = Self(5);
    /// Settings.
    pub const SETTINGS: Self = Self(6);
    /// What the network coprocessor runs.
    pub const NETWORK_COPROCESSOR: Self = Self(7);
    /// The radio's software.
    pub const RADIO_STACK: Self = Self(8);
    /// A file for the application.
    pub const ASSET: Self = Self(9);

    /// Whether modules of this function exist.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.0 <= Self::ASSET.0
    }

    /// Whether one may be deflated.
    #[must_use]
    pub const fn may_be_compressed(self) -> bool {
        matches!(self, Self::SYSTEM_PART | Self::USER_PART | Self::ASSET)
    }

    /// Its name; "unknown" for a number without one.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NONE => "none",
            Self::RESOURCE => "resource",
            Self::BOOTLOADER => "bootloader",
            Self::MONOLITHIC => "monolithic firmware",
            Self::SYSTEM_PART => "system part",
            Self::USER_PART => "user part",
            Self::SETTINGS => "settings",
            Self::NETWORK_COPROCESSOR => "network coprocessor firmware",
            Self::RADIO_STACK => "radio stack",
            Self::ASSET => "asset",
            _ => "unknown",
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}
