//! Cipher suites and groups by number: their names, and what is thought of them.

use serde::Serialize;

/// What is thought of a suite; a later one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Keys for one session alone, and a cipher that authenticates.
    Sound,
    /// A cipher that does not authenticate by itself (CBC), or a long-lived key that opens all that was recorded.
    Old,
    /// Who listens can read it, or anybody can answer.
    Broken,
}

/// Suites of TLS 1.3.
pub const MODERN: [u16; 5] = [0x1301, 0x1302, 0x1303, 0x1304, 0x1305];

/// Sound ones of TLS 1.2: ephemeral keys and AEAD.
const SOUND: [u16; 17] = [
    0x009e, 0x009f, 0xc02b, 0xc02c, 0xc02f, 0xc030, 0xc09e, 0xc09f, 0xc0ac, 0xc0ad, 0xc0ae, 0xc0af,
    0xcca8, 0xcca9, 0xccaa, 0xccac, 0xd001,
];

/// First and last of numbers that are in no way sound: no cipher, no authentication, export, RC4, DES, 3DES.
const BROKEN: [(u16, u16); 30] = [
    (0x0000, 0x001b),
    (0x001e, 0x002e),
    (0x0034, 0x0034),
    (0x003a, 0x003b),
    (0x0046, 0x0046),
    (0x0060, 0x0066),
    (0x006c, 0x006d),
    (0x0089, 0x0089),
    (0x008a, 0x008b),
    (0x008e, 0x008f),
    (0x0092, 0x0093),
    (0x009b, 0x009b),
    (0x00a6, 0x00a7),
    (0x00b0, 0x00b1),
    (0x00b4, 0x00b5),
    (0x00b8, 0x00b9),
    (0x00bf, 0x00bf),
    (0x00c5, 0x00c5),
    (0xc001, 0xc003),
    (0xc006, 0xc008),
    (0xc00b, 0xc00d),
    (0xc010, 0xc012),
    (0xc015, 0xc01c),
    (0xc033, 0xc034),
    (0xc039, 0xc03b),
    (0xc046, 0xc047),
    (0xc05a, 0xc05b),
    (0xc084, 0xc085),
    (0xfefe, 0xfeff),
    (0xc0b4, 0xc0b5),
];

/// All that is offered of versions before 1.3.
#[must_use]
pub fn before_1_3() -> Vec<u16> {
    let ranges = [0x0001..=0x00c5, 0xc001..=0xc0af, 0xcca8..=0xccae, 0xd001..=0xd005];
    ranges.into_iter().flatten().collect()
}

/// What is thought of a suite.
#[must_use]
pub fn standing(suite: u16) -> Standing {
    if MODERN.contains(&suite) || SOUND.contains(&suite) {
        Standing::Sound
    } else if BROKEN.iter().any(|(first, last)| (*first..=*last).contains(&suite)) {
        Standing::Broken
    } else {
        Standing::Old
    }
}

/// Its name, for those that are met; its number for others.
#[must_use]
pub fn name(suite: u16) -> String {
    let known = match suite {
        0x1301 => "TLS_AES_128_GCM_SHA256",
        0x1302 => "TLS_AES_256_GCM_SHA384",
        0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
        0x1304 => "TLS_AES_128_CCM_SHA256",
        0x1305 => "TLS_AES_128_CCM_8_SHA256",
        0xc02b => "ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        0xc02c => "ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        0xc02f => "ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        0xc030 => "ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        0xcca8 => "ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
        0xcca9 => "ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        0x0004 => "RSA_WITH_RC4_128_MD5",
        0x0005 => "RSA_WITH_RC4_128_SHA",
        0x000a => "RSA_WITH_3DES_EDE_CBC_SHA",
        0x002f => "RSA_WITH_AES_128_CBC_SHA",
        0x0035 => "RSA_WITH_AES_256_CBC_SHA",
        0x009c => "RSA_WITH_AES_128_GCM_SHA256",
        0x009d => "RSA_WITH_AES_256_GCM_SHA384",
        0xc009 => "ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        0xc00a => "ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        0xc013 => "ECDHE_RSA_WITH_AES_128_CBC_SHA",
        0xc014 => "ECDHE_RSA_WITH_AES_256_CBC_SHA",
        _ => return format!("0x{suite:04x}"),
    };
    known.to_owned()
}

/// Groups that are asked for one by one: numbers and names, and whether somebody with a quantum computer could open later
/// what was recorded today.
pub const GROUPS: [Group; 12] = [
    Group::new(0x11ec, "X25519MLKEM768").hybrid(),
    Group::new(0x11eb, "SecP256r1MLKEM768").hybrid(),
    Group::new(29, "x25519"),
    Group::new(30, "x448"),
    Group::new(23, "secp256r1"),
    Group::new(24, "secp384r1"),
    Group::new(25, "secp521r1"),
    Group::new(256, "ffdhe2048"),
    Group::new(21, "secp224r1").weak(),
    Group::new(19, "secp192r1").weak(),
    Group::new(16, "secp160r1").weak(),
    Group::new(1, "sect163k1").weak(),
];

/// A group for key exchange.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    /// Its number.
    pub number: u16,
    /// Its name.
    pub name: &'static str,
    /// Whether it is below 112 bits or close to it.
    pub weak: bool,
    /// Whether it holds against a quantum computer.
    pub hybrid: bool,
}

impl Group {
    const fn new(number: u16, name: &'static str) -> Self {
        Self { number, name, weak: false, hybrid: false }
    }

    const fn weak(self) -> Self {
        Self { weak: true, ..self }
    }

    const fn hybrid(self) -> Self {
        Self { hybrid: true, ..self }
    }
}

/// The group of this name.
#[must_use]
pub fn group_named(name: &str) -> Option<&'static Group> {
    GROUPS.iter().find(|group| group.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suites_stand_as_the_standards_say() {
        for sound in [0x1301, 0xc02b, 0xc030, 0xcca9] {
            assert_eq!(standing(sound), Standing::Sound, "{}", name(sound));
        }
        for old in [0x002f, 0x0035, 0x009c, 0xc013, 0xc00a, 0x0067] {
            assert_eq!(standing(old), Standing::Old, "{}", name(old));
        }
        for broken in [0x0001, 0x0005, 0x000a, 0x0018, 0x0034, 0xc011, 0xc012, 0xc018] {
            assert_eq!(standing(broken), Standing::Broken, "{}", name(broken));
        }
    }
}
