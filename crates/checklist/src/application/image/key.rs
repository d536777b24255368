//! Private keys in bytes: in PEM by their heading, in DER by how their structure begins.

use std::collections::BTreeSet;

/// What follows the length of an outer SEQUENCE, and what it is then: version, then the key or its algorithm.
const BEGINNINGS: &[(&[u8], &str)] = &[
    // SEC 1: version 1, an OCTET STRING of 32 bytes.
    (&[0x02, 0x01, 0x01, 0x04, 0x20], "an elliptic-curve private key (SEC 1)"),
    // PKCS#1: version 0, a modulus of at least 128 bytes.
    (&[0x02, 0x01, 0x00, 0x02, 0x81], "an RSA private key (PKCS#1)"),
    (&[0x02, 0x01, 0x00, 0x02, 0x82], "an RSA private key (PKCS#1)"),
    // PKCS#8: version 0, then an AlgorithmIdentifier that begins with id-ecPublicKey, rsaEncryption or Ed25519.
    (
        &[0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d],
        "an elliptic-curve private key (PKCS#8)",
    ),
    (
        &[0x02, 0x01, 0x00, 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7],
        "an RSA private key (PKCS#8)",
    ),
    (
        &[0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70],
        "an Ed25519 private key (PKCS#8)",
    ),
];

/// Kinds of private keys in DER.
pub(super) fn in_der(bytes: &[u8]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == 0x30) {
        rest = rest.get(at + 1..).unwrap_or_default();
        if let Some(content) = content(rest) {
            let kind = BEGINNINGS.iter().find(|(begins, _)| content.starts_with(begins));
            found.extend(kind.map(|(_, name)| (*name).to_owned()));
        }
    }
    found
}

/// What follows a length that fits what is left.
fn content(bytes: &[u8]) -> Option<&[u8]> {
    let (first, rest) = bytes.split_first()?;
    let (length, content) = match first {
        0x00..=0x7f => (usize::from(*first), rest),
        0x81 => rest.split_first().map(|(one, content)| (usize::from(*one), content))?,
        0x82 => {
            let [high, low, content @ ..] = rest else { return None };
            (usize::from(u16::from_be_bytes([*high, *low])), content)
        }
        _ => return None,
    };
    content.get(..length)
}

/// The kind of a private key in PEM, by its heading.
pub(super) fn in_text(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (kind, _) = rest.split_once("-----")?;
    kind.ends_with("PRIVATE KEY").then(|| format!("a {} in PEM", kind.to_lowercase()))
}

#[cfg(test)]
mod tests {
    use super::{in_der, in_text};

    #[test]
    fn keys_are_known_by_how_they_begin() {
        let mut sec1 = vec![0xff, 0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20];
        sec1.extend([7; 40]);
        assert_eq!(in_der(&sec1).len(), 1);
        assert!(
            in_der(&[0x30, 0x25, 0x02, 0x01, 0x01, 0x04, 0x20]).is_empty(),
            "the key itself is missing"
        );
        assert_eq!(in_text("-----BEGIN EC PRIVATE KEY-----").unwrap(), "a ec private key in PEM");
        assert_eq!(in_text("-----BEGIN PUBLIC KEY-----"), None);
    }
}
