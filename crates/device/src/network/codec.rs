//! The bytes that are sealed: each network is a kind, then fields of at most 255 bytes behind their lengths.
//!
//! ```text
//!   1, protection + 16 when hidden, ssid, passphrase
//!   2, 0,                           apn, user, password, pin
//! ```
//!
//! They exist only between here and `seal`.

use super::{MAX_NETWORKS, Network, Protection, Secret, Sim, Wifi};
use zeroize::Zeroizing;

const WIFI: u8 = 1;
const SIM: u8 = 2;
const HIDDEN: u8 = 16;
/// More than any network takes, with what sealing adds: so that no piece of it is left behind when a buffer grows.
const ROOM: usize = MAX_NETWORKS * 300 + 64;

/// The bytes of networks.
pub(super) fn write(networks: &[Network]) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(ROOM));
    for network in networks {
        match network {
            Network::Wifi(wifi) => {
                let (number, passphrase) = match &wifi.protection {
                    Protection::Open => (0, &[][..]),
                    Protection::Wpa2(secret) => (1, secret.expose()),
                    Protection::Wpa3(secret) => (2, secret.expose()),
                };
                out.extend([WIFI, number + if wifi.hidden { HIDDEN } else { 0 }]);
                put(&mut out, &[wifi.ssid.as_bytes(), passphrase]);
            }
            Network::Sim(sim) => {
                out.extend([SIM, 0]);
                let secrets = [&sim.user, &sim.password, &sim.pin].map(Secret::expose);
                put(&mut out, &[sim.apn.as_bytes()]);
                put(&mut out, &secrets);
            }
        }
    }
    out
}

/// Networks are checked when made: no field is longer than 100 bytes.
fn put(out: &mut Vec<u8>, fields: &[&[u8]]) {
    for field in fields {
        out.push(u8::try_from(field.len()).unwrap_or(u8::MAX));
        out.extend(field.iter().take(usize::from(u8::MAX)));
    }
}

/// The networks of bytes; none if they are not what [`write`] makes.
pub(super) fn read(bytes: &[u8]) -> Option<Vec<Network>> {
    let mut reader = Reader(bytes);
    let mut networks = Vec::new();
    while !reader.0.is_empty() {
        if networks.len() == MAX_NETWORKS {
            return None;
        }
        networks.push(reader.network()?);
    }
    Some(networks)
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn field(&mut self) -> Option<&'a [u8]> {
        let length = usize::from(self.byte()?);
        let (field, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(field)
    }

    fn network(&mut self) -> Option<Network> {
        let (kind, flags) = (self.byte()?, self.byte()?);
        let name = std::str::from_utf8(self.field()?).ok()?;
        let mut secret = || self.field().map(Secret::of);
        match kind {
            WIFI => {
                let passphrase = secret()?;
                let protection = match flags & !HIDDEN {
                    0 if passphrase.is_empty() => Protection::Open,
                    1 => Protection::Wpa2(passphrase),
                    2 => Protection::Wpa3(passphrase),
                    _ => return None,
                };
                Wifi::new(name, flags & HIDDEN != 0, protection).ok().map(Network::Wifi)
            }
            SIM if flags == 0 => {
                let (user, password, pin) = (secret()?, secret()?, secret()?);
                Sim::new(name, user, password, pin).ok().map(Network::Sim)
            }
            _ => None,
        }
    }
}
