//! Writing modules: for tests, for tools, and for what the cloud makes of an uploaded bundle.

use super::{CRC_SIZE, Dependency, Extension, Flags, Function, Platform, Prefix, Product, Suffix};
use crate::Digest;
use crate::little::size;
use alloc::vec::Vec;

/// What a module is made of.
#[derive(Clone, Debug)]
pub struct Builder<'a> {
    /// What it declares; its end address, and the flag of prefix extensions, are set from the rest.
    pub prefix: Prefix,
    /// What comes before the prefix: a vector table.
    pub before: &'a [u8],
    /// Extensions of the prefix, without the end mark.
    pub prefix_extensions: Vec<Extension<'a>>,
    /// Its content.
    pub content: &'a [u8],
    /// Extensions of the suffix.
    pub suffix_extensions: Vec<Extension<'a>>,
    /// The product: an extension of the suffix where it has others, else four bytes.
    pub product: Option<Product>,
}

impl<'a> Builder<'a> {
    /// A module of `content` that is loaded to `start`, without extensions.
    #[must_use]
    pub fn new(platform: Platform, function: Function, start: u32, content: &'a [u8]) -> Self {
        let prefix = Prefix {
            start,
            end: start,
            target: 0,
            flags: Flags(0),
            version: 1,
            platform,
            function,
            index: 1,
            dependencies: [Dependency::NONE; 2],
        };
        Self {
            prefix,
            before: &[],
            prefix_extensions: Vec::new(),
            content,
            suffix_extensions: Vec::new(),
            product: None,
        }
    }

    /// The module, with hashes that are right.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut prefix = self.prefix;
        if !self.prefix_extensions.is_empty() {
            prefix.flags = prefix.flags.with(Flags::PREFIX_EXTENSIONS);
        }
        let mut out = self.before.to_vec();
        out.extend(prefix.to_bytes());
        if prefix.flags.contains(Flags::PREFIX_EXTENSIONS) {
            self.prefix_extensions.iter().for_each(|one| one.write(&mut out));
            Extension::End { padding: 0 }.write(&mut out);
        }
        out.extend_from_slice(self.content);
        self.write_suffix(&mut out);
        prefix.end = prefix.start.wrapping_add(u32::try_from(out.len()).unwrap_or(u32::MAX));
        put(&mut out, self.before.len(), &prefix.to_bytes());
        out.extend([0; CRC_SIZE]);
        seal(&mut out);
        out
    }

    /// All up to the size; the SHA-256 is left for [`seal`].
    fn write_suffix(&self, out: &mut Vec<u8>) {
        let begin = out.len();
        self.suffix_extensions.iter().for_each(|one| one.write(out));
        match (self.product, self.suffix_extensions.is_empty()) {
            (Some(product), true) => out.extend(product.to_bytes()),
            (product, false) => Extension::Product(product.unwrap_or(Product::NONE)).write(out),
            (None, true) => {}
        }
        let length = out.len() - begin + Suffix::MIN_SIZE;
        out.extend([0; 2 + 32]);
        out.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    }
}

/// Puts SHA-256 and CRC-32 into a module that is otherwise complete.
pub(super) fn seal(module: &mut [u8]) {
    let Some(covered) = module.len().checked_sub(CRC_SIZE + Suffix::FIXED_AFTER_COVERED) else {
        return;
    };
    let digest = Digest::of(module.get(..covered).unwrap_or_default());
    put(module, covered, digest.as_bytes());
    let end = module.len() - CRC_SIZE;
    let crc = crc32fast::hash(module.get(..end).unwrap_or_default());
    put(module, end, &crc.to_be_bytes());
}

pub(super) fn put(out: &mut [u8], at: usize, bytes: &[u8]) {
    if let Some(place) = out.get_mut(at..at + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}

/// A file for the application.
#[derive(Clone, Copy, Debug)]
pub struct Asset<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its content.
    pub content: &'a [u8],
}

impl Asset<'_> {
    /// The asset as a module.
    #[must_use]
    pub fn build(&self) -> Vec<u8> {
        let mut builder = Builder::new(Platform(0), Function::ASSET, 0, self.content);
        builder.prefix.flags = Flags::DROP_MODULE_INFO;
        builder.prefix.version = 0;
        builder.prefix.index = 0;
        builder.suffix_extensions =
            alloc::vec![Extension::Hash(Digest::of(self.content)), Extension::Name(self.name)];
        builder.build()
    }
}

/// Two modules as one file. `None` when the first is not a module, or already combined.
#[must_use]
pub fn combine(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    let module = super::Module::read(first).ok()?;
    let mut prefix = *module.prefix();
    let fits = module.is_whole() && module.rest().is_empty();
    (fits && !prefix.flags.contains(Flags::COMBINED)).then_some(())?;
    prefix.flags = prefix.flags.with(Flags::COMBINED);
    let mut out = first.to_vec();
    put(&mut out, module.prefix_offset(), &prefix.to_bytes());
    debug_assert_eq!(out.len(), prefix.file_size(), "checked above: {}", size(prefix.end));
    seal(&mut out);
    out.extend_from_slice(second);
    Some(out)
}
