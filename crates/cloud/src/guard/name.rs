//! Who is counted, as a keyed hash: addresses, accounts and tokens are nowhere in the guard's memory as they are.
//!
//! The key is made at the start, never leaves this process and dies with it (promise P6).

use std::hash::{BuildHasher as _, RandomState};
use std::net::IpAddr;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

use super::ledger::Name;

/// Where a request came from: an IPv4 address, or the /64 an IPv6 address is in (one subscriber has all of it).
/// Requests whose connection is not known share one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum Origin {
    /// An IPv4 address.
    V4([u8; 4]),
    /// The first half of an IPv6 address.
    V6([u16; 4]),
    /// Nobody knows.
    Unknown,
}

impl From<IpAddr> for Origin {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                Self::V6([a, b, c, d])
            }
        }
    }
}

impl Origin {
    fn bytes(self) -> [u8; 9] {
        match self {
            Self::V4([a, b, c, d]) => [4, a, b, c, d, 0, 0, 0, 0],
            Self::V6([a, b, c, d]) => {
                let [[a, b], [c, d], [e, f], [g, h]] =
                    [a.to_be_bytes(), b.to_be_bytes(), c.to_be_bytes(), d.to_be_bytes()];
                [6, a, b, c, d, e, f, g, h]
            }
            Self::Unknown => [0; 9],
        }
    }
}

/// Makes names.
pub(super) struct Namer(hmac::Key);

impl Namer {
    pub(super) fn new() -> Self {
        // Infallible, and fresh from the system at every start: 128 bits of it.
        let random = RandomState::new();
        let key: Vec<u8> = (0..4_u8).flat_map(|part| random.hash_one(part).to_be_bytes()).collect();
        let key = Zeroizing::new(key);
        Self(hmac::Key::new(hmac::HMAC_SHA256, key.as_slice()))
    }

    /// The name of an origin, for one purpose.
    pub(super) fn origin(&self, purpose: u8, origin: Origin) -> Name {
        self.name(purpose, &origin.bytes(), &[])
    }

    /// The name of something secret or personal, for one purpose.
    pub(super) fn of(&self, purpose: u8, what: &[u8]) -> Name {
        self.name(purpose, &Origin::Unknown.bytes(), what)
    }

    /// The name of a pair.
    pub(super) fn pair(&self, purpose: u8, origin: Origin, what: &[u8]) -> Name {
        self.name(purpose, &origin.bytes(), what)
    }

    fn name(&self, purpose: u8, origin: &[u8; 9], what: &[u8]) -> Name {
        let mut context = hmac::Context::with_key(&self.0);
        context.update(&[purpose]);
        context.update(origin);
        context.update(what);
        let tag = context.sign();
        let first = tag.as_ref().first_chunk().copied().unwrap_or_default();
        // 0 is an empty place.
        Name(u64::from_be_bytes(first).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_subscriber_is_one_origin_and_two_are_two() {
        let origin = |text: &str| Origin::from(text.parse::<IpAddr>().unwrap());
        assert!(origin("2001:db8::1") == origin("2001:db8::ffff:2"));
        assert!(origin("2001:db8::1") != origin("2001:db8:0:1::1"));
        assert!(origin("::ffff:192.0.2.1") == origin("192.0.2.1"));
        let namer = Namer::new();
        let name = |purpose, text| namer.origin(purpose, origin(text)).0;
        assert_eq!(name(1, "192.0.2.1"), name(1, "192.0.2.1"));
        assert_ne!(name(1, "192.0.2.1"), name(2, "192.0.2.1"));
        assert_ne!(name(1, "192.0.2.1"), name(1, "192.0.2.2"));
        assert_ne!(name(1, "192.0.2.1"), Namer::new().origin(1, origin("192.0.2.1")).0);
    }
}
