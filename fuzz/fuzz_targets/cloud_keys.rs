//! Keys as operators give them, of devices and of another server: what is taken comes back the same, and the rest is
//! refused calmly.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_cloud::device_key::DeviceKey;
use pintle_cloud::init::UdpKey;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(key) = DeviceKey::read(bytes) {
        assert_eq!(DeviceKey::read(&key.to_spki()), Ok(key));
    }
    let _ = UdpKey::read(bytes);
});
