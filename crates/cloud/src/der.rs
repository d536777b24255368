//! The little of DER (X.690) that keys need: one element after the other, lengths up to 65,535 in their shortest
//! form. Knows no types; who reads says which tag it expects.

pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const BIT_STRING: u8 = 0x03;
pub(crate) const OCTET_STRING: u8 = 0x04;
pub(crate) const OBJECT_ID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// `rsaEncryption` (RFC 8017).
pub(crate) const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
/// `id-ecPublicKey` (RFC 5480).
pub(crate) const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
/// `prime256v1` (RFC 5480).
pub(crate) const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// The content of the element with this tag at the start of `bytes`, and what follows the element.
pub(crate) fn element(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (length, rest) = match bytes {
        [found, ..] if *found != tag => return None,
        [_, length @ 0..=0x7f, rest @ ..] => (usize::from(*length), rest),
        [_, 0x81, length @ 0x80..=0xff, rest @ ..] => (usize::from(*length), rest),
        [_, 0x82, high @ 1..=0xff, low, rest @ ..] => {
            (usize::from(u16::from_be_bytes([*high, *low])), rest)
        }
        _ => return None,
    };
    rest.split_at_checked(length)
}

/// The content of an element that is all of `bytes`.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Option<&[u8]> {
    element(bytes, tag).filter(|(_, rest)| rest.is_empty()).map(|(content, _)| content)
}

/// The digits of a positive INTEGER, without the zero that keeps it positive, and what follows it.
pub(crate) fn positive(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (digits, rest) = element(bytes, INTEGER)?;
    match digits {
        [0, 0x80..=0xff, ..] => Some((digits.get(1..)?, rest)),
        [1..=0x7f, ..] => Some((digits, rest)),
        _ => None,
    }
}

/// How many bits a number has that is written without leading zeros.
pub(crate) fn bits(digits: &[u8]) -> usize {
    let unused = digits.first().map_or(0, |first| first.leading_zeros() as usize);
    digits.len() * 8 - unused
}

/// An element of these parts. For what is longer than 65,535 bytes there is no form here; keys are not.
pub(crate) fn write(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let [.., high, low] = content.len().to_be_bytes();
    let mut out = match (high, low) {
        (0, 0..=0x7f) => vec![tag, low],
        (0, _) => vec![tag, 0x81, low],
        _ => vec![tag, 0x82, high, low],
    };
    out.extend(content);
    out
}

/// A SEQUENCE of these elements.
pub(crate) fn sequence(elements: &[Vec<u8>]) -> Vec<u8> {
    write(SEQUENCE, &[elements.concat().as_slice()])
}

/// A positive INTEGER of these digits, which have no leading zeros.
pub(crate) fn integer(digits: &[u8]) -> Vec<u8> {
    let sign: &[u8] = if digits.first().is_some_and(|first| *first >= 0x80) { &[0] } else { &[] };
    write(INTEGER, &[sign, digits])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_element_is_read_as_it_was_written(content in prop::collection::vec(any::<u8>(), 0..700), tail in any::<[u8; 3]>()) {
            let mut bytes = write(SEQUENCE, &[&content]);
            prop_assert_eq!(only(&bytes, SEQUENCE), Some(content.as_slice()));
            bytes.extend(tail);
            prop_assert_eq!(element(&bytes, SEQUENCE), Some((content.as_slice(), tail.as_slice())));
            prop_assert_eq!(only(&bytes, SEQUENCE), None);
            prop_assert_eq!(element(&bytes, INTEGER), None);
        }
    }

    #[test]
    fn lengths_and_numbers_have_one_form() {
        assert_eq!(element(&[0x04, 0x81, 0x01, 0xaa], OCTET_STRING), None);
        assert_eq!(element(&[0x04, 0x82, 0x00, 0x01, 0xaa], OCTET_STRING), None);
        assert_eq!(positive(&[2, 2, 0, 0x7f]), None, "a zero too many");
        assert_eq!(positive(&[2, 1, 0x80]), None, "negative");
        assert_eq!(positive(&[2, 2, 0, 0x80, 9]), Some(([0x80].as_slice(), [9].as_slice())));
        assert_eq!((bits(&[1, 0, 1]), bits(&[0x80]), bits(&[])), (17, 8, 0));
    }
}
