//! What is attacked, and what the attackers have in their hands.

use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use std::path::PathBuf;

/// What is attacked. Where a part is missing, the cases that need it are not tried.
///
/// As JSON it is what `pintle attack --target FILE` reads. It holds credentials of scratch accounts and devices; such a file
/// belongs to nobody else, and nothing of it is printed.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Target {
    /// Where devices come in over UDP.
    pub udp: Option<SocketAddr>,
    /// Where devices of the TCP service come in.
    pub tcp: Option<SocketAddr>,
    /// The API: `https://127.0.0.1:8443`.
    pub api: Option<String>,
    /// Whom the API's certificate is issued by, as PEM; the system's authorities where there is none.
    pub authority: Option<PathBuf>,
    /// The cloud's public key over UDP, as SPKI in PEM.
    pub udp_key: Option<PathBuf>,
    /// The cloud's public key of the TCP service, as SPKI in PEM.
    pub tcp_key: Option<PathBuf>,
    /// Devices that the target knows, for the attack alone.
    pub devices: Vec<Device>,
    /// People that the target knows, for the attack alone.
    pub people: Vec<Person>,
    /// The number of a product of the owner's, for the attack alone.
    pub product: Option<u16>,
    /// The process of the target, where it runs on this machine: its memory and descriptors are looked at.
    pub process: Option<u32>,
}

impl Target {
    /// Who owns a device, and has no second factor.
    #[must_use]
    pub fn owner(&self) -> Option<&Person> {
        let owns = |person: &&Person| {
            let name = Some(person.name.as_str());
            self.devices.iter().any(|device| device.owner.as_deref() == name)
        };
        self.people.iter().filter(|person| person.seed.is_none()).find(owns)
    }

    /// Who owns no device, and has no second factor: a stranger to all that is the owner's.
    #[must_use]
    pub fn outsider(&self) -> Option<&Person> {
        self.strangers().next()
    }

    /// Another stranger: the one whose account is guessed at, so that nobody else is kept waiting.
    #[must_use]
    pub fn bystander(&self) -> Option<&Person> {
        self.strangers().nth(1)
    }

    fn strangers(&self) -> impl Iterator<Item = &Person> {
        let owns = |person: &Person| {
            let name = Some(person.name.as_str());
            self.devices.iter().any(|device| device.owner.as_deref() == name)
        };
        self.people.iter().filter(move |person| person.seed.is_none() && !owns(person))
    }

    /// The person of this place among those with a second factor. A code is good once, so each case that needs one has a
    /// person of its own.
    #[must_use]
    pub fn guarded(&self, place: usize) -> Option<&Person> {
        self.people.iter().filter(|person| person.seed.is_some()).nth(place)
    }

    /// A device that this person owns, on the UDP service.
    #[must_use]
    pub fn device_of(&self, person: &Person) -> Option<&Device> {
        let name = Some(person.name.as_str());
        self.devices.iter().find(|device| !device.tcp && device.owner.as_deref() == name)
    }
}

/// A device of the attacker.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Device {
    /// 24 hex digits.
    pub id: String,
    /// Its private key: P-256 or RSA-1024, DER.
    pub key: PathBuf,
    /// Whether it is one of the TCP service.
    #[serde(default)]
    pub tcp: bool,
    /// The name of the person who owns it, if anybody does.
    #[serde(default)]
    pub owner: Option<String>,
}

/// A person of the attacker, without a second factor where `seed` is not given.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// As typed when logging in.
    pub name: String,
    /// The password.
    pub password: String,
    /// The seed of the second factor, base 32.
    #[serde(default)]
    pub seed: Option<String>,
}
