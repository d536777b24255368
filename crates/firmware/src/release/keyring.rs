//! Which keys may say what: roles, and how many of each role are asked for.
//!
//! ```text
//!   { 1: product, 2: number, 3: expiry, 4: [[role, algorithm, key], ...], 5: [roots, releases, reviews] }
//! ```

use super::envelope::{Envelope, Kind, array, end, key, map};
use super::{Release, ReleaseFault, Time};
use crate::signature::{PublicKey, Verify};
use core::fmt;
use minicbor::Decoder;
use minicbor::decode::Error as DecodeError;

/// How many keys a keyring may have.
pub const MAX_KEYS: usize = 16;

/// What a key is for. A key has one role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Signs keyrings.
    Root,
    /// Signs releases.
    Release,
    /// Signs releases after reading what is in them.
    Review,
}

impl Role {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Root, Self::Release, Self::Review];

    pub(super) const fn number(self) -> u8 {
        match self {
            Self::Root => 0,
            Self::Release => 1,
            Self::Review => 2,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Root => "root",
            Self::Release => "release",
            Self::Review => "review",
        })
    }
}

/// A key and its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Key<'a> {
    /// What it is for.
    pub role: Role,
    /// The key.
    pub public: PublicKey<'a>,
}

/// How many keys of a role have to sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Thresholds {
    /// A keyring: at least one.
    pub root: u8,
    /// A release: at least one.
    pub release: u8,
    /// A release, as reviewers: none or more.
    pub review: u8,
}

impl Thresholds {
    /// How many of a role.
    #[must_use]
    pub const fn of(&self, role: Role) -> u8 {
        match role {
            Role::Root => self.root,
            Role::Release => self.release,
            Role::Review => self.review,
        }
    }
}

/// The keys of a product, in force or about to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Keyring<'a> {
    /// The product.
    pub product: u16,
    /// Its number: each is followed by the next.
    pub number: u32,
    /// When it stops counting, in seconds since the Unix epoch.
    pub expiry: u64,
    /// How many keys have to sign.
    pub thresholds: Thresholds,
    keys: [Option<Key<'a>>; MAX_KEYS],
    envelope: &'a [u8],
}

impl<'a> Keyring<'a> {
    /// The first keyring of a device, which somebody put there: its root keys have to have signed it.
    ///
    /// # Errors
    /// [`ReleaseFault`].
    pub fn first(envelope: &Envelope<'a>, verify: &impl Verify) -> Result<Self, ReleaseFault> {
        let ring = Self::unverified(envelope)?;
        ring.is_signed(envelope, Role::Root, verify)?;
        Ok(ring)
    }

    /// The keyring that follows this one: signed by the root keys of both.
    ///
    /// # Errors
    /// [`ReleaseFault`]; this one stays in force then.
    pub fn follow<'b>(
        &self,
        envelope: &Envelope<'b>,
        verify: &impl Verify,
        now: Time,
    ) -> Result<Keyring<'b>, ReleaseFault> {
        let next = Keyring::unverified(envelope)?;
        if next.product != self.product {
            return Err(ReleaseFault::Product { found: next.product, wanted: self.product });
        }
        if Some(next.number) != self.number.checked_add(1) {
            return Err(ReleaseFault::NotNext { found: next.number, current: self.number });
        }
        self.is_signed(envelope, Role::Root, verify)?;
        next.is_signed(envelope, Role::Root, verify)?;
        if now.is_past(next.expiry) {
            return Err(ReleaseFault::Expired);
        }
        Ok(next)
    }

    /// The release in an envelope, if the keys that have to have signed it.
    ///
    /// # Errors
    /// [`ReleaseFault`].
    pub fn release(
        &self,
        envelope: &Envelope<'_>,
        verify: &impl Verify,
        now: Time,
    ) -> Result<Release, ReleaseFault> {
        if envelope.kind() != Kind::Release {
            return Err(ReleaseFault::Kind);
        }
        if now.is_past(self.expiry) {
            return Err(ReleaseFault::KeyringExpired);
        }
        self.is_signed(envelope, Role::Release, verify)?;
        self.is_signed(envelope, Role::Review, verify)?;
        let release = Release::parse(envelope.payload())?;
        if release.product != self.product {
            return Err(ReleaseFault::Product { found: release.product, wanted: self.product });
        }
        if now.is_past(release.expiry) {
            return Err(ReleaseFault::Expired);
        }
        Ok(release)
    }

    /// The signed envelope that it was read from: what a device keeps when this keyring comes into force.
    #[must_use]
    pub const fn envelope(&self) -> &'a [u8] {
        self.envelope
    }

    /// Its keys.
    pub fn keys(&self) -> impl Iterator<Item = Key<'a>> {
        self.keys.into_iter().flatten()
    }

    /// How many keys of a role have signed.
    pub fn count(&self, envelope: &Envelope<'_>, role: Role, verify: &impl Verify) -> u8 {
        let signed = self
            .keys()
            .filter(|key| key.role == role && envelope.is_signed_by(&key.public, verify))
            .count();
        u8::try_from(signed).unwrap_or(u8::MAX)
    }

    fn is_signed(
        &self,
        envelope: &Envelope<'_>,
        role: Role,
        verify: &impl Verify,
    ) -> Result<(), ReleaseFault> {
        let wanted = self.thresholds.of(role);
        if wanted == 0 {
            return Ok(());
        }
        let found = self.count(envelope, role, verify);
        if found < wanted { Err(ReleaseFault::Signatures { role, found, wanted }) } else { Ok(()) }
    }

    /// What a keyring says, whoever signed it.
    ///
    /// # Errors
    /// [`ReleaseFault`].
    pub fn unverified(envelope: &Envelope<'a>) -> Result<Self, ReleaseFault> {
        if envelope.kind() != Kind::Keyring {
            return Err(ReleaseFault::Kind);
        }
        let ring = Self::parse(envelope.payload()).map_err(|_| ReleaseFault::Unreadable)?;
        let ring = Self { envelope: envelope.as_bytes(), ..ring };
        ring.check()?;
        Ok(ring)
    }

    fn parse(payload: &'a [u8]) -> Result<Self, DecodeError> {
        let mut decoder = Decoder::new(payload);
        map(&mut decoder, 5)?;
        key(&mut decoder, 1)?;
        let product = decoder.u16()?;
        key(&mut decoder, 2)?;
        let number = decoder.u32()?;
        key(&mut decoder, 3)?;
        let expiry = decoder.u64()?;
        key(&mut decoder, 4)?;
        let mut keys = [None; MAX_KEYS];
        let count = decoder.array()?.and_then(|count| usize::try_from(count).ok());
        let places = count.and_then(|count| keys.get_mut(..count));
        for place in places.ok_or(DecodeError::message("too many keys"))? {
            *place = Some(parse_key(&mut decoder)?);
        }
        key(&mut decoder, 5)?;
        array(&mut decoder, 3)?;
        let thresholds =
            Thresholds { root: decoder.u8()?, release: decoder.u8()?, review: decoder.u8()? };
        end(&decoder, payload)?;
        Ok(Self { product, number, expiry, thresholds, keys, envelope: &[] })
    }

    /// Enough keys for what it asks for, and none twice: whoever has one key counts once.
    fn check(&self) -> Result<(), ReleaseFault> {
        for role in Role::ALL {
            let found = self.keys().filter(|key| key.role == role).count();
            let found = u8::try_from(found).unwrap_or(u8::MAX);
            let wanted = self.thresholds.of(role);
            if found < wanted || (wanted == 0 && role != Role::Review) {
                return Err(ReleaseFault::Keys { role, found, wanted });
            }
        }
        let twice = |key: &Key<'_>| {
            self.keys().filter(|other| other.public.id() == key.public.id()).count() > 1
        };
        if self.keys().any(|key| twice(&key)) { Err(ReleaseFault::KeyTwice) } else { Ok(()) }
    }
}

fn parse_key<'a>(decoder: &mut Decoder<'a>) -> Result<Key<'a>, DecodeError> {
    array(decoder, 3)?;
    let number = decoder.u8()?;
    let role = Role::ALL.into_iter().find(|role| role.number() == number);
    let role = role.ok_or(DecodeError::message("role"))?;
    let algorithm = decoder.i8()?;
    let public = PublicKey::new(algorithm, decoder.bytes()?);
    Ok(Key { role, public: public.ok_or(DecodeError::message("key"))? })
}
