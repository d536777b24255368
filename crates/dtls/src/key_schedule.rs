//! The key schedule of TLS 1.2 (RFC 5246 5, 6.3, 8.1) with SHA-256, the extended master secret of RFC 7627,
//! and the Finished values.

use crate::record::protection::DirectionKeys;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Length of `verify_data`, in bytes.
pub(crate) const VERIFY_DATA_LENGTH: usize = 12;

/// The 48-byte master secret.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub(crate) struct MasterSecret([u8; 48]);

/// The keys of both directions.
pub(crate) struct KeyBlock {
    pub(crate) client: DirectionKeys,
    pub(crate) server: DirectionKeys,
}

impl MasterSecret {
    pub(crate) const fn from_bytes(bytes: [u8; 48]) -> Self {
        Self(bytes)
    }

    /// RFC 5246 8.1, for peers that do not know RFC 7627.
    pub(crate) fn plain(
        premaster: &[u8; 32],
        client_random: &[u8; 32],
        server_random: &[u8; 32],
    ) -> Self {
        let mut secret = [0; 48];
        prf(premaster, b"master secret", &[client_random, server_random], &mut secret);
        Self(secret)
    }

    /// RFC 7627 4: bound to the handshake up to and with ClientKeyExchange.
    pub(crate) fn extended(premaster: &[u8; 32], session_hash: &[u8; 32]) -> Self {
        let mut secret = [0; 48];
        prf(premaster, b"extended master secret", &[session_hash], &mut secret);
        Self(secret)
    }

    /// RFC 5246 6.3: client key, server key, client salt, server salt. AEAD suites have no MAC keys.
    pub(crate) fn key_block(&self, client_random: &[u8; 32], server_random: &[u8; 32]) -> KeyBlock {
        let mut block = Zeroizing::new([0; 40]);
        prf(&self.0, b"key expansion", &[server_random, client_random], &mut *block);
        let mut keys = KeyBlock {
            client: DirectionKeys { key: [0; 16], salt: [0; 4] },
            server: DirectionKeys { key: [0; 16], salt: [0; 4] },
        };
        let (client, rest) = block.split_at(16);
        let (server, rest) = rest.split_at(16);
        let (client_salt, server_salt) = rest.split_at(4);
        keys.client.key.copy_from_slice(client);
        keys.server.key.copy_from_slice(server);
        keys.client.salt.copy_from_slice(client_salt);
        keys.server.salt.copy_from_slice(server_salt);
        keys
    }

    /// RFC 5246 7.4.9, the client's.
    pub(crate) fn client_finished(&self, transcript: &[u8; 32]) -> [u8; VERIFY_DATA_LENGTH] {
        self.finished(b"client finished", transcript)
    }

    /// RFC 5246 7.4.9, the server's.
    pub(crate) fn server_finished(&self, transcript: &[u8; 32]) -> [u8; VERIFY_DATA_LENGTH] {
        self.finished(b"server finished", transcript)
    }

    fn finished(&self, label: &[u8], transcript: &[u8; 32]) -> [u8; VERIFY_DATA_LENGTH] {
        let mut data = [0; VERIFY_DATA_LENGTH];
        prf(&self.0, label, &[transcript], &mut data);
        data
    }
}

/// P_SHA256 (RFC 5246 5). The keyed state is made once and cloned.
fn prf(secret: &[u8], label: &[u8], seeds: &[&[u8]], out: &mut [u8]) {
    // HMAC takes a key of any length.
    let Ok(keyed) = Hmac::<Sha256>::new_from_slice(secret) else { return };
    let seeded = |mut mac: Hmac<Sha256>| {
        mac.update(label);
        seeds.iter().for_each(|seed| mac.update(seed));
        mac.finalize().into_bytes()
    };
    let mut a = seeded(keyed.clone());
    for chunk in out.chunks_mut(32) {
        let mut mac = keyed.clone();
        mac.update(&a);
        let mut block = seeded(mac);
        chunk.iter_mut().zip(block.iter()).for_each(|(to, from)| *to = *from);
        block.zeroize();
        let mut next = keyed.clone();
        next.update(&a);
        a = next.finalize().into_bytes();
    }
    a.zeroize();
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vector for P_SHA256 that the TLS working group published in 2008 for TLS 1.2.
    #[test]
    fn the_prf_agrees_with_the_published_vector() {
        let secret = [
            0x9b, 0xbe, 0x43, 0x6b, 0xa9, 0x40, 0xf0, 0x17, 0xb1, 0x76, 0x52, 0x84, 0x9a, 0x71,
            0xdb, 0x35,
        ];
        let seed = [
            0xa0, 0xba, 0x9f, 0x93, 0x6c, 0xda, 0x31, 0x18, 0x27, 0xa6, 0xf7, 0x96, 0xff, 0xd5,
            0x19, 0x8c,
        ];
        let expected = [
            0xe3, 0xf2, 0x29, 0xba, 0x72, 0x7b, 0xe1, 0x7b, 0x8d, 0x12, 0x26, 0x20, 0x55, 0x7c,
            0xd4, 0x53, 0xc2, 0xaa, 0xb2, 0x1d, 0x07, 0xc3, 0xd4, 0x95, 0x32, 0x9b, 0x52, 0xd4,
            0xe6, 0x1e, 0xdb, 0x5a, 0x6b, 0x30, 0x17, 0x91, 0xe9, 0x0d, 0x35, 0xc9, 0xc9, 0xa4,
            0x6b, 0x4e, 0x14, 0xba, 0xf9, 0xaf, 0x0f, 0xa0, 0x22, 0xf7, 0x07, 0x7d, 0xef, 0x17,
            0xab, 0xfd, 0x37, 0x97, 0xc0, 0x56, 0x4b, 0xab, 0x4f, 0xbc, 0x91, 0x66, 0x6e, 0x9d,
            0xef, 0x9b, 0x97, 0xfc, 0xe3, 0x4f, 0x79, 0x67, 0x89, 0xba, 0xa4, 0x80, 0x82, 0xd1,
            0x22, 0xee, 0x42, 0xc5, 0xa7, 0x2e, 0x5a, 0x51, 0x10, 0xff, 0xf7, 0x01, 0x87, 0x34,
            0x7b, 0x66,
        ];
        let mut out = [0; 100];
        prf(&secret, b"test label", &[&seed], &mut out);
        assert_eq!(out, expected);
    }
}
