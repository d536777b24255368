//! Where connections come from, as far as caps and limits need it: a keyed hash, never written down (promise P6).

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

/// Stands for an address, or for the 64-bit network of an IPv6 address: who has one of those has all of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tag(u64);

impl Tag {
    #[cfg(test)]
    pub const fn of(number: u64) -> Self {
        Self(number)
    }
}

/// Makes tags under a secret of its own: nobody can choose addresses that share one.
#[derive(Default)]
pub struct Tagger {
    secret: RandomState,
}

impl Tagger {
    /// The tag of an address.
    pub fn tag(&self, address: IpAddr) -> Tag {
        let number = match address.to_canonical() {
            IpAddr::V4(address) => u64::from(address.to_bits()),
            IpAddr::V6(address) => (address.to_bits() >> 64) as u64,
        };
        Tag(self.secret.hash_one((address.to_canonical().is_ipv6(), number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_network_has_one_tag_and_another_has_another() {
        let tagger = Tagger::default();
        let tag = |text: &str| tagger.tag(text.parse().unwrap());
        assert_eq!(tag("192.0.2.1"), tag("::ffff:192.0.2.1"));
        assert_eq!(tag("2001:db8::1"), tag("2001:db8::2"));
        assert_ne!(tag("192.0.2.1"), tag("192.0.2.2"));
        assert_ne!(tag("2001:db8:0:1::1"), tag("2001:db8::1"));
        assert_ne!(tag("192.0.2.1"), Tagger::default().tag("192.0.2.1".parse().unwrap()));
    }
}
