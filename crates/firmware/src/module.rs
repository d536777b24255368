//! The module format of Device OS.
//!
//! A module is a file of `end - start + 4` bytes: code with a 24-byte [`Prefix`] in it (at the start, or behind a
//! vector table), then a [`Suffix`] with the SHA-256 of all before it, then a CRC-32 of all before that. Two more
//! shapes are made of modules: a compressed one holds another deflated, a combined one is followed by the next. Assets
//! are modules too: files for the application, with a name.
//!
//! [`Module::read`] borrows the file and says what it declares; [`Module::examine`] says everything that is wrong with
//! it, and [`Wanted`] what it has to be. Device OS itself checks only the CRC, the platform, addresses and
//! dependencies: who sends an update has to check the rest.

mod address;
#[cfg(feature = "alloc")]
mod build;
#[cfg(feature = "alloc")]
mod compress;
mod dependency;
mod examine;
mod extension;
mod function;
mod inflate;
mod locate;
mod platform;
mod prefix;
mod reason;
mod suffix;
mod wanted;

pub use address::{Place, place_of};
#[cfg(feature = "alloc")]
pub use build::{Asset, Builder, combine};
#[cfg(feature = "alloc")]
pub use compress::compress;
pub use dependency::{Dependency, Installed};
pub use extension::{Extension, Extensions, NotAnExtension};
pub use function::Function;
pub use inflate::Compressed;
#[cfg(feature = "alloc")]
pub use inflate::MAX_INFLATED;
pub use platform::{Mcu, Platform};
pub use prefix::{Flags, Prefix};
pub use reason::{Reason, Unreadable};
pub use suffix::{Product, Suffix};
pub use wanted::Wanted;

use crate::Digest;

/// One module, borrowed from the file it lies in.
#[derive(Clone, Copy, Debug)]
pub struct Module<'a> {
    /// All bytes that are there of it: as many as it declares, or fewer.
    bytes: &'a [u8],
    /// What follows it in the file.
    rest: &'a [u8],
    offset: usize,
    prefix: Prefix,
    suffix: Suffix<'a>,
}

impl<'a> Module<'a> {
    /// The shortest file in which a module can be: prefix, suffix and CRC-32.
    pub const MIN_SIZE: usize = Prefix::SIZE + Suffix::MIN_SIZE + CRC_SIZE;

    /// Finds the module that a file begins with. It may still be a bad one: [`Module::examine`] tells.
    ///
    /// # Errors
    /// [`Unreadable`] when the file is too short or nothing in it looks like a prefix.
    pub fn read(file: &'a [u8]) -> Result<Self, Unreadable> {
        if file.len() < Self::MIN_SIZE {
            return Err(Unreadable::TooShort { length: file.len() });
        }
        let (offset, prefix) = locate::find(file).ok_or(Unreadable::NoPrefix)?;
        // Addresses that leave no room for the module are wrong: the file's own end is a better guess.
        let size = Some(prefix.file_size()).filter(|size| *size >= offset + Self::MIN_SIZE);
        let split = size.and_then(|size| file.split_at_checked(size));
        let (bytes, rest) = split.unwrap_or((file, &[]));
        let too_short = Unreadable::TooShort { length: file.len() };
        let suffix = Suffix::at_end_of(bytes).ok_or(too_short)?;
        Ok(Self { bytes, rest, offset, prefix, suffix })
    }

    /// What it declares of itself.
    #[must_use]
    pub const fn prefix(&self) -> &Prefix {
        &self.prefix
    }

    /// Where in the file the prefix is.
    #[must_use]
    pub const fn prefix_offset(&self) -> usize {
        self.offset
    }

    /// What its end says.
    #[must_use]
    pub const fn suffix(&self) -> &Suffix<'a> {
        &self.suffix
    }

    /// Its bytes, CRC-32 included: as many as it declares, or those that are there.
    #[must_use]
    pub const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What follows it in the file: the next of combined modules, or bytes that should not be there.
    #[must_use]
    pub const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Whether it has as many bytes as it declares.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.bytes.len() == self.prefix.file_size()
    }

    /// The module that follows, when this one says that one does.
    ///
    /// # Errors
    /// [`Unreadable`] when what follows is no module.
    pub fn next(&self) -> Option<Result<Module<'a>, Unreadable>> {
        self.prefix.flags.contains(Flags::COMBINED).then(|| Module::read(self.rest))
    }

    /// The extensions behind the prefix; none unless its flags say so.
    #[must_use]
    pub fn prefix_extensions(&self) -> Extensions<'a> {
        if !self.prefix.flags.contains(Flags::PREFIX_EXTENSIONS) {
            return Extensions::none();
        }
        let end = self.bytes.len().saturating_sub(CRC_SIZE + Suffix::MIN_SIZE);
        Extensions::of(self.bytes.get(self.offset + Prefix::SIZE..end).unwrap_or_default())
    }

    /// The extensions before the suffix.
    #[must_use]
    pub fn suffix_extensions(&self) -> Extensions<'a> {
        self.suffix.extensions()
    }

    /// All extensions of both ends that can be read.
    pub fn extensions(&self) -> impl Iterator<Item = Extension<'a>> {
        let read = |extensions: Extensions<'a>| extensions.map_while(Result::ok);
        read(self.prefix_extensions()).chain(read(self.suffix_extensions()))
    }

    /// What must be on the device: the two dependencies of the prefix, and those of extensions.
    pub fn dependencies(&self) -> impl Iterator<Item = Dependency> {
        let more = self.extensions().filter_map(|extension| match extension {
            Extension::Dependency { dependency, .. } => Some(dependency),
            _ => None,
        });
        self.prefix.dependencies.into_iter().filter(|one| !one.is_none()).chain(more)
    }

    /// What lies between prefix and suffix: code, an asset's content, or a compressed module's header and stream.
    #[must_use]
    pub fn content(&self) -> &'a [u8] {
        let begin = self.offset + Prefix::SIZE + self.prefix_extensions().length();
        let end = self.bytes.len().saturating_sub(CRC_SIZE + usize::from(self.suffix.size));
        self.bytes.get(begin..end).unwrap_or_default()
    }

    /// The CRC-32 that it carries.
    #[must_use]
    pub fn stored_crc(&self) -> u32 {
        self.bytes.last_chunk().map_or(0, |crc| u32::from_be_bytes(*crc))
    }

    /// The CRC-32 that it should carry.
    #[must_use]
    pub fn computed_crc(&self) -> u32 {
        let covered = self.bytes.len().saturating_sub(CRC_SIZE);
        crc32fast::hash(self.bytes.get(..covered).unwrap_or_default())
    }

    /// The SHA-256 that its suffix should carry.
    #[must_use]
    pub fn computed_sha256(&self) -> Digest {
        let covered = self.bytes.len().saturating_sub(CRC_SIZE + Suffix::FIXED_AFTER_COVERED);
        Digest::of(self.bytes.get(..covered).unwrap_or_default())
    }
}

/// How long the CRC-32 at the end is. It is the one number that is big endian.
pub(crate) const CRC_SIZE: usize = 4;
