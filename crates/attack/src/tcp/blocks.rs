//! Blocks of every kind for a cloud's key: anybody can make them who knows its public half.

use crate::raid::{Raid, Tried, at_home};
use openssl::bn::BigNum;
use openssl::pkey::Public;
use openssl::rsa::{Padding, Rsa};
use pintle_protocol::tcp::{BLOCK, NONCE};
use pintle_rsa::CloudPublicKey;

/// What is wrong with a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    /// Nothing, but that nobody pinned its key.
    Sound,
    /// Its nonce is another's.
    Nonce,
    /// Its text is a byte too long.
    Long,
    /// Its text is of before 2014: without a key.
    Short,
    /// It begins with another byte than 0.
    Start,
    /// Its type is 1, as that of a signature.
    Type,
    /// A zero among the first bytes of the filler.
    Filler,
    /// No zero anywhere.
    Endless,
    /// Any number below the modulus.
    Noise,
}

impl Kind {
    pub(crate) const ALL: [Self; 9] = [
        Self::Sound,
        Self::Nonce,
        Self::Long,
        Self::Short,
        Self::Start,
        Self::Type,
        Self::Filler,
        Self::Endless,
        Self::Noise,
    ];
}

/// Makes blocks for one cloud.
pub(crate) struct Maker<'r> {
    raid: &'r Raid<'r>,
    cloud: Rsa<Public>,
    /// What comes after the nonce: an id and a key.
    claim: Vec<u8>,
}

impl<'r> Maker<'r> {
    /// For this cloud's key, with this id and public key in each block.
    pub(crate) fn new(
        raid: &'r Raid<'r>,
        cloud: &CloudPublicKey,
        id: &[u8; 12],
        spki: &[u8],
    ) -> Tried<Self> {
        let number = |bytes: &[u8]| BigNum::from_slice(bytes);
        let key = number(cloud.modulus())
            .and_then(|modulus| Rsa::from_public_components(modulus, number(&[1, 0, 1])?));
        let cloud = key.map_err(|error| at_home("the cloud's key cannot be used")(&error))?;
        Ok(Self { raid, cloud, claim: [&id[..], spki].concat() })
    }

    /// A block of this kind for a nonce.
    pub(crate) fn make(&self, kind: Kind, nonce: &[u8; NONCE]) -> Tried<[u8; BLOCK]> {
        let mut block = [0; BLOCK];
        let sealed = self.cloud.public_encrypt(&self.plain(kind, nonce), &mut block, Padding::NONE);
        sealed.map_err(|error| at_home("a block cannot be made")(&error))?;
        Ok(block)
    }

    /// What is encrypted: 00 02, filler, 00, text.
    fn plain(&self, kind: Kind, nonce: &[u8; NONCE]) -> Vec<u8> {
        let mut text = [&nonce[..], &self.claim].concat();
        match kind {
            Kind::Nonce => text.splice(..NONCE, self.raid.random::<NONCE>()).for_each(drop),
            Kind::Short => text.truncate(52),
            Kind::Long => text.push(0),
            _ => {}
        }
        let filler = BLOCK.saturating_sub(text.len() + 3);
        let filler = (0..filler).map(|_| 1 + u8::try_from(self.raid.below(255)).unwrap_or(0));
        let mut plain =
            [0, 2].into_iter().chain(filler).chain([0]).chain(text).collect::<Vec<u8>>();
        let mut put = |place: usize, byte: u8| {
            plain.get_mut(place).into_iter().for_each(|found| *found = byte);
        };
        match kind {
            // No more than a modulus begins with.
            Kind::Start => put(0, 0x21),
            Kind::Type => put(1, 1),
            Kind::Filler => put(2 + self.raid.below(8), 0),
            Kind::Endless => plain.iter_mut().skip(2).for_each(|byte| *byte = (*byte).max(1)),
            Kind::Noise => {
                plain = self.raid.random::<BLOCK>().to_vec();
                plain.iter_mut().take(1).for_each(|byte| *byte &= 0x7f);
            }
            _ => {}
        }
        plain
    }
}
