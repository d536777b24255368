//! Extensions of prefix and suffix: type and length, two bytes each, then what the type says. The length counts
//! itself and the type.

use super::{Dependency, Product};
use crate::Digest;
use crate::little::{array, u8_at, u16_at, u32_at};

/// One extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extension<'a> {
    /// The end of the list, and padding.
    End {
        /// Bytes of padding.
        padding: usize,
    },
    /// The product and its version.
    Product(Product),
    /// Where the module and its library table were linked to.
    DynamicLocation {
        /// Where the module starts.
        start: u32,
        /// Where its library table is loaded from.
        table_from: u32,
        /// Where its library table is used.
        table_at: u32,
    },
    /// What has to be on the device besides.
    Dependency {
        /// The module.
        dependency: Dependency,
        /// The processor it is for.
        target: u32,
    },
    /// A hash of an asset's content.
    Hash(Digest),
    /// An asset's name.
    Name(&'a str),
    /// An asset that the application wants.
    Asset {
        /// The hash of its content.
        hash: Digest,
        /// Its name.
        name: &'a str,
    },
    /// How a protected device is to be opened.
    Security {
        /// The mode.
        mode: u8,
        /// The certificate, perhaps empty.
        certificate: &'a [u8],
    },
    /// What an asset is for.
    AssetKind(u8),
    /// A type that is not known here.
    Unknown {
        /// The type.
        kind: u16,
        /// Its data.
        data: &'a [u8],
    },
}

const END: u16 = 0x0000;
const PRODUCT: u16 = 0x0001;
const DYNAMIC_LOCATION: u16 = 0x0002;
const DEPENDENCY: u16 = 0x0003;
const HASH: u16 = 0x0010;
const NAME: u16 = 0x0011;
const ASSET: u16 = 0x0012;
const SECURITY: u16 = 0x0013;
const ASSET_KIND: u16 = 0x0014;

/// Type and length.
const HEADER: usize = 4;

/// SHA-256: type of the hash and its length.
const SHA256: [u8; 2] = [0, 32];

impl<'a> Extension<'a> {
    fn read(kind: u16, data: &'a [u8]) -> Option<Self> {
        Some(match kind {
            END => Self::End { padding: data.len() },
            PRODUCT => Self::Product(Product::read(data.get(2..)?)?),
            DYNAMIC_LOCATION => Self::DynamicLocation {
                start: u32_at(data, 0)?,
                table_from: u32_at(data, 4)?,
                table_at: u32_at(data, 8)?,
            },
            DEPENDENCY => Self::Dependency {
                dependency: Dependency::from_bytes(array(data, 0)?),
                target: u32_at(data, 4)?,
            },
            HASH => Self::Hash(hash(data)?.0),
            NAME => Self::Name(core::str::from_utf8(data).ok()?),
            ASSET => {
                let (hash, name) = hash(data)?;
                Self::Asset { hash, name: core::str::from_utf8(name).ok()? }
            }
            SECURITY => Self::Security { mode: u8_at(data, 0)?, certificate: data.get(1..)? },
            ASSET_KIND => Self::AssetKind(u8_at(data, 0)?),
            _ => Self::Unknown { kind, data },
        })
    }

    /// Appends its bytes.
    #[cfg(feature = "alloc")]
    pub(crate) fn write(&self, out: &mut alloc::vec::Vec<u8>) {
        let (kind, parts): (u16, [&[u8]; 3]) = match self {
            Self::End { padding } => {
                let length = u16::try_from(HEADER + padding).unwrap_or(u16::MAX);
                out.extend(END.to_le_bytes());
                out.extend(length.to_le_bytes());
                out.resize(out.len() + usize::from(length) - HEADER, 0);
                return;
            }
            Self::Product(product) => {
                return write(out, PRODUCT, &[&[0xff; 2], &product.to_bytes()]);
            }
            Self::DynamicLocation { start, table_from, table_at } => {
                let [a, b, c] = [start, table_from, table_at].map(|number| number.to_le_bytes());
                return write(out, DYNAMIC_LOCATION, &[&a, &b, &c]);
            }
            Self::Dependency { dependency, target } => {
                return write(out, DEPENDENCY, &[&dependency.to_bytes(), &target.to_le_bytes()]);
            }
            Self::AssetKind(kind) => return write(out, ASSET_KIND, &[&[*kind, 0]]),
            Self::Security { mode, certificate } => {
                return write(out, SECURITY, &[&[*mode], certificate]);
            }
            Self::Hash(hash) => (HASH, [&SHA256, hash.as_bytes(), &[]]),
            Self::Name(name) => (NAME, [name.as_bytes(), &[], &[]]),
            Self::Asset { hash, name } => (ASSET, [&SHA256, hash.as_bytes(), name.as_bytes()]),
            Self::Unknown { kind, data } => (*kind, [data, &[], &[]]),
        };
        write(out, kind, &parts);
    }
}

#[cfg(feature = "alloc")]
fn write(out: &mut alloc::vec::Vec<u8>, kind: u16, parts: &[&[u8]]) {
    let length = HEADER + parts.iter().map(|part| part.len()).sum::<usize>();
    out.extend(kind.to_le_bytes());
    out.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    parts.iter().for_each(|part| out.extend_from_slice(part));
}

/// A SHA-256 with its type and length, and what follows it.
fn hash(data: &[u8]) -> Option<(Digest, &[u8])> {
    let data = data.strip_prefix(&SHA256)?;
    let (hash, rest) = data.split_first_chunk()?;
    Some((Digest(*hash), rest))
}

/// Bytes that are not the extension they should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotAnExtension {
    /// The type they begin with.
    pub kind: u16,
}

/// A list of extensions, read one by one; it ends with the first that cannot be read, or at its end mark.
#[derive(Clone, Debug)]
pub struct Extensions<'a> {
    left: &'a [u8],
    /// Whether nothing more is to be read.
    done: bool,
    /// Whether the end mark was seen.
    ended: bool,
}

impl<'a> Extensions<'a> {
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self { left: bytes, done: false, ended: false }
    }

    pub(crate) const fn none() -> Self {
        Self { left: &[], done: true, ended: true }
    }

    /// Reads them all: how many bytes they take, and whether they ended with an end mark.
    pub(crate) fn measure(mut self) -> (usize, bool) {
        let all = self.left.len();
        while let Some(Ok(_)) = self.next() {}
        (all - self.left.len(), self.ended)
    }

    /// How many bytes they take.
    #[must_use]
    pub fn length(self) -> usize {
        self.measure().0
    }

    fn read(&mut self) -> Option<Extension<'a>> {
        let kind = u16_at(self.left, 0)?;
        let length = usize::from(u16_at(self.left, 2)?);
        let (all, rest) = self.left.split_at_checked(length)?;
        let extension = Extension::read(kind, all.get(HEADER..)?)?;
        self.left = rest;
        self.ended = kind == END;
        self.done = self.ended;
        Some(extension)
    }
}

impl<'a> Iterator for Extensions<'a> {
    type Item = Result<Extension<'a>, NotAnExtension>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done || self.left.is_empty() {
            return None;
        }
        let kind = u16_at(self.left, 0).unwrap_or_default();
        let read = self.read().ok_or(NotAnExtension { kind });
        self.done |= read.is_err();
        Some(read)
    }
}
