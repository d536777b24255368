//! Reads the recorded conversations under `tests/vectors/tcp-device`.

use pintle_protocol::tcp::client::Firmware;
use pintle_protocol::tcp::{ANSWER, BLOCK, CLAIM, Credentials, NONCE};
use zeroize::Zeroizing;

/// One conversation.
pub(crate) struct Recording {
    pub(crate) version: &'static str,
    pub(crate) firmware: Firmware,
    pub(crate) nonce: [u8; NONCE],
    pub(crate) block: [u8; BLOCK],
    pub(crate) claim: [u8; CLAIM],
    pub(crate) credentials: Credentials,
    pub(crate) reply: [u8; ANSWER],
    pub(crate) frames: Vec<Recorded>,
}

/// One frame of it.
pub(crate) struct Recorded {
    pub(crate) from_device: bool,
    pub(crate) frame: Vec<u8>,
    pub(crate) plain: Vec<u8>,
}

macro_rules! log {
    ($file:literal) => {
        include_str!(concat!("../../../../tests/vectors/tcp-device/", $file))
    };
}

/// The conversations about everything but updates.
pub(crate) fn basic() -> Vec<Recording> {
    // A Core's code and buffer, built for another platform with its own limits.
    let core_elsewhere = Firmware { longest_argument: 622, ..Firmware::CORE };
    vec![
        read("0.7.0", Firmware::PHOTON_0_7, log!("0.7.0.basic.log")),
        read("1.0.1", Firmware::PHOTON_1_0, log!("1.0.1.basic.log")),
        read("1.4.4", core_elsewhere, log!("1.4.4.basic.log")),
        read("1.5.2", Firmware::PHOTON_1_5, log!("1.5.2.basic.log")),
        read("2.3.1", Firmware::PHOTON_2_3, log!("2.3.1.basic.log")),
        read("3.3.1", Firmware::PHOTON_3_3, log!("3.3.1.basic.log")),
    ]
}

/// The conversations about updates.
pub(crate) fn updates() -> Vec<Recording> {
    vec![
        read("0.7.0", Firmware::PHOTON_0_7, log!("0.7.0.ota.log")),
        read("1.5.2", Firmware::PHOTON_1_5, log!("1.5.2.ota.log")),
        read("3.3.1", Firmware::PHOTON_3_3, log!("3.3.1.ota.log")),
    ]
}

fn read(version: &'static str, firmware: Firmware, log: &str) -> Recording {
    let lines: Vec<(&str, &str, Vec<u8>)> = log.lines().map(line).collect();
    let of = |kind: &str| lines.iter().find(|line| line.0 == kind).unwrap().2.clone();
    let credentials: [u8; 40] = of("CREDENTIALS").try_into().unwrap();
    let frames = lines.windows(2).filter(|pair| pair[0].0 == "FRAME").map(|pair| {
        assert_eq!((pair[1].0, pair[1].1), ("PLAIN", pair[0].1));
        let from_device = pair[0].1 == "C";
        Recorded { from_device, frame: pair[0].2.clone(), plain: pair[1].2.clone() }
    });
    Recording {
        version,
        firmware,
        nonce: of("NONCE").try_into().unwrap(),
        block: of("BLOCK").try_into().unwrap(),
        claim: of("CLIENT").try_into().unwrap(),
        credentials: Credentials::new(Zeroizing::new(credentials)),
        reply: of("REPLY").try_into().unwrap(),
        frames: frames.collect(),
    }
}

fn line(line: &str) -> (&str, &str, Vec<u8>) {
    let mut words = line.split_ascii_whitespace().skip(1);
    let (kind, side) = (words.next().unwrap(), words.next().unwrap());
    (kind, side, unhex(words.next().unwrap()))
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
