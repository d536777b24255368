//! A cloud that sends what it likes: the device never completes without the pinned key's signature, and what
//! it sends stays bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

fn config(offer: Offer) -> Arc<ClientConfig<AwsLc>> {
    let key = |byte: u8| {
        let der = [&[0x30, 0x25, 2, 1, 1, 4, 0x20][..], &[byte; 32]].concat();
        AwsLc.signing_key_from_der(&der).expect("a key")
    };
    Arc::new(ClientConfig::new(AwsLc, key(2), AwsLc.public_key(&key(1)), offer))
}

static CONFIGS: LazyLock<[Arc<ClientConfig<AwsLc>>; 2]> =
    LazyLock::new(|| [config(Offer::DeviceOs), config(Offer::Standard)]);

fuzz_target!(|data: &[u8]| {
    let [offer, rest @ ..] = data else { return };
    let config = CONFIGS[usize::from(*offer % 2)].clone();
    let mut now = Duration::ZERO;
    let mut client = Handshake::start(config, now).expect("randomness");
    let mut rest = rest;
    let mut sent = 0;
    while let [operation, length, after @ ..] = rest {
        let (part, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        let result = match operation % 3 {
            0 => {
                now += Duration::from_millis(u64::from(*length) * 20);
                client.handle_timeout(now)
            }
            1 => client.handle_datagram(now, &mut part.to_vec()),
            _ => {
                let mut record =
                    vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, *operation, 0, part.len() as u8];
                record.extend_from_slice(part);
                client.handle_datagram(now, &mut record)
            }
        };
        while let Some(datagram) = client.poll_transmit() {
            assert!(datagram.len() <= 1200);
            sent += 1;
        }
        assert!(!client.is_complete(), "completed without the cloud's key");
        if result.is_err() {
            break;
        }
    }
    assert!(sent <= 64, "{sent} datagrams");
});
