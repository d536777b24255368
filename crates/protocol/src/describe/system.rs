//! The system describe: a protobuf list of the modules in a device's flash.
//!
//! The message also has fields for the modem's IMEI, the SIM's ICCID and the modem's firmware. They name a
//! person's SIM, so they have no place in [`System`]: they are passed over as they are read and cannot be
//! written (P6). The field for the protected state is passed over too.

use alloc::string::String;
use alloc::vec::Vec;

use crate::wire::{self, Fields, Value};
use crate::{Error, MAX_NAME};

/// How many modules, assets, or dependencies of a module are taken.
const MAX_ENTRIES: usize = 64;

/// Longest asset name in bytes; a file name, so longer than the name of an event.
const MAX_ASSET_NAME: usize = 4 * MAX_NAME;

/// What a device runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    /// The modules, in the order of the device.
    pub modules: Vec<Module>,
    /// The assets it holds.
    pub assets: Vec<Asset>,
}

/// What a module is for: 2 bootloader, 3 monolithic, 4 system part, 5 user part, 7 network processor,
/// 8 radio stack, 9 asset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct ModuleFunction(pub u8);

/// One module.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Module {
    /// What it is for.
    pub function: ModuleFunction,
    /// Which of its function it is.
    pub index: u8,
    /// Its version.
    pub version: u16,
    /// Where it lies: 0 main, 1 factory, 2 backup, 3 scratchpad.
    pub store: u8,
    /// The room there, in bytes.
    pub max_size: u32,
    /// Which checks the device made: 02 integrity, 04 dependencies, 08 range, 10 platform.
    pub checked: u32,
    /// Which of them held.
    pub passed: u32,
    /// SHA-256; Device OS gives it for the user part only.
    pub hash: Option<[u8; 32]>,
    /// The modules it needs.
    pub dependencies: Vec<Dependency>,
    /// The assets it needs.
    pub assets: Vec<Asset>,
    /// Its size with the checksum, in bytes.
    pub size: u32,
    /// How it is protected, if it says.
    pub security: Option<Security>,
}

/// A module that another one needs, in this version or a later one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dependency {
    /// What it is for.
    pub function: ModuleFunction,
    /// Which of its function it is.
    pub index: u8,
    /// The least version.
    pub version: u16,
}

/// A file that goes with an application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asset {
    /// SHA-256 of the file.
    pub hash: Option<[u8; 32]>,
    /// Its name.
    pub name: String,
    /// Its size in bytes.
    pub size: u32,
    /// The bytes it takes in flash.
    pub storage_size: u32,
}

/// How a module is protected.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Security {
    /// The mode.
    pub mode: u32,
    /// Which key it is bound to, at most 64 bytes.
    pub fingerprint: Vec<u8>,
}

impl System {
    /// Reads the protobuf message.
    ///
    /// # Errors
    /// [`Error::SystemDescribe`].
    pub fn parse(message: &[u8]) -> Result<Self, Error> {
        let mut system = Self::default();
        for field in Fields::of(message) {
            match field? {
                (1, value) => push(&mut system.modules, Module::parse(value.bytes()?)?)?,
                (5, value) => push(&mut system.assets, Asset::parse(value.bytes()?)?)?,
                _ => {}
            }
        }
        Ok(system)
    }

    /// Writes the protobuf message.
    #[must_use]
    pub fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        for module in &self.modules {
            wire::bytes(&mut out, 1, &module.to_protobuf());
        }
        for asset in &self.assets {
            wire::bytes(&mut out, 5, &asset.to_protobuf());
        }
        out
    }
}

impl Module {
    fn parse(message: &[u8]) -> Result<Self, Error> {
        let mut module = Self::default();
        for field in Fields::of(message) {
            let (number, value) = field?;
            module.take(number, value)?;
        }
        Ok(module)
    }

    fn take(&mut self, number: u32, value: Value<'_>) -> Result<(), Error> {
        match number {
            1 => self.function = ModuleFunction(value.number()?),
            2 => self.index = value.number()?,
            3 => self.version = value.number()?,
            4 => self.store = value.number()?,
            5 => self.max_size = value.number()?,
            6 => self.checked = value.number()?,
            7 => self.passed = value.number()?,
            8 => self.hash = hash(value)?,
            9 => push(&mut self.dependencies, Dependency::parse(value.bytes()?)?)?,
            10 => push(&mut self.assets, Asset::parse(value.bytes()?)?)?,
            11 => self.size = value.number()?,
            12 => self.security = Some(Security::parse(value.bytes()?)?),
            _ => {}
        }
        Ok(())
    }

    fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        wire::number(&mut out, 1, self.function.0.into());
        wire::number(&mut out, 2, self.index.into());
        wire::number(&mut out, 3, self.version.into());
        wire::number(&mut out, 4, self.store.into());
        wire::number(&mut out, 5, self.max_size.into());
        wire::fixed32(&mut out, 6, self.checked);
        wire::fixed32(&mut out, 7, self.passed);
        if let Some(hash) = &self.hash {
            wire::bytes(&mut out, 8, hash);
        }
        for dependency in &self.dependencies {
            wire::bytes(&mut out, 9, &dependency.to_protobuf());
        }
        for asset in &self.assets {
            wire::bytes(&mut out, 10, &asset.to_protobuf());
        }
        wire::number(&mut out, 11, self.size.into());
        if let Some(security) = &self.security {
            wire::bytes(&mut out, 12, &security.to_protobuf());
        }
        out
    }
}

impl Dependency {
    fn parse(message: &[u8]) -> Result<Self, Error> {
        let mut dependency = Self::default();
        for field in Fields::of(message) {
            match field? {
                (1, value) => dependency.function = ModuleFunction(value.number()?),
                (2, value) => dependency.index = value.number()?,
                (3, value) => dependency.version = value.number()?,
                _ => {}
            }
        }
        Ok(dependency)
    }

    fn to_protobuf(self) -> Vec<u8> {
        let mut out = Vec::new();
        wire::number(&mut out, 1, self.function.0.into());
        wire::number(&mut out, 2, self.index.into());
        wire::number(&mut out, 3, self.version.into());
        out
    }
}

impl Asset {
    fn parse(message: &[u8]) -> Result<Self, Error> {
        let mut asset = Self::default();
        for field in Fields::of(message) {
            match field? {
                (1, value) => asset.hash = hash(value)?,
                (2, value) => asset.name = asset_name(value.bytes()?)?,
                (3, value) => asset.size = value.number()?,
                (4, value) => asset.storage_size = value.number()?,
                _ => {}
            }
        }
        Ok(asset)
    }

    fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        if let Some(hash) = &self.hash {
            wire::bytes(&mut out, 1, hash);
        }
        wire::bytes(&mut out, 2, self.name.as_bytes());
        wire::number(&mut out, 3, self.size.into());
        wire::number(&mut out, 4, self.storage_size.into());
        out
    }
}

impl Security {
    fn parse(message: &[u8]) -> Result<Self, Error> {
        let mut security = Self::default();
        for field in Fields::of(message) {
            match field? {
                (1, value) => security.mode = value.number()?,
                (2, value) => security.fingerprint = bounded(value.bytes()?, 64)?.to_vec(),
                _ => {}
            }
        }
        Ok(security)
    }

    fn to_protobuf(&self) -> Vec<u8> {
        let mut out = Vec::new();
        wire::number(&mut out, 1, self.mode.into());
        if !self.fingerprint.is_empty() {
            wire::bytes(&mut out, 2, &self.fingerprint);
        }
        out
    }
}

/// A hash field: 32 bytes, or none for "not given".
fn hash(value: Value<'_>) -> Result<Option<[u8; 32]>, Error> {
    match value.bytes()? {
        [] => Ok(None),
        bytes => bytes.try_into().map(Some).map_err(|_| Error::SystemDescribe),
    }
}

fn asset_name(bytes: &[u8]) -> Result<String, Error> {
    let text = core::str::from_utf8(bounded(bytes, MAX_ASSET_NAME)?);
    text.map(String::from).map_err(|_| Error::SystemDescribe)
}

fn bounded(bytes: &[u8], limit: usize) -> Result<&[u8], Error> {
    if bytes.len() > limit { Err(Error::SystemDescribe) } else { Ok(bytes) }
}

fn push<T>(list: &mut Vec<T>, entry: T) -> Result<(), Error> {
    if list.len() == MAX_ENTRIES {
        return Err(Error::SystemDescribe);
    }
    list.push(entry);
    Ok(())
}
