//! What a case on the wire works with: its target, its bounds, its dice, and an early end.

use crate::case::Outcome;
use crate::course::Course;
use crate::target::{Device, Target};
use pintle_dtls::PublicKey;
use pintle_dtls::crypto::{AwsLc, AwsLcSigningKey, Crypto};
use pintle_protocol::DeviceId;
use std::cell::RefCell;
use std::fmt::Display;
use std::fs;
use std::time::Duration;
use zeroize::Zeroizing;

/// Why a case ends before its end.
pub(crate) enum Stop {
    /// The target did what it should not.
    Broke(String),
    /// It cannot be tried.
    Untried(String),
}

/// What a step of a case gives, or why the case ends here.
pub(crate) type Tried<T = String> = Result<T, Stop>;

/// A case under way.
pub(crate) struct Raid<'r> {
    pub(crate) target: &'r Target,
    course: RefCell<Course>,
    dice: RefCell<fastrand::Rng>,
}

/// A device's identity in the attacker's hands.
pub(crate) struct Identity {
    pub(crate) id: DeviceId,
    pub(crate) key: AwsLcSigningKey,
    pub(crate) public: PublicKey,
}

/// Runs an attack: what it saw where it came to its end is what held.
pub(crate) fn raid(
    target: &Target,
    course: &mut Course,
    attack: impl FnOnce(&Raid<'_>) -> Tried,
) -> Outcome {
    let dice = RefCell::new(fastrand::Rng::with_seed(course.seed));
    let taken = std::mem::replace(course, Course::new(Duration::ZERO, 0, course.seed));
    let raid = Raid { target, course: RefCell::new(taken), dice };
    let came = attack(&raid);
    *course = raid.course.into_inner();
    match came {
        Ok(seen) => Outcome::held(seen),
        Err(Stop::Broke(seen)) => Outcome::broke(seen),
        Err(Stop::Untried(why)) => Outcome::untried(why),
    }
}

/// The case ends: the target did what it should not.
pub(crate) fn broke<T>(seen: impl Into<String>) -> Tried<T> {
    Err(Stop::Broke(seen.into()))
}

/// The case ends: it cannot be tried.
pub(crate) fn untried<T>(why: impl Into<String>) -> Tried<T> {
    Err(Stop::Untried(why.into()))
}

/// An error of this machine's, not of the target's.
pub(crate) fn at_home(what: &'static str) -> impl Fn(&dyn Display) -> Stop {
    move |error| Stop::Untried(format!("{what}: {error}"))
}

impl Raid<'_> {
    /// Takes one message from what may be sent.
    pub(crate) fn spend(&self) -> Tried<()> {
        if self.course.borrow_mut().may_send() {
            return Ok(());
        }
        untried("it was cut short: run it with more time and more messages (a full run has both)")
    }

    /// What is left of the time.
    pub(crate) fn time_left(&self) -> Duration {
        self.course.borrow().time_left()
    }

    /// Random bytes, the same for the same seed.
    pub(crate) fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.dice.borrow_mut().fill(&mut bytes);
        bytes
    }

    /// A number below `end`, which is not zero.
    pub(crate) fn below(&self, end: usize) -> usize {
        self.dice.borrow_mut().usize(..end)
    }

    /// The device with this place among those of the UDP service, or of the TCP service.
    pub(crate) fn device(&self, tcp: bool, place: usize) -> Tried<&Device> {
        let service = if tcp { "TCP" } else { "UDP" };
        let missing = || {
            let many = place + 1;
            Stop::Untried(format!("give {many} devices of the {service} service with their keys"))
        };
        self.target.devices.iter().filter(|device| device.tcp == tcp).nth(place).ok_or_else(missing)
    }

    /// The device of the UDP service with this place, ready to shake hands.
    pub(crate) fn identity(&self, place: usize) -> Tried<Identity> {
        let device = self.device(false, place)?;
        let der = fs::read(&device.key).map(Zeroizing::new);
        let der = der.map_err(|error| at_home("a device's private key cannot be read")(&error))?;
        let key = AwsLc.signing_key_from_der(&der);
        let key = key.map_err(|error| at_home("a device's private key cannot be used")(&error))?;
        Ok(Identity { id: device_id(device)?, public: AwsLc.public_key(&key), key })
    }

    /// A key that nobody knows, for this id.
    pub(crate) fn stranger(&self, id: DeviceId) -> Tried<Identity> {
        use aws_lc_rs::encoding::AsDer as _;
        use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING);
        let der = pair.and_then(|pair| pair.private_key().as_der());
        let der = der.map_err(|error| at_home("no key can be made")(&error))?;
        let key = AwsLc.signing_key_from_der(der.as_ref());
        let key = key.map_err(|error| at_home("no key can be made")(&error))?;
        Ok(Identity { id, public: AwsLc.public_key(&key), key })
    }
}

/// The id of a device of the target's.
pub(crate) fn device_id(device: &Device) -> Tried<DeviceId> {
    device.id.parse().map_err(|_| Stop::Untried(format!("{} is no device's id", device.id)))
}
