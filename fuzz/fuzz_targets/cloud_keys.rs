//! Keys as people give them, of devices, of another server and for one-time secrets, and the ids and boxes of those: what
//! is taken comes back the same, and the rest is refused calmly.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::device_key::DeviceKey;
use pintle_cloud::init::UdpKey;
use pintle_cloud::secret::{PrivateKey, RecipientKey, Ticket, sealed};
use std::sync::LazyLock;

static KEY: LazyLock<PrivateKey> = LazyLock::new(|| PrivateKey::generate().unwrap());

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = DeviceKey::read(bytes) {
        assert_eq!(DeviceKey::read(&key.to_spki()), Ok(key));
    }
    let _ = UdpKey::read(bytes);
    if let Ok(key) = RecipientKey::read(bytes) {
        assert!(RecipientKey::from_spki(key.spki()).is_ok_and(|again| again == key));
        let _ = sealed::seal(b"secret", &key);
    }
    let _ = PrivateKey::read(bytes);
    let ticket = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<Ticket>().ok());
    if let Some(ticket) = ticket {
        assert!(ticket.reveal().parse::<Ticket>().is_ok());
    }
    let mut box_for_us = vec![1, 2];
    box_for_us.extend(KEY.public().fingerprint().0);
    box_for_us.extend(bytes);
    assert!(sealed::open(&box_for_us, &KEY).is_err());
    let _ = sealed::open(bytes, &KEY);
});
