//! Where webhooks may go: to addresses of the public internet, and to those that the operator named.
//!
//! A name is resolved once for each try, every address that it has is looked at, and what is dialled is an address that
//! was looked at: so a name that means something else a moment later (DNS rebinding) leads nowhere. One address that may
//! not be reached refuses the whole name. Not reached are loopback, link-local, private and shared networks, multicast,
//! the services that clouds offer to their machines, every other block that the registries of special addresses name
//! (RFC 6890), IPv4 addresses in the clothes of IPv6 ones, and the addresses of this machine itself, also public ones.

mod network;

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use crate::weakened::{self, Weakness};
pub use network::{Network, NetworkError};
use nix::ifaddrs::getifaddrs;

/// The most addresses of one name that are looked at.
const MOST_ADDRESSES: usize = 16;

/// IPv4 blocks that are no part of the public internet.
const NOT_PUBLIC_V4: &[(Ipv4Addr, u8)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
    // Public, and answered by the host of a virtual machine: it hands out what the machine may know.
    (Ipv4Addr::new(168, 63, 129, 16), 32),
];

/// Of IPv6 only this block is handed out.
const PUBLIC_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// And in it, these are no part of the public internet.
const NOT_PUBLIC_V6: &[(Ipv6Addr, u8)] = &[
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Why nothing is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The name has no address.
    #[error("has no address")]
    NoAddress,
    /// One of its addresses may not be reached.
    #[error("is not on the public internet, and this server's operator does not allow it")]
    NotAllowed,
}

/// Says which addresses this machine has.
type OwnAddresses = Arc<dyn Fn() -> Option<BTreeSet<IpAddr>> + Send + Sync>;

/// The filter. Clones are the same.
#[derive(Clone)]
pub struct Egress {
    allowed: Arc<[Network]>,
    own: OwnAddresses,
}

impl Egress {
    /// A filter that allows these beside the public internet.
    #[must_use]
    pub fn new(allowed: &[Network]) -> Self {
        Self { allowed: allowed.into(), own: Arc::new(own_addresses) }
    }

    /// Sets which addresses this machine has.
    #[must_use]
    pub fn with_own(mut self, own: &[IpAddr]) -> Self {
        let own: BTreeSet<_> = own.iter().copied().collect();
        self.own = Arc::new(move || Some(own.clone()));
        self
    }

    /// Those of a name's addresses to dial, in the order they came.
    ///
    /// # Errors
    /// [`EgressError`].
    pub fn check(&self, addresses: &[SocketAddr]) -> Result<Vec<SocketAddr>, EgressError> {
        let looked_at: Vec<_> = addresses.iter().take(MOST_ADDRESSES).copied().collect();
        if looked_at.is_empty() {
            return Err(EgressError::NoAddress);
        }
        let own = (self.own)();
        let may = |address: &SocketAddr| self.may_reach(address.ip(), own.as_ref());
        if looked_at.iter().all(may) { Ok(looked_at) } else { Err(EgressError::NotAllowed) }
    }

    fn may_reach(&self, address: IpAddr, own: Option<&BTreeSet<IpAddr>>) -> bool {
        if weakened::is(Weakness::WebhooksInward) {
            return true;
        }
        let plain = address.to_canonical();
        if self.allowed.iter().any(|network| network.contains(plain)) {
            return true;
        }
        // Where the machine cannot say which addresses it has, none is known not to be its own.
        is_public(plain) && own.is_some_and(|own| !own.contains(&plain))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|(block, bits)| {
            Network::new((*block).into(), *bits).is_ok_and(|block| block.contains(address.into()))
        }),
        IpAddr::V6(address) => {
            let within = |(block, bits): &(Ipv6Addr, u8)| {
                Network::new((*block).into(), *bits)
                    .is_ok_and(|block| block.contains(address.into()))
            };
            within(&PUBLIC_V6) && !NOT_PUBLIC_V6.iter().any(within)
        }
    }
}

/// The addresses of this machine's interfaces.
fn own_addresses() -> Option<BTreeSet<IpAddr>> {
    let of = |address: nix::sys::socket::SockaddrStorage| {
        let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
        v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
    };
    let interfaces = getifaddrs().ok()?;
    Some(interfaces.filter_map(|interface| interface.address.and_then(of)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(allow: &[&str], addresses: &[&str]) -> Result<usize, EgressError> {
        let allow: Vec<_> = allow.iter().map(|text| text.parse().unwrap()).collect();
        let egress = Egress::new(&allow).with_own(&["93.184.216.34".parse().unwrap()]);
        let at = |ip: &&str| SocketAddr::new(ip.parse().unwrap(), 443);
        egress.check(&addresses.iter().map(at).collect::<Vec<_>>()).map(|dial| dial.len())
    }

    #[test]
    fn p9_no_webhook_reaches_what_is_not_public() {
        let hidden = [
            "127.0.0.1",
            "127.8.8.8",
            "0.0.0.0",
            "10.1.2.3",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "169.254.169.254",
            "100.100.100.200",
            "168.63.129.16",
            "192.0.0.192",
            "198.19.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "fe80::1",
            "fec0::1",
            "fd00:ec2::254",
            "fc00::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
            "100::1",
            "5f00::1",
        ];
        for address in hidden {
            assert_eq!(check(&[], &[address]), Err(EgressError::NotAllowed), "{address}");
        }
        for address in
            ["1.1.1.1", "9.255.255.255", "172.32.0.1", "2606:4700::1111", "::ffff:8.8.8.8"]
        {
            assert_eq!(check(&[], &[address]), Ok(1), "{address}");
        }
    }

    #[test]
    fn p9_the_machine_itself_is_not_reached_by_its_public_address_either() {
        assert_eq!(check(&[], &["93.184.216.34"]), Err(EgressError::NotAllowed));
        assert!(own_addresses().unwrap().contains(&IpAddr::V4(Ipv4Addr::LOCALHOST)));
    }

    #[test]
    fn p9_one_address_that_may_not_be_reached_refuses_the_name() {
        assert_eq!(check(&[], &["1.1.1.1", "10.0.0.1"]), Err(EgressError::NotAllowed));
        assert_eq!(check(&[], &["1.1.1.1", "8.8.8.8"]), Ok(2));
        assert_eq!(check(&[], &[]), Err(EgressError::NoAddress));
    }

    #[test]
    fn the_operator_allows_networks_and_single_addresses() {
        assert_eq!(check(&["10.0.0.0/8", "::1"], &["10.200.3.4", "::1"]), Ok(2));
        assert_eq!(check(&["10.0.0.0/8"], &["::ffff:10.0.0.1"]), Ok(1));
        assert_eq!(
            check(&["10.0.0.0/8"], &["11.0.0.1", "127.0.0.1"]),
            Err(EgressError::NotAllowed)
        );
    }

    proptest! {
        #[test]
        fn an_ipv4_address_is_judged_alike_in_the_clothes_of_an_ipv6_one(bits: u32) {
            let plain = Ipv4Addr::from_bits(bits);
            let dressed = plain.to_ipv6_mapped().to_string();
            prop_assert_eq!(check(&[], &[&plain.to_string()]), check(&[], &[&dressed]));
        }
    }
}
