//! The few DER forms (X.690) that a P-256 private key comes in: SEC 1 `ECPrivateKey` (RFC 5915) and PKCS#8
//! (RFC 5208). Finds the structure's end, because flash pages pad keys with trailing bytes, and the scalar in
//! it. Keys of other curves and anything else are not taken.

const SEQUENCE: u8 = 0x30;
const INTEGER: u8 = 0x02;
const OCTET_STRING: u8 = 0x04;
/// `namedCurve prime256v1` as the explicit parameter [0] of an `ECPrivateKey`.
const PARAMETERS: u8 = 0xa0;
const P256_OID: [u8; 10] = [0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
/// `AlgorithmIdentifier { id-ecPublicKey, prime256v1 }` without its sequence header.
const EC_P256: [u8; 19] = [
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d,
    0x03, 0x01, 0x07,
];

/// A private key as found in DER.
pub(crate) struct PrivateKeyDer<'a> {
    /// The whole structure, without what follows it.
    #[cfg_attr(not(feature = "aws-lc"), allow(dead_code, reason = "RustCrypto takes the scalar"))]
    pub(crate) der: &'a [u8],
    /// The private scalar, big-endian.
    #[cfg_attr(
        not(feature = "rustcrypto"),
        allow(dead_code, reason = "aws-lc reads the DER itself")
    )]
    pub(crate) scalar: &'a [u8; 32],
}

/// Finds the key at the start of `bytes`; what follows the structure is ignored.
pub(crate) fn private_key(bytes: &[u8]) -> Option<PrivateKeyDer<'_>> {
    let (fields, rest) = element(bytes, SEQUENCE)?;
    let der = bytes.get(..bytes.len() - rest.len())?;
    let (version, after) = element(fields, INTEGER)?;
    let scalar = match version {
        [1] => sec1_scalar(after)?,
        [0] => pkcs8_scalar(after)?,
        _ => return None,
    };
    Some(PrivateKeyDer { der, scalar })
}

fn sec1_scalar(fields: &[u8]) -> Option<&[u8; 32]> {
    let (scalar, after) = element(fields, OCTET_STRING)?;
    if let Some((parameters, _)) = element(after, PARAMETERS)
        && parameters != P256_OID
    {
        return None;
    }
    scalar.try_into().ok()
}

fn pkcs8_scalar(fields: &[u8]) -> Option<&[u8; 32]> {
    let (algorithm, after) = element(fields, SEQUENCE)?;
    if algorithm != EC_P256 {
        return None;
    }
    let (key, _) = element(after, OCTET_STRING)?;
    let (inner, _) = element(key, SEQUENCE)?;
    let (version, after) = element(inner, INTEGER)?;
    if version == [1] { sec1_scalar(after) } else { None }
}

/// One element with this tag: its content and what follows. Lengths up to 255 bytes, in shortest form.
fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [found, length @ 0..=0x7f, rest @ ..] if *found == tag => (*length, rest),
        [found, 0x81, length @ 0x80..=0xff, rest @ ..] if *found == tag => (*length, rest),
        _ => return None,
    };
    rest.split_at_checked(length.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn trailing_bytes_after_a_key_are_cut_off() {
        let mut bytes = vec![0x30, 0x25, 2, 1, 1, 4, 0x20];
        bytes.extend([9; 32]);
        let whole = bytes.len();
        bytes.extend([0xff; 70]);
        let found = private_key(&bytes).unwrap();
        assert_eq!(found.der.len(), whole);
        assert_eq!(found.scalar, &[9; 32]);
    }

    #[test]
    fn a_truncated_key_is_refused() {
        let mut bytes = vec![0x30, 0x25, 2, 1, 1, 4, 0x20];
        bytes.extend([9; 31]);
        assert!(private_key(&bytes).is_none());
    }
}
