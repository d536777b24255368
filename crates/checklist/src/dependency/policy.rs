//! What a product's profile says about what it is made of: the table `[dependencies]` of `pintle-product.toml`.

use serde::{Deserialize, Serialize};

/// What a product allows, and how quick it wants to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// Licences that it may ship under, by SPDX identifier: `MIT`, `Apache-2.0 WITH LLVM-exception`.
    pub licences: Vec<String>,
    /// Beginnings of addresses from which it takes components, beside the registries.
    pub sources: Vec<String>,
    /// Packages of npm that may run a program while they are installed.
    pub install_scripts: Vec<String>,
    /// Firmware modules that are on the devices already.
    pub modules: Vec<OnDevice>,
    /// Advisories older than this many days are too old.
    pub advisories_days: u32,
    /// Within how many days somebody has to decide what a vulnerability means to the product.
    pub decide_days: u32,
}

/// A firmware module that is on the devices already.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OnDevice {
    /// For which hardware, by number.
    pub platform: u16,
    /// Its function, by number: 4 is a part of Device OS, 2 a bootloader.
    pub function: u8,
    /// Which of those.
    pub index: u8,
    /// Its version.
    pub version: u16,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            licences: Vec::new(),
            sources: Vec::new(),
            install_scripts: Vec::new(),
            modules: Vec::new(),
            advisories_days: 30,
            decide_days: 14,
        }
    }
}
