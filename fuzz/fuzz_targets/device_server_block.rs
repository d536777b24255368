//! Server records: whatever is taken is built again, byte for byte but for an open port, from what was read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_device::server_block::BlockKind;
use pintle_device::{PublicKey, ServerBlock};

fuzz_target!(|bytes: &[u8]| {
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
    assert_eq!(
        (again.address(), again.port(), again.key()),
        (block.address(), block.port(), block.key())
    );
    assert_eq!(block.as_bytes(), bytes);
});
