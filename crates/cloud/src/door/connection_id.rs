//! The connection IDs that the cloud chooses: a device that comes back from a new address is found
//! without a table, and a forged ID is dropped before a slot is touched (promise P11).
//!
//! Layout of the 64 bits, most significant first: key id (1) ‖ tag (23) ‖ masked place (40), where
//! the place is virtual partition (8) ‖ slot (20) ‖ generation (12). The tag is a truncated keyed
//! block over the place; the mask is a keyed block over the tag, so equal places look alike only
//! under one key and the place itself cannot be read off. It is still one stable identifier for the
//! life of a session.

use crate::device::SessionKey;
use crate::weakened::{self, Weakness};
use aes::Aes128;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use pintle_dtls::ConnectionId;
use subtle::ConstantTimeEq;

const TAG_BITS: u64 = (1 << 23) - 1;
const PLACE_BITS: u64 = (1 << 40) - 1;

/// How many slots one partition has.
pub const SLOTS_PER_PARTITION: u32 = 1 << 20;

/// How many generations a slot counts before it begins again.
pub const GENERATIONS: u16 = 1 << 12;

/// Where a session lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The virtual partition, mapped to a shard when the node starts.
    pub partition: u8,
    /// The slot within the partition; below 2^20.
    pub slot: u32,
    /// How often the slot was used before; below 2^12.
    pub generation: u16,
}

impl Place {
    fn pack(self) -> u64 {
        u64::from(self.partition) << 32
            | u64::from(self.slot % SLOTS_PER_PARTITION) << 12
            | u64::from(self.generation % GENERATIONS)
    }

    /// The name of this session for other rooms.
    pub fn key(self) -> SessionKey {
        SessionKey(self.pack())
    }

    /// The place that a name of [`Self::key`] stands for.
    pub fn of(key: SessionKey) -> Self {
        Self::unpack(key.0)
    }

    fn unpack(bits: u64) -> Self {
        Self {
            partition: (bits >> 32) as u8,
            slot: (bits >> 12) as u32 % SLOTS_PER_PARTITION,
            generation: bits as u16 % GENERATIONS,
        }
    }
}

/// Seals places into connection IDs under a node key that outlives the sessions.
pub struct ConnectionIds {
    tag: Aes128,
    mask: Aes128,
    key_id: bool,
}

impl ConnectionIds {
    /// The sealing under `key`, whose halves serve tag and mask. `key_id` tells two keys apart while
    /// one replaces the other.
    pub fn new(key: &[u8; 32], key_id: bool) -> Self {
        let (tag, mask) = key.split_at(16);
        let cipher = |half: &[u8]| {
            let mut bytes = [0; 16];
            bytes.copy_from_slice(half);
            Aes128::new(&bytes.into())
        };
        Self { tag: cipher(tag), mask: cipher(mask), key_id }
    }

    /// The connection ID that names `place`.
    pub fn seal(&self, place: Place) -> ConnectionId {
        let place = place.pack();
        let tag = self.tag_of(place);
        let bits = u64::from(self.key_id) << 63 | tag << 40 | (place ^ self.mask_of(tag));
        ConnectionId::new(bits.to_be_bytes())
    }

    /// The place that `id` names; `None` where this node did not make the ID.
    pub fn open(&self, id: ConnectionId) -> Option<Place> {
        let bits = u64::from_be_bytes(*id.as_bytes());
        let tag = bits >> 40 & TAG_BITS;
        let place = (bits & PLACE_BITS) ^ self.mask_of(tag);
        let made_here = self.tag_of(place).ct_eq(&tag);
        (bits >> 63 == u64::from(self.key_id) && bool::from(made_here))
            .then(|| Place::unpack(place))
    }

    fn tag_of(&self, place: u64) -> u64 {
        if weakened::is(Weakness::PlacesShown) {
            return 0;
        }
        block(&self.tag, u64::from(self.key_id), place) & TAG_BITS
    }

    fn mask_of(&self, tag: u64) -> u64 {
        if weakened::is(Weakness::PlacesShown) {
            return 0;
        }
        block(&self.mask, u64::from(self.key_id), tag) & PLACE_BITS
    }
}

fn block(cipher: &Aes128, domain: u64, input: u64) -> u64 {
    let mut block = [0u8; 16];
    let wide = u128::from(domain) << 64 | u128::from(input);
    block.copy_from_slice(&wide.to_be_bytes());
    let mut block = block.into();
    cipher.encrypt_block(&mut block);
    let mut first = [0; 8];
    first.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
    u64::from_be_bytes(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ids() -> ConnectionIds {
        ConnectionIds::new(&[7; 32], false)
    }

    proptest! {
        #[test]
        fn every_place_comes_back(partition: u8, slot in 0..SLOTS_PER_PARTITION, generation in 0..GENERATIONS) {
            let place = Place { partition, slot, generation };
            prop_assert_eq!(ids().open(ids().seal(place)), Some(place));
        }

        #[test]
        fn p11_a_changed_bit_is_not_ours(slot in 0..SLOTS_PER_PARTITION, bit in 0u32..64) {
            let place = Place { partition: 1, slot, generation: 3 };
            let bits = u64::from_be_bytes(*ids().seal(place).as_bytes()) ^ 1 << bit;
            let opened = ids().open(ConnectionId::new(bits.to_be_bytes()));
            // 23 tag bits: one forgery in eight million may name some place, never this one.
            prop_assert_ne!(opened, Some(place));
        }
    }

    #[test]
    fn p11_random_ids_are_dropped() {
        let ids = ids();
        let named = (0u64..100_000)
            .filter(|n| {
                let id = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
                ids.open(ConnectionId::new(id.to_be_bytes())).is_some()
            })
            .count();
        assert!(named <= 1, "{named} random IDs were taken for ours");
    }

    #[test]
    fn an_id_under_the_other_key_is_not_ours() {
        let place = Place { partition: 0, slot: 9, generation: 0 };
        let other = ConnectionIds::new(&[7; 32], true);
        assert_eq!(other.open(ids().seal(place)), None);
    }
}
