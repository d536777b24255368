//! Who comes when: by a hash of (rollout, device), so that anybody can work it out again and nobody is always first.

use aws_lc_rs::digest::{Context, SHA256};
use pintle_protocol::DeviceId;

/// The devices in the order in which this rollout comes to them; each once, however they were given.
pub fn draw(rollout: u64, devices: impl IntoIterator<Item = DeviceId>) -> Vec<DeviceId> {
    let mut drawn: Vec<_> =
        devices.into_iter().map(|device| (lot(rollout, device), device)).collect();
    drawn.sort_unstable();
    drawn.dedup();
    drawn.into_iter().map(|(_, device)| device).collect()
}

/// The first 128 bits are as good as all: where two were alike, the id would decide.
fn lot(rollout: u64, device: DeviceId) -> [u8; 16] {
    let mut hash = Context::new(&SHA256);
    hash.update(b"pintle rollout");
    hash.update(&rollout.to_be_bytes());
    hash.update(device.as_bytes());
    let mut lot = [0; 16];
    lot.iter_mut().zip(hash.finish().as_ref()).for_each(|(to, from)| *to = *from);
    lot
}

#[cfg(test)]
mod tests {
    use super::*;

    fn devices(count: u8) -> Vec<DeviceId> {
        (0..count).map(|n| DeviceId::from_bytes([n; 12])).collect()
    }

    #[test]
    fn the_order_is_the_same_however_the_devices_come_and_differs_between_rollouts() {
        let mut others = devices(100);
        let first = draw(1, others.clone());
        others.reverse();
        others.extend(devices(3));
        assert_eq!(draw(1, others), first);
        let second = draw(2, devices(100));
        assert_ne!(first, second);
        assert_eq!(draw(0, first), draw(0, second));
    }

    #[test]
    fn no_device_is_always_among_the_first() {
        let firsts: std::collections::HashSet<_> =
            (0..200).map(|rollout| draw(rollout, devices(10))[0]).collect();
        assert_eq!(firsts.len(), 10);
    }
}
