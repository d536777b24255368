//! An address of its own for every virtual device: one of 127.0.0.0/8, counted up from 127.0.1.1. The first 256
//! stay with everybody else on the machine, and no address ends in 0 or 255.

use std::net::Ipv4Addr;

/// Hosts in each block of 256 addresses.
const HOSTS: u32 = 254;

/// The address of the device at `index`; wraps far beyond the most devices a fleet may have.
pub(super) fn of(index: u32) -> Ipv4Addr {
    let [_, _, high, low] = (index / HOSTS + 1).to_be_bytes();
    let host = u8::try_from(index % HOSTS + 1).unwrap_or(1);
    Ipv4Addr::new(127, high, low, host)
}

/// Whose address it is.
pub(super) fn index_of(address: Ipv4Addr) -> Option<u32> {
    let [127, high, low, host @ 1..=254] = address.octets() else { return None };
    let block = u32::from_be_bytes([0, 0, high, low]).checked_sub(1)?;
    Some(block * HOSTS + u32::from(host) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::MOST_DEVICES;

    #[test]
    fn every_device_has_an_address_that_leads_back_to_it() {
        for index in (0..MOST_DEVICES).step_by(997).chain([0, 253, 254, MOST_DEVICES - 1]) {
            let address = of(index);
            assert!(address.is_loopback() && !matches!(address.octets()[3], 0 | 255), "{address}");
            assert_eq!(index_of(address), Some(index));
        }
    }

    #[test]
    fn the_machines_own_addresses_belong_to_nobody() {
        for address in ["127.0.0.1", "127.1.2.0", "127.1.2.255", "10.0.1.1"] {
            assert_eq!(index_of(address.parse().unwrap()), None);
        }
    }
}
