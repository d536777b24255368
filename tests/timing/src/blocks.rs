//! Blocks of every kind, good and bad, as anybody can make them who knows the cloud's public key.

use fastrand::Rng;
use openssl::bn::BigNum;
use openssl::error::ErrorStack;
use openssl::pkey::Public;
use openssl::rsa::{Padding, Rsa};
use pintle_protocol::tcp::{BLOCK, CLAIM, DevicePublicKey, NONCE};

/// What is good or bad about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Nothing is wrong with it.
    Good,
    /// Nothing is wrong with it either, but it is the same each time.
    Same,
    /// The padding is good, the nonce another's.
    Nonce,
    /// The padding is good, the text of before 2014: without a key.
    Short,
    /// The padding is good, the text a byte too long.
    Long,
    /// It begins with another byte than 0.
    Start,
    /// Its type is 1, as that of a signature.
    Type,
    /// A zero among the first bytes of the filler.
    Filler,
    /// No zero anywhere, so the text never begins.
    Endless,
    /// Any number below the modulus.
    Noise,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Good,
        Self::Same,
        Self::Nonce,
        Self::Short,
        Self::Long,
        Self::Start,
        Self::Type,
        Self::Filler,
        Self::Endless,
        Self::Noise,
    ];

    /// What it is, for a table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Good => "good, each new",
            Self::Same => "good, always the same",
            Self::Nonce => "good padding, wrong nonce",
            Self::Short => "good padding, 52 bytes",
            Self::Long => "good padding, 215 bytes",
            Self::Start => "first byte not 0",
            Self::Type => "type not 2",
            Self::Filler => "zero in the filler",
            Self::Endless => "no end of the filler",
            Self::Noise => "any number",
        }
    }
}

/// A block and the nonce that the cloud had sent for it.
#[derive(Clone)]
pub struct Made {
    pub kind: Kind,
    pub nonce: [u8; NONCE],
    pub block: [u8; BLOCK],
}

/// Makes blocks for one cloud.
pub struct Maker {
    cloud: Rsa<Public>,
    random: Rng,
    device: DevicePublicKey,
    same: Option<Made>,
}

impl Maker {
    /// For this cloud's key and device's.
    pub fn new(cloud: Rsa<Public>, device: DevicePublicKey, seed: u64) -> Self {
        Self { cloud, random: Rng::with_seed(seed), device, same: None }
    }

    /// So many, in random order: every fourth of the kind that the others are compared with.
    pub fn fill(&mut self, made: &mut Vec<Made>, count: usize, yardstick: Kind) {
        made.clear();
        for _ in 0..count {
            let kind = self.pick(yardstick);
            made.push(self.make(kind));
        }
    }

    /// A kind by chance: this one every fourth time.
    pub fn pick(&mut self, yardstick: Kind) -> Kind {
        let others = Kind::ALL.into_iter().filter(|kind| *kind != yardstick);
        let other = self.random.choice(others.collect::<Vec<_>>()).unwrap_or(yardstick);
        if self.random.u8(..4) == 0 { yardstick } else { other }
    }

    /// A new one of this kind.
    pub fn make(&mut self, kind: Kind) -> Made {
        if let (Kind::Same, Some(same)) = (kind, &self.same) {
            return same.clone();
        }
        let mut nonce = [0; NONCE];
        self.random.fill(&mut nonce);
        let made = self.answer(kind, nonce);
        if kind == Kind::Same {
            self.same = Some(made.clone());
        }
        made
    }

    /// A new one of this kind, for a nonce that was sent.
    pub fn answer(&mut self, kind: Kind, nonce: [u8; NONCE]) -> Made {
        let plain = self.plain(kind, &nonce);
        let block = self.encrypted(&plain).expect("a number below the modulus");
        Made { kind, nonce, block }
    }

    /// What is encrypted.
    fn plain(&mut self, kind: Kind, nonce: &[u8; NONCE]) -> [u8; BLOCK] {
        let mut text = [&nonce[..], &[0; 12], self.device.as_spki()].concat();
        self.random.fill(&mut text[NONCE..NONCE + 12]);
        match kind {
            Kind::Nonce => self.random.fill(&mut text[..NONCE]),
            Kind::Short => text.truncate(52),
            Kind::Long => text.push(0),
            _ => {}
        }
        let mut plain = self.padded(&text);
        match kind {
            // Not more than the modulus begins with.
            Kind::Start => plain[0] = self.random.u8(1..0x80),
            Kind::Type => plain[1] = 1,
            Kind::Filler => plain[self.random.usize(2..10)] = 0,
            Kind::Endless => self.without_zero(&mut plain[2..]),
            Kind::Noise => {
                self.random.fill(&mut plain);
                plain[0] &= 0x7f;
            }
            _ => {}
        }
        plain
    }

    fn padded(&mut self, text: &[u8]) -> [u8; BLOCK] {
        let mut plain = [0; BLOCK];
        let (padding, place) = plain.split_at_mut(BLOCK - text.len());
        place.copy_from_slice(text);
        let last = padding.len() - 1;
        padding[1] = 2;
        self.without_zero(&mut padding[2..last]);
        plain
    }

    fn without_zero(&mut self, bytes: &mut [u8]) {
        bytes.fill_with(|| self.random.u8(1..));
    }

    fn encrypted(&self, plain: &[u8; BLOCK]) -> Result<[u8; BLOCK], ErrorStack> {
        let mut block = [0; BLOCK];
        self.cloud.public_encrypt(plain, &mut block, Padding::NONE)?;
        Ok(block)
    }
}

/// A cloud's public key for making blocks.
pub fn public_key(modulus: &[u8; BLOCK]) -> Result<Rsa<Public>, ErrorStack> {
    Rsa::from_public_components(BigNum::from_slice(modulus)?, BigNum::from_u32(65537)?)
}

const _: () = assert!(NONCE + 12 + DevicePublicKey::SIZE == CLAIM);

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_protocol::tcp::CloudRsa;
    use pintle_rsa::{CloudKey, DeviceKey};

    #[test]
    fn blocks_are_what_they_are_said_to_be() {
        let cloud = CloudKey::generate().unwrap();
        let device = *DeviceKey::generate().unwrap().public();
        let public = public_key(cloud.public().modulus()).unwrap();
        let mut maker = Maker::new(public, device, 1);
        for kind in Kind::ALL {
            let made = maker.make(kind);
            let opened = cloud.open(&made.block, &[0xee; CLAIM]);
            let valid = matches!(kind, Kind::Good | Kind::Same | Kind::Nonce);
            assert_eq!(bool::from(opened.valid), valid, "{kind:?}");
            let nonce = opened.bytes[..NONCE] == made.nonce;
            assert_eq!(nonce, matches!(kind, Kind::Good | Kind::Same), "{kind:?}");
        }
        let same = maker.make(Kind::Same);
        assert!(same.block == maker.make(Kind::Same).block);
        assert!(maker.make(Kind::Good).block != maker.make(Kind::Good).block);
    }
}
