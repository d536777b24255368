//! Two ends of one session, with hellos behind them.

use pintle_protocol::tcp::client::{self, Firmware};
use pintle_protocol::tcp::server::{self, Sense};
use pintle_protocol::tcp::{Anomaly, Credentials};
use zeroize::Zeroizing;

/// Every firmware that behaves unlike the others, and what to call it in a failure.
pub(crate) const FIRMWARE: [(&str, Firmware); 7] = [
    ("Core 1.4", Firmware::CORE),
    ("Photon 0.4", Firmware::PHOTON_0_4),
    ("Photon 0.7", Firmware::PHOTON_0_7),
    ("Photon 1.0", Firmware::PHOTON_1_0),
    ("Photon 1.5", Firmware::PHOTON_1_5),
    ("Photon 2.3", Firmware::PHOTON_2_3),
    ("Photon 3.3", Firmware::PHOTON_3_3),
];

/// Credentials of no importance.
pub(crate) fn credentials() -> Credentials {
    Credentials::new(Zeroizing::new(std::array::from_fn(|place| (place * 37 + 11) as u8)))
}

/// The two ends of a session.
pub(crate) struct Pair {
    pub(crate) cloud: server::Session,
    pub(crate) device: client::Session,
}

impl Pair {
    /// Both ends, before a word was said.
    pub(crate) fn silent(firmware: Firmware) -> Self {
        let credentials = credentials();
        let cloud = server::Session::from_credentials(&credentials);
        Self { cloud, device: client::Session::new(&credentials, firmware, 0x70) }
    }

    /// Both ends, after hello and hello.
    pub(crate) fn greeted(firmware: Firmware) -> Self {
        let mut pair = Self::silent(firmware);
        let hello = pair.says(|device, out| {
            device.hello(out, 7, Some(3), firmware.platform_id).unwrap();
        });
        pair.hears(&hello, |sense| assert!(matches!(sense, Sense::Hello(_)))).unwrap();
        assert_eq!(pair.cloud.generation(), Some(firmware.generation));
        let hello = pair.cloud_says(|cloud, out| cloud.hello(out).unwrap());
        pair.device_hears(&hello).unwrap();
        pair
    }

    /// What the device's end writes.
    pub(crate) fn says(&mut self, say: impl FnOnce(&mut client::Session, &mut Vec<u8>)) -> Vec<u8> {
        let mut out = Vec::new();
        say(&mut self.device, &mut out);
        out
    }

    /// A frame with this plaintext from the device.
    pub(crate) fn says_bytes(&mut self, plain: &[u8]) -> Vec<u8> {
        self.says(|device, out| device.seal(out, plain).unwrap())
    }

    /// What the cloud's end writes.
    pub(crate) fn cloud_says(
        &mut self,
        say: impl FnOnce(&mut server::Session, &mut Vec<u8>),
    ) -> Vec<u8> {
        let mut out = Vec::new();
        say(&mut self.cloud, &mut out);
        out
    }

    /// Has the cloud hear all of this; how many messages that were.
    pub(crate) fn hears(
        &mut self,
        bytes: &[u8],
        mut judge: impl FnMut(&Sense<'_>),
    ) -> Result<usize, Anomaly> {
        let (mut input, mut scratch, mut count) = (bytes, Vec::new(), 0);
        while let Some(received) = self.cloud.receive(&mut input, &mut scratch)? {
            judge(&received.sense);
            count += 1;
        }
        Ok(count)
    }

    /// Has the device hear all of this; the plaintexts.
    pub(crate) fn device_hears(&mut self, bytes: &[u8]) -> Result<Vec<Vec<u8>>, Anomaly> {
        let (mut input, mut scratch, mut plain) = (bytes, Vec::new(), Vec::new());
        while self.device.receive(&mut input, &mut scratch)?.is_some() {
            let padding = usize::from(*scratch.last().unwrap());
            plain.push(scratch[..scratch.len() - padding].to_vec());
        }
        Ok(plain)
    }

    /// The id that the device's next message must have, if it said nothing since its hello.
    pub(crate) fn next_id(&mut self) -> u16 {
        let mut probe = client::Session::new(&credentials(), *self.device.firmware(), 0);
        let mut out = Vec::new();
        probe.hello(&mut out, 0, None, 0).unwrap();
        probe.ping(&mut out).unwrap().0
    }
}
