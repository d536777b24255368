//! Server records, as they come and as good ones with bytes changed: whatever is taken is built again from what
//! was read of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_device::server_block::BlockKind;
use pintle_device::{PublicKey, ServerBlock};

/// A good record of 320 or 512 bytes.
fn good(kind: u8) -> Vec<u8> {
    let mut point = [7; 65];
    point[0] = 4;
    let key = PublicKey::from_point(&point).expect("an uncompressed point");
    let mut rsa =
        b"\x30\x82\x01\x22\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00".to_vec();
    rsa.extend_from_slice(b"\x03\x82\x01\x0f\x00\x30\x82\x01\x0a\x02\x82\x01\x01\x00");
    rsa.extend_from_slice(&[0xc5; 256]);
    rsa.extend_from_slice(&[2, 3, 1, 0, 1]);
    let block = match kind % 3 {
        0 => ServerBlock::udp(&key, "192.0.2.1", 5684),
        1 => ServerBlock::udp(&key, "cloud.example.com", 5684),
        _ => ServerBlock::tcp(&rsa, "cloud.example.com", 5683),
    };
    block.expect("a good record").as_bytes().to_vec()
}

/// The good record with the bytes at some places replaced.
fn changed(data: &[u8]) -> Option<Vec<u8>> {
    let (kind, changes) = data.split_first()?;
    let mut bytes = good(*kind);
    for &[high, low, value] in changes.as_chunks::<3>().0 {
        let at = usize::from(u16::from_be_bytes([high, low])) % bytes.len();
        bytes[at] = value;
    }
    Some(bytes)
}

fn check(bytes: &[u8]) {
    let Ok(block) = ServerBlock::parse(bytes) else { return };
    let host = block.address().to_string();
    let again = match block.kind() {
        BlockKind::Udp => {
            let key = PublicKey::from_spki(block.key()).expect("parse checked it");
            assert_eq!(ServerBlock::udp_key(bytes), Ok(key));
            ServerBlock::udp(&key, &host, block.port())
        }
        BlockKind::Tcp => ServerBlock::tcp(block.key(), &host, block.port()),
    };
    let again = again.expect("what was read can be written");
    let parts = |block: &ServerBlock| (block.address().clone(), block.port(), block.key().to_vec());
    assert_eq!(parts(&again), parts(&block));
    assert_eq!(block.as_bytes(), bytes);
}

fuzz_target!(|data: &[u8]| {
    check(data);
    if let Some(bytes) = changed(data) {
        check(&bytes);
    }
});
