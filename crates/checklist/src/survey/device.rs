//! Devices and their pinned keys, what happened to these, and what a running node keeps an eye on.

use serde::{Deserialize, Serialize};

/// A device.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// 24 hex digits.
    pub id: String,
    /// Whose it is.
    pub owner: Option<String>,
    /// The product that it was put into.
    pub product: Option<u16>,
    /// The product that it says itself.
    pub says_product: Option<u16>,
    /// The version that it says itself.
    pub says_version: Option<u16>,
    /// Its platform.
    pub platform_id: Option<u16>,
    /// The SHA-256 of the image that it last reported, in hex.
    pub image: Option<String>,
    /// Whether it has reported that since its last Hello.
    pub confirmed: bool,
    /// Whether it ever said Hello.
    pub seen: bool,
    /// Whether it is marked for development.
    pub development: bool,
    /// The version that it is to keep, whatever is released.
    pub desired_version: Option<u16>,
    /// Its groups in its product.
    pub groups: Vec<String>,
    /// Why it last fell back from an image, if it did since its last Hello.
    pub fell_back: Option<String>,
}

/// A pinned key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// The device.
    pub device: String,
    /// `p256` or `rsa1024`.
    pub kind: String,
    /// The SHA-256 of the public key, computed anew from it, in hex.
    pub fingerprint: String,
    /// `operator`, `import`, `enrolment`, or `account HANDLE`.
    pub by: String,
    /// In milliseconds since 1970.
    pub at_ms: i64,
    /// What is wrong with the stored key, if anything: it does not parse, its point is not on the curve, or it is stored
    /// under another fingerprint.
    pub fault: Option<String>,
}

/// What was looked for in all RSA keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RsaLook {
    /// Why they were not looked at, if so.
    pub untried: Option<String>,
    /// How many there are.
    pub keys: u32,
    /// Whether they were held against a list of Debian's weak keys.
    pub debian: bool,
    /// Keys that are weak by themselves.
    pub weak: Vec<WeakKey>,
    /// Keys that share a prime, or all, with another.
    pub shared: Vec<WeakKey>,
}

/// A weak key.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WeakKey {
    /// The device.
    pub device: String,
    /// The other device, where it is about two.
    pub with: Option<String>,
    /// What is wrong, in a sentence.
    pub why: String,
}

/// A key of the cloud.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnKey {
    /// `udp` or `tcp`.
    pub name: String,
    /// `p256` or `rsa`.
    pub kind: String,
    /// Its bits.
    pub bits: u32,
    /// The SHA-256 of the public key, in hex.
    pub fingerprint: String,
    /// What is wrong with it, if anything.
    pub fault: Option<String>,
}

/// One line of the history of pins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// In milliseconds since 1970.
    pub at_ms: i64,
    /// What happened: `replaced`, `removed`, `refused-unpinned`, `refused-wrong-id`, `refused-key-in-use`,
    /// `refused-weak-key`, `refused-handshakes`, `enrolment-allowed`; `pinned` only of devices whose key was replaced
    /// later.
    pub what: String,
    /// To which device.
    pub device: Option<String>,
    /// With which key.
    pub fingerprint: Option<String>,
}

/// What a running node keeps an eye on across its fleet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Watch {
    /// How many handshakes were looked at since the start.
    pub handshakes: u64,
    /// How many of the last ones a new one is held against.
    pub remembers: u32,
    /// Random numbers of hellos that came before.
    pub randoms: Vec<Repeat>,
    /// Ephemeral points that came before.
    pub points: Vec<Repeat>,
    /// Signatures whose first half came before under another handshake: it gives the private key away.
    pub signatures: Vec<Repeat>,
    /// Devices that came from two places in turn.
    pub places: Vec<Place>,
}

/// Something that should never come twice, and did.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// Who brought it first.
    pub first: String,
    /// Who brought it again: perhaps the same.
    pub again: String,
}

/// A device that came from two places in turn, each time while the session from the other still lived.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The device.
    pub device: String,
    /// How often it changed back.
    pub turns: u32,
}
