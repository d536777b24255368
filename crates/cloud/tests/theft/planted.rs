//! What is planted, and how it is looked for: as it is, in another case, in hex, in base64 at each of its three places,
//! backwards, and in UTF-16.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// The name an account has, which is an e-mail address with a person's name in it.
pub const EMAIL: &str = "grace.canary@hopper.example";
pub const PASSWORD: &str = "nanosecond wire 11.8 inches";
/// Where the person calls from, on loopback.
pub const ADDRESS: &str = "127.77.13.37";
/// Where the device comes from.
pub const DEVICE_ADDRESS: &str = "127.66.24.48";
pub const WIFI: &str = "wifi-canary ~ Qx7";
pub const PAYLOAD: &str = "payload-canary 5v at the bedroom door";
pub const PERSON: &str = "Person-Canary Murray";
pub const STREET: &str = "12 Streetcanary Lane";
pub const IMEI: &str = "352753090041687";
pub const ICCID: &str = "8934076500002589174";
/// What the content of the firmware begins with.
pub const FIRMWARE: &str = "firmware-canary: nobody but its owner reads this";
/// What the name of the device is: it may be found, and shows that the search finds.
pub const DEVICE_NAME: &str = "thermometer-proof";

/// What each is called in a finding.
pub const ALL: &[(&str, &str)] = &[
    ("e-mail", EMAIL),
    ("password", PASSWORD),
    ("address of a person", ADDRESS),
    ("address of a device", DEVICE_ADDRESS),
    ("Wi-Fi password", WIFI),
    ("event payload", PAYLOAD),
    ("person's name", PERSON),
    ("person's street", STREET),
    ("IMEI", IMEI),
    ("ICCID", ICCID),
    ("firmware", FIRMWARE),
];

fn spellings(text: &[u8]) -> Vec<Vec<u8>> {
    let lower = text.to_ascii_lowercase();
    let hex: String = text.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut all = vec![
        text.to_vec(),
        text.to_ascii_uppercase(),
        text.iter().rev().copied().collect(),
        text.iter().flat_map(|byte| [*byte, 0]).collect(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        lower,
    ];
    for before in 0..3 {
        let shifted = STANDARD_NO_PAD.encode([&vec![0; before], text].concat());
        // Without the characters that what stands before and behind has a part in.
        let from = [0, 2, 3][before];
        all.push(shifted.as_bytes()[from..shifted.len() - 1].to_vec());
    }
    all
}

/// Whether these bytes are in there, as they are.
pub fn contains(hay: &[u8], needle: &[u8]) -> bool {
    memchr::memmem::find(hay, needle).is_some()
}

/// Whether it is in there, however it is spelled.
pub fn is_in(text: &[u8], hay: &[u8]) -> bool {
    spellings(text).iter().any(|spelled| contains(hay, spelled))
}

/// What of all that was planted is in there.
pub fn found(place: &str, hay: &[u8]) -> Vec<String> {
    let here = ALL.iter().filter(|(_, text)| is_in(text.as_bytes(), hay));
    here.map(|(what, _)| format!("{what} in {place}")).collect()
}

#[test]
fn whatever_is_planted_is_found_however_it_is_spelled() {
    for (what, text) in ALL {
        for spelled in spellings(text.as_bytes()) {
            let hay = [&b"before"[..], &spelled, b"behind"].concat();
            assert!(found("here", &hay).contains(&format!("{what} in here")), "{spelled:?}");
        }
    }
}
