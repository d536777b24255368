//! What a virtual device runs beside its system, known by the two ends of the file that it came in.

use pintle_firmware::module::{Function, Prefix, Product, Suffix};
use pintle_protocol::describe::{Module, ModuleFunction};
use pintle_protocol::update::Refusal;

/// How many bytes of each end of a file are kept: a prefix at its start, and a suffix with a product.
const KEPT: usize = 64;

/// The two ends of a file that comes from its start on.
#[derive(Default)]
pub(super) struct Ends {
    first: Vec<u8>,
    last: Vec<u8>,
}

impl Ends {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = KEPT.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
        self.last.extend_from_slice(bytes);
        let more = self.last.len().saturating_sub(KEPT);
        self.last.drain(..more);
    }
}

/// An application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Image {
    sha256: [u8; 32],
    size: u32,
    version: u16,
    index: u8,
    /// The product that it says it is of.
    pub(super) product: Option<Product>,
}

impl Image {
    /// The image that a whole file of so many bytes holds, if the device takes such a one.
    pub(super) fn of(
        ends: &Ends,
        sha256: [u8; 32],
        size: u32,
        platform: u16,
    ) -> Result<Self, Refusal> {
        let prefix = Prefix::read(&ends.first).ok_or(Refusal::FORMAT)?;
        let suffix = Suffix::at_end_of(&ends.last).ok_or(Refusal::FORMAT)?;
        if prefix.file_size() != size as usize {
            return Err(Refusal::FORMAT);
        }
        if prefix.platform.0 != platform {
            return Err(Refusal::PLATFORM);
        }
        if prefix.function != Function::USER_PART {
            return Err(Refusal::MODULE_NOT_FOUND);
        }
        let product = suffix.product.filter(|product| *product != Product::NONE);
        Ok(Self { sha256, size, version: prefix.version, index: prefix.index, product })
    }

    /// As the device's description names it.
    pub(super) fn to_module(self) -> Module {
        Module {
            function: ModuleFunction(Function::USER_PART.0),
            index: self.index,
            version: self.version,
            hash: Some(self.sha256),
            size: self.size,
            ..Module::default()
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use pintle_firmware::Digest;
    use pintle_firmware::module::{Builder, Platform};

    /// An application for the fleet's devices.
    pub(in crate::fleet) fn module(version: u16, content: &[u8]) -> Vec<u8> {
        let mut builder = Builder::new(Platform(3), Function::USER_PART, 0, content);
        builder.product = Some(Product { id: 700, version });
        builder.build()
    }

    fn image(file: &[u8], platform: u16) -> Result<Image, Refusal> {
        let mut ends = Ends::default();
        file.chunks(13).for_each(|piece| ends.push(piece));
        Image::of(&ends, Digest::of(file).0, file.len() as u32, platform)
    }

    #[test]
    fn a_module_is_known_by_its_ends() {
        let file = module(9, &[7; 1000]);
        let found = image(&file, 3).unwrap();
        assert_eq!(found.product, Some(Product { id: 700, version: 9 }));
        let described = found.to_module();
        assert_eq!((described.hash, described.function.0), (Some(Digest::of(&file).0), 5));
    }

    #[test]
    fn what_is_no_application_for_the_device_is_refused() {
        let file = module(9, &[7; 1000]);
        assert_eq!(image(&file, 12), Err(Refusal::PLATFORM));
        assert_eq!(image(&file[..500], 3), Err(Refusal::FORMAT));
        assert_eq!(image(b"short", 3), Err(Refusal::FORMAT));
        let system = Builder::new(Platform(3), Function::SYSTEM_PART, 0, &[]).build();
        assert_eq!(image(&system, 3), Err(Refusal::MODULE_NOT_FOUND));
    }
}
