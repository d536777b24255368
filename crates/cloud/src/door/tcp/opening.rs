//! What an RSA thread does with a block: the same work whatever is in it.
//!
//! 1. One private operation opens it, or gives random bytes in place of what was in it.
//! 2. The id is looked up and the key's fingerprint compared with the pinned one (promise P1), in constant time. The
//!    key itself is kept nowhere: where the fingerprints are equal, the key that came is the pinned one.
//! 3. New credentials are encrypted to that key, or to a decoy's, and signed: another private operation.
//! 4. Only then is there a branch on whether it all held.
//!
//! A device without a pin may be given leave to be pinned with the key it comes with, see [`Enrolment`].

use crate::clock::now_ms;
use crate::device::{Enrolment, Roll};
use crate::pinning::Pinning;
use crate::store::pin::{NewPin, PinnedBy};
use crate::weakened::{self, Weakness};
use aws_lc_rs::digest::{SHA256, digest};
use pintle_dtls::Fingerprint;
use pintle_dtls::crypto::{AwsLc, Crypto, CryptoError};
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::server::{Block, Session};
use pintle_protocol::tcp::{ANSWER, CLAIM, Credentials, DevicePublicKey, RsaError};
use pintle_rsa::CloudKey;
use std::time::Instant;
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;
use zeroize::Zeroizing;

/// A device that may come in, if it can read the answer.
pub struct Admitted {
    /// The device.
    pub device: DeviceId,
    /// The key it was recognised by.
    pub fingerprint: Fingerprint,
    /// What to send it.
    pub answer: [u8; ANSWER],
    /// The session it will have.
    pub session: Session,
    /// Whether the key was pinned just now.
    pub enrolled: bool,
}

/// Who somebody said they were, in a block that was well made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// The device.
    pub device: DeviceId,
    /// The key that came.
    pub fingerprint: Fingerprint,
    /// Whether the device has another key pinned, rather than none.
    pub is_known: bool,
}

/// What was in a block.
pub enum Opened {
    /// A device.
    Admitted(Box<Admitted>),
    /// None that is to come in.
    Refused(Option<Box<Stranger>>),
    /// Nobody looked: its connection has ended by now.
    TooLate,
}

/// Why a block could not be dealt with at all.
#[derive(Debug, Error)]
enum Fault {
    #[error(transparent)]
    Random(#[from] CryptoError),
    #[error(transparent)]
    Rsa(#[from] RsaError),
}

/// What it takes to pin a device that has leave.
pub struct Enrolling {
    /// Who has leave.
    pub enrolment: Enrolment,
    /// The way to a pin.
    pub pinning: Pinning,
    /// Where that is awaited.
    pub runtime: tokio::runtime::Handle,
}

/// What every RSA thread shares.
pub struct Opener {
    /// The cloud's key.
    pub rsa: CloudKey,
    /// Who has which key.
    pub roll: Roll,
    /// To whom answers are encrypted that nobody gets.
    pub decoy: DevicePublicKey,
    /// How devices may be pinned with the key they come with.
    pub enrolling: Enrolling,
}

impl Opener {
    /// Opens a block.
    pub fn open(&self, block: Block) -> Opened {
        self.attempt(block).unwrap_or_else(|fault| {
            tracing::error!(error = %fault, "a handshake over TCP could not be dealt with");
            Opened::Refused(None)
        })
    }

    fn attempt(&self, block: Block) -> Result<Opened, Fault> {
        let (mut rejected, mut secret) = (Zeroizing::new([0; CLAIM]), Zeroizing::new([0; 40]));
        AwsLc.fill_random(rejected.as_mut())?;
        AwsLc.fill_random(secret.as_mut())?;
        let claim = block.open(&self.rsa, &rejected);
        let (device, key) = (claim.device_id(), *claim.public_key());
        let fingerprint = fingerprint(&key);
        let pinned = self.roll.key_of(device);
        let has_leave =
            pinned.is_none() && self.enrolling.enrolment.is_allowed(device, Instant::now());
        let is_pinned = Choice::from(u8::from(pinned.is_some()))
            & pinned
                .unwrap_or(Fingerprint::from_bytes([0; 32]))
                .as_bytes()
                .ct_eq(fingerprint.as_bytes());
        let any = weakened::is(Weakness::TcpAnyKey) && pinned.is_some();
        let taken = is_pinned | Choice::from(u8::from(has_leave)) | Choice::from(u8::from(any));
        let holds = claim.holds();
        let answer = claim.answer(taken, &self.decoy, &Credentials::new(secret), &self.rsa)?;
        let Some((device, answer, session)) = answer.admit() else {
            let is_known = pinned.is_some();
            let stranger = Stranger { device, fingerprint, is_known };
            return Ok(Opened::Refused(bool::from(holds).then(|| Box::new(stranger))));
        };
        if has_leave && !self.enrol(device, &key) {
            return Ok(Opened::Refused(None));
        }
        let admitted = Admitted { device, fingerprint, answer, session, enrolled: has_leave };
        Ok(Opened::Admitted(Box::new(admitted)))
    }

    /// Uses a device's leave up; whether its key is pinned now.
    fn enrol(&self, device: DeviceId, key: &[u8; DevicePublicKey::SIZE]) -> bool {
        let Enrolling { enrolment, pinning, runtime } = &self.enrolling;
        let Ok(key) = DevicePublicKey::from_spki(key) else { return false };
        if !enrolment.take(device, Instant::now()) {
            return false;
        }
        let pin = NewPin {
            device,
            key: key.into(),
            platform_id: None,
            owner: None,
            by: PinnedBy::Enrolment,
            at_ms: now_ms(),
        };
        match runtime.block_on(pinning.set_first(&pin)) {
            Ok(_) => {
                tracing::warn!(%device, key = %pin.key.fingerprint(), "pinned a device with the key it came with");
                true
            }
            Err(error) => {
                tracing::error!(%device, %error, "a device that had leave could not be pinned");
                false
            }
        }
    }
}

fn fingerprint(spki: &[u8; DevicePublicKey::SIZE]) -> Fingerprint {
    let mut bytes = [0; 32];
    bytes.iter_mut().zip(digest(&SHA256, spki).as_ref()).for_each(|(to, from)| *to = *from);
    Fingerprint::from_bytes(bytes)
}
