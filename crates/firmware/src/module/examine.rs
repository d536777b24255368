//! Everything that can be wrong with a module by itself, whatever it is for.

use super::{Extension, Extensions, Flags, Function, Module, Reason, Suffix, place_of};
use crate::Digest;

impl Module<'_> {
    /// Reports everything that is wrong with it, and with what it holds or is followed by.
    ///
    /// Compressed content is inflated and examined too where the crate has an allocator; else only its header is.
    pub fn examine(&self, report: &mut dyn FnMut(Reason)) {
        self.examine_one(report);
        self.examine_rest(report);
        self.examine_compressed(report);
        if self.prefix().function == Function::ASSET {
            self.examine_asset(report);
        }
    }

    /// Whether nothing is wrong with it.
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.first_fault().is_none()
    }

    /// The first thing that is wrong with it.
    #[must_use]
    pub fn first_fault(&self) -> Option<Reason> {
        let mut first = None;
        self.examine(&mut |reason| first = first.or(Some(reason)));
        first
    }

    /// All that is wrong with it.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn faults(&self) -> alloc::vec::Vec<Reason> {
        let mut faults = alloc::vec::Vec::new();
        self.examine(&mut |reason| faults.push(reason));
        faults
    }

    /// Its own bytes, without what it holds or is followed by.
    fn examine_one(&self, report: &mut dyn FnMut(Reason)) {
        let prefix = self.prefix();
        let (start, end) = (prefix.start, prefix.end);
        if start >= end {
            report(Reason::AddressOrder { start, end });
        }
        if !self.is_whole() {
            report(Reason::Size { declared: prefix.file_size(), actual: self.bytes().len() });
        }
        let (stored, computed) = (self.stored_crc(), self.computed_crc());
        if stored != computed {
            report(Reason::Crc { stored, computed });
        }
        if self.computed_sha256() != self.suffix().sha256 {
            report(Reason::Sha256);
        }
        self.examine_names(report);
        self.examine_extensions(report);
        if place_of(prefix).is_some_and(|place| self.is_placed() && !place.holds(prefix)) {
            report(Reason::AddressRange { start, end });
        }
        let moved = prefix.flags.0 & (Flags::DROP_MODULE_INFO.0 | Flags::COMPRESSED.0) != 0;
        if moved && self.prefix_offset() != 0 {
            report(Reason::PrefixOffset { offset: self.prefix_offset() });
        }
    }

    /// Whether its addresses are those it ends up at: a compressed one is written elsewhere.
    fn is_placed(&self) -> bool {
        !self.prefix().flags.contains(Flags::COMPRESSED)
    }

    fn examine_names(&self, report: &mut dyn FnMut(Reason)) {
        let prefix = self.prefix();
        if !prefix.platform.is_known() {
            report(Reason::UnknownPlatform(prefix.platform));
        }
        if !prefix.function.is_known() || prefix.function == Function::NONE {
            report(Reason::UnknownFunction(prefix.function));
        }
        if !prefix.flags.are_known() {
            report(Reason::UnknownFlags(prefix.flags.0));
        }
        prefix.dependencies.iter().filter(|one| one.is_malformed()).for_each(|one| {
            report(Reason::EmptyDependency(*one));
        });
    }

    fn examine_extensions(&self, report: &mut dyn FnMut(Reason)) {
        let size = self.suffix().size;
        let left = self.bytes().len().saturating_sub(
            self.prefix_offset() + super::Prefix::SIZE + self.prefix_extensions().length(),
        );
        if usize::from(size) < Suffix::MIN_SIZE || usize::from(size) + super::CRC_SIZE > left {
            report(Reason::SuffixSize { size });
        } else if !self.suffix().is_well_formed() {
            report(Reason::SuffixExtensions);
        }
        let (_, ended) = self.prefix_extensions().measure();
        if !ended {
            report(Reason::PrefixExtensions);
        }
    }

    fn examine_rest(&self, report: &mut dyn FnMut(Reason)) {
        if !self.prefix().flags.contains(Flags::COMBINED) {
            if !self.rest().is_empty() {
                let actual = self.bytes().len() + self.rest().len();
                report(Reason::Size { declared: self.prefix().file_size(), actual });
            }
            return;
        }
        let Some(Ok(second)) = self.next() else { return report(Reason::CombinedMissing) };
        if second.prefix().flags.contains(Flags::COMBINED) {
            return report(Reason::CombinedTooMany);
        }
        if second.first_fault().is_some() {
            report(Reason::CombinedInvalid);
        }
    }

    #[cfg(not(feature = "alloc"))]
    fn examine_compressed(&self, report: &mut dyn FnMut(Reason)) {
        match self.compressed() {
            None => {}
            Some(Err(reason)) => report(reason),
            Some(Ok(_)) => self.examine_compressible(report),
        }
    }

    #[cfg(feature = "alloc")]
    fn examine_compressed(&self, report: &mut dyn FnMut(Reason)) {
        if !self.prefix().flags.contains(Flags::COMPRESSED) {
            return;
        }
        self.examine_compressible(report);
        match self.inflate(super::MAX_INFLATED) {
            Err(reason) => report(reason),
            // Only content: there is nothing more to it than its length.
            Ok(_) if self.prefix().flags.contains(Flags::DROP_MODULE_INFO) => {}
            Ok(inner) => self.examine_inner(&inner, report),
        }
    }

    fn examine_compressible(&self, report: &mut dyn FnMut(Reason)) {
        if !self.prefix().function.may_be_compressed() {
            report(Reason::NotCompressible(self.prefix().function));
        }
    }

    /// The module that came out: one level deep, so never one that is compressed or combined again.
    #[cfg(feature = "alloc")]
    fn examine_inner(&self, inner: &[u8], report: &mut dyn FnMut(Reason)) {
        let Ok(inner) = Module::read(inner) else { return report(Reason::Inner) };
        let (outside, inside) = (self.prefix(), inner.prefix());
        let nested = inside.flags.0 & (Flags::COMPRESSED.0 | Flags::COMBINED.0) != 0;
        let mut sound = !nested && inner.rest().is_empty();
        inner.examine_one(&mut |_| sound = false);
        if !sound {
            report(Reason::Inner);
        }
        let same = outside.platform == inside.platform
            && outside.function == inside.function
            && outside.index == inside.index
            && outside.version == inside.version
            && outside.dependencies == inside.dependencies
            && self.suffix().product == inner.suffix().product;
        if !same {
            report(Reason::InnerDiffers);
        }
    }

    fn examine_asset(&self, report: &mut dyn FnMut(Reason)) {
        let flags = self.prefix().flags;
        if !flags.contains(Flags::DROP_MODULE_INFO) || flags.contains(Flags::PREFIX_EXTENSIONS) {
            report(Reason::AssetFlags);
        }
        let find = |wanted: fn(&Extension<'_>) -> bool| {
            let read = |extensions: Extensions<'_>| extensions.flatten().any(|one| wanted(&one));
            read(self.suffix_extensions())
        };
        if !find(|one| matches!(one, Extension::Name(name) if !name.is_empty())) {
            report(Reason::AssetName);
        }
        let hash = self.suffix_extensions().flatten().find_map(|one| match one {
            Extension::Hash(hash) => Some(hash),
            _ => None,
        });
        match hash {
            None => report(Reason::AssetHash),
            Some(hash) if self.asset_digest().is_some_and(|found| found != hash) => {
                report(Reason::AssetContent);
            }
            Some(_) => {}
        }
    }

    /// The digest of an asset's content; none where it cannot be inflated.
    fn asset_digest(&self) -> Option<Digest> {
        if !self.prefix().flags.contains(Flags::COMPRESSED) {
            return Some(Digest::of(self.content()));
        }
        #[cfg(feature = "alloc")]
        return self.inflate(super::MAX_INFLATED).ok().map(|content| Digest::of(&content));
        #[cfg(not(feature = "alloc"))]
        return None;
    }
}
