//! A client that proved its address and then sends what it likes, in datagrams and with time passing. Nothing
//! completes without a key, and what is sent back stays bounded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::client::{self, ClientConfig, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{Admission, CookieJar, Handshake, ServerConfig};
use pintle_dtls::{ConnectionId, PublicKey};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

struct Stage {
    cloud: Arc<ServerConfig<AwsLc>>,
    hello: Vec<u8>,
    jar: CookieJar,
}

fn key(byte: u8) -> Vec<u8> {
    [&[0x30, 0x25, 2, 1, 1, 4, 0x20][..], &[byte; 32]].concat()
}

static STAGE: LazyLock<Stage> = LazyLock::new(|| {
    let signing = |byte| AwsLc.signing_key_from_der(&key(byte)).expect("a key");
    let cloud = Arc::new(ServerConfig::new(AwsLc, signing(1)));
    let config = ClientConfig::new(AwsLc, signing(2), cloud.public_key(), Offer::DeviceOs);
    let jar = CookieJar::new([7; 32]);
    let mut client =
        client::Handshake::start(Arc::new(config), Duration::ZERO).expect("randomness");
    let first = client.poll_transmit().expect("a hello");
    if let Admission::Challenge(challenge) = jar.admit(b"a", &first) {
        client
            .handle_datagram(Duration::ZERO, &mut challenge.as_bytes().to_vec())
            .expect("a challenge");
    }
    Stage { cloud, hello: client.poll_transmit().expect("a second hello"), jar }
});

fuzz_target!(|data: &[u8]| {
    let Admission::Proven(proven) = STAGE.jar.admit(b"a", &STAGE.hello) else {
        panic!("not proven")
    };
    let id = ConnectionId::new([9; 8]);
    let mut now = Duration::ZERO;
    let mut server = Handshake::accept(STAGE.cloud.clone(), proven, id, now).expect("a good hello");
    let mut rest = data;
    let mut sent = 0;
    while let [operation, length, after @ ..] = rest {
        let (part, after) = after.split_at(usize::from(*length).min(after.len()));
        rest = after;
        let result = match operation % 3 {
            0 => {
                now += Duration::from_millis(u64::from(*length) * 20);
                server.handle_timeout(now)
            }
            // As it is, or as the body of a clear-text handshake record.
            1 => server.handle_datagram(now, &mut part.to_vec(), &mut |_: &PublicKey| true),
            _ => {
                let mut record =
                    vec![22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, *operation, 0, part.len() as u8];
                record.extend_from_slice(part);
                server.handle_datagram(now, &mut record, &mut |_: &PublicKey| true)
            }
        };
        while let Some(datagram) = server.poll_transmit() {
            assert!(datagram.len() <= 1200);
            sent += 1;
        }
        assert!(!server.is_complete(), "completed without a key");
        if result.is_err() {
            break;
        }
    }
    assert!(sent <= 14, "{sent} datagrams");
});
