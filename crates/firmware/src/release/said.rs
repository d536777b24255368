//! What a release says.
//!
//! ```text
//!   { 1: product, 2: platform, 3: version, 4: security counter, 5: SHA-256, 6: length, 7: expiry, 8: number,
//!     9: oldest product version it goes over, 10: [[function, index, oldest version], ...] }
//! ```

use super::ReleaseFault;
use super::envelope::{Envelope, Kind, array, end, key, map};
use crate::Digest;
use crate::module::{Dependency, Function, Installed, Module, Platform};
use crate::slots::Image;
use minicbor::Decoder;
use minicbor::decode::Error as DecodeError;

/// How many modules a release may ask for.
pub const MAX_MINIMUMS: usize = 4;

/// What a release says about a module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    /// The product.
    pub product: u16,
    /// The kind of board.
    pub platform: Platform,
    /// The version in the product.
    pub version: u16,
    /// The security counter: raised when no earlier version may run any more.
    pub counter: u32,
    /// The SHA-256 of the module's file.
    pub digest: Digest,
    /// The length of the module's file in bytes.
    pub length: u32,
    /// When it stops counting, in seconds since the Unix epoch.
    pub expiry: u64,
    /// The number of this statement in its product: nothing with a lower one is taken after it.
    pub number: u32,
    /// The oldest product version that it goes over; zero for any.
    pub over: u16,
    /// Modules that have to be there, and the oldest versions that will do.
    pub minimums: [Option<Dependency>; MAX_MINIMUMS],
}

/// What is known of the device that a release is for.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// Its kind of board.
    pub platform: Platform,
    /// The product version that it runs; zero for none.
    pub version: u16,
    /// Its security counter.
    pub counter: u32,
    /// The highest number of a release that it has seen.
    pub number: u32,
    /// Its modules.
    pub installed: &'a [Installed],
}

impl Release {
    /// What identifies the image.
    #[must_use]
    pub const fn image(&self) -> Image {
        Image {
            digest: self.digest,
            length: self.length,
            counter: self.counter,
            version: self.version,
        }
    }

    /// Whether it may go onto a device.
    ///
    /// # Errors
    /// [`ReleaseFault`].
    pub fn fits(&self, device: &Known<'_>) -> Result<(), ReleaseFault> {
        if self.platform != device.platform {
            let (found, wanted) = (self.platform, device.platform);
            return Err(ReleaseFault::Platform { found, wanted });
        }
        if self.number < device.number {
            return Err(ReleaseFault::Number { found: self.number, seen: device.number });
        }
        if self.counter < device.counter {
            return Err(ReleaseFault::Counter { found: self.counter, floor: device.counter });
        }
        if device.version < self.over {
            return Err(ReleaseFault::OverVersion { found: device.version, wanted: self.over });
        }
        let missing =
            |wanted: &Dependency| !device.installed.iter().any(|one| wanted.is_met_by(one));
        match self.minimums.into_iter().flatten().find(missing) {
            Some(wanted) => Err(ReleaseFault::OverModule(wanted)),
            None => Ok(()),
        }
    }

    /// Whether a file is the one it is about.
    ///
    /// # Errors
    /// [`ReleaseFault::Image`].
    pub fn is_about(&self, file: &[u8]) -> Result<(), ReleaseFault> {
        let same = u32::try_from(file.len()) == Ok(self.length) && Digest::of(file) == self.digest;
        if same { Ok(()) } else { Err(ReleaseFault::Image) }
    }

    /// Whether a module says of itself what was signed.
    ///
    /// # Errors
    /// [`ReleaseFault::Module`].
    pub fn matches(&self, module: &Module<'_>) -> Result<(), ReleaseFault> {
        let product = module.suffix().product;
        let same = module.prefix().platform == self.platform
            && product.is_some_and(|one| one.id == self.product && one.version == self.version);
        if same { Ok(()) } else { Err(ReleaseFault::Module) }
    }

    /// What a release says, whoever signed it.
    ///
    /// # Errors
    /// [`ReleaseFault::Kind`], [`ReleaseFault::Unreadable`].
    pub fn unverified(envelope: &Envelope<'_>) -> Result<Self, ReleaseFault> {
        match envelope.kind() {
            Kind::Release => Self::parse(envelope.payload()),
            Kind::Keyring => Err(ReleaseFault::Kind),
        }
    }

    /// Reads what a signed payload says.
    pub(super) fn parse(payload: &[u8]) -> Result<Self, ReleaseFault> {
        Self::read(payload).map_err(|_| ReleaseFault::Unreadable)
    }

    fn read(payload: &[u8]) -> Result<Self, DecodeError> {
        let mut decoder = Decoder::new(payload);
        let mut next = 0;
        map(&mut decoder, 10)?;
        let mut at = |decoder: &mut Decoder<'_>| {
            next += 1;
            key(decoder, next)
        };
        at(&mut decoder)?;
        let product = decoder.u16()?;
        at(&mut decoder)?;
        let platform = Platform(decoder.u16()?);
        at(&mut decoder)?;
        let version = decoder.u16()?;
        at(&mut decoder)?;
        let counter = decoder.u32()?;
        at(&mut decoder)?;
        let digest = Digest::from_slice(decoder.bytes()?);
        let digest = digest.ok_or(DecodeError::message("digest"))?;
        at(&mut decoder)?;
        let length = decoder.u32()?;
        at(&mut decoder)?;
        let expiry = decoder.u64()?;
        at(&mut decoder)?;
        let number = decoder.u32()?;
        at(&mut decoder)?;
        let over = decoder.u16()?;
        at(&mut decoder)?;
        let minimums = read_minimums(&mut decoder)?;
        end(&decoder, payload)?;
        Ok(Self {
            product,
            platform,
            version,
            counter,
            digest,
            length,
            expiry,
            number,
            over,
            minimums,
        })
    }
}

fn read_minimums(
    decoder: &mut Decoder<'_>,
) -> Result<[Option<Dependency>; MAX_MINIMUMS], DecodeError> {
    let mut minimums = [None; MAX_MINIMUMS];
    let count = decoder.array()?.and_then(|count| usize::try_from(count).ok());
    let places = count.and_then(|count| minimums.get_mut(..count));
    for place in places.ok_or(DecodeError::message("too many minimum versions"))? {
        array(decoder, 3)?;
        *place = Some(Dependency {
            function: Function(decoder.u8()?),
            index: decoder.u8()?,
            version: decoder.u16()?,
        });
    }
    Ok(minimums)
}
