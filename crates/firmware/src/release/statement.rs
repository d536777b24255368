//! What travels with a module: a CBOR sequence (RFC 8742) of envelopes.
//!
//! ```text
//!   keyring n+1, keyring n+2, ..., release
//! ```
//!
//! Each keyring follows the one before, and the release is checked against the last. A device that has taken some of
//! the keyrings already passes over them, so one statement serves devices that stand at different ones.

use super::{Envelope, Keyring, Kind, Release, ReleaseFault, Time};
use crate::signature::Verify;

/// The longest statement, in bytes: it travels in one datagram.
pub const MAX_STATEMENT: usize = 1024;

/// What is signed about a module, as it travels with it.
#[derive(Clone, Copy, Debug)]
pub struct Statement<'a> {
    keyrings: &'a [u8],
    release: Envelope<'a>,
}

impl<'a> Statement<'a> {
    /// Reads a statement; whether its signatures hold is not asked yet. A release alone is a statement too.
    ///
    /// # Errors
    /// [`ReleaseFault::NoRelease`] for an empty one or one of keyrings alone, [`ReleaseFault::TooLong`],
    /// [`ReleaseFault::Kind`] when something follows the release, [`ReleaseFault::Unreadable`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ReleaseFault> {
        if bytes.len() > MAX_STATEMENT {
            return Err(ReleaseFault::TooLong { length: bytes.len(), limit: MAX_STATEMENT });
        }
        let mut left = bytes;
        while !left.is_empty() {
            let (envelope, rest) = Envelope::parse_first(left)?;
            match envelope.kind() {
                Kind::Keyring => left = rest,
                Kind::Release if !rest.is_empty() => return Err(ReleaseFault::Kind),
                Kind::Release => {
                    let keyrings = bytes.get(..bytes.len() - left.len()).unwrap_or_default();
                    return Ok(Self { keyrings, release: envelope });
                }
            }
        }
        Err(ReleaseFault::NoRelease)
    }

    /// The keyrings, in their order.
    pub fn keyrings(&self) -> impl Iterator<Item = Envelope<'a>> + use<'a> {
        let mut left = self.keyrings;
        core::iter::from_fn(move || {
            let (envelope, rest) = Envelope::parse_first(left).ok()?;
            left = rest;
            Some(envelope)
        })
    }

    /// The release.
    #[must_use]
    pub const fn release(&self) -> Envelope<'a> {
        self.release
    }

    /// Follows the keyrings from the one that is pinned, and checks the release against the last of them: that keyring,
    /// and what the release says. Only when this is `Ok` is a keyring with a higher number than the pinned one to be
    /// kept ([`Keyring::envelope`]) and pinned from now on.
    ///
    /// Keyrings up to the pinned one's number are passed over. One on the way may have expired, the last may not.
    ///
    /// # Errors
    /// [`ReleaseFault`]; the pinned keyring stays in force then.
    pub fn check<'b>(
        &self,
        pinned: &Keyring<'b>,
        verify: &impl Verify,
        now: Time,
    ) -> Result<(Keyring<'b>, Release), ReleaseFault>
    where
        'a: 'b,
    {
        let mut ring = *pinned;
        for envelope in self.keyrings() {
            if Keyring::unverified(&envelope)?.number > ring.number {
                // Its own time does not matter while another follows; the last one's is looked at with the release.
                ring = ring.follow(&envelope, verify, Time::Unknown)?;
            }
        }
        let release = ring.release(&self.release, verify, now)?;
        Ok((ring, release))
    }
}
