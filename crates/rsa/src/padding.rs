//! PKCS#1 v1.5, block type 2, taken off a text whose length is known: RFC 8017 section 7.2.2, step 3.
//!
//! `00 02`, filler without a zero, `00`, text. Both sizes are fixed by the types, so the filler has one length, the
//! text one place, and every byte one thing to be: nothing is searched for. Whatever the bytes are, the same ones are
//! read and the same ones written.

use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::Zeroizing;

/// The text of a block, or `rejected` where the padding is not exactly that of a text of this length; and which of
/// the two it is.
pub(crate) fn remove<const BLOCK: usize, const TEXT: usize>(
    block: &[u8; BLOCK],
    rejected: &[u8; TEXT],
) -> (Zeroizing<[u8; TEXT]>, Choice) {
    const {
        assert!(BLOCK >= TEXT + 11, "no room for eight bytes of filler");
    }
    let (padding, text) = block.split_at(BLOCK - TEXT);
    let valid = is_padding(padding);
    let mut out = Zeroizing::new(*rejected);
    for (place, byte) in out.iter_mut().zip(text) {
        place.conditional_assign(byte, valid);
    }
    (out, valid)
}

fn is_padding(padding: &[u8]) -> Choice {
    let last = padding.len() - 1;
    let mut valid = Choice::from(1);
    // Which byte it is decides what it must be; what it is decides nothing.
    for (place, byte) in padding.iter().enumerate() {
        valid &= match place {
            0 => byte.ct_eq(&0),
            1 => byte.ct_eq(&2),
            place if place == last => byte.ct_eq(&0),
            _ => !byte.ct_eq(&0),
        };
    }
    valid
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const REJECTED: [u8; 214] = [0xee; 214];

    /// Filler, separator and text after `00 02`.
    fn padded(text: &[u8], filler: u8) -> [u8; 256] {
        let mut block = [filler; 256];
        block[0] = 0;
        block[1] = 2;
        block[255 - text.len()] = 0;
        block[256 - text.len()..].copy_from_slice(text);
        block
    }

    fn taken(block: &[u8; 256]) -> bool {
        let (text, valid) = remove(block, &REJECTED);
        assert_eq!(bool::from(valid), *text != REJECTED, "rejected bytes stand in for bad ones");
        valid.into()
    }

    #[test]
    fn any_other_byte_in_the_frame_of_the_padding_is_refused() {
        let good = padded(&[7; 214], 0xff);
        assert!(taken(&good));
        for (place, ours) in [(0, 0), (1, 2), (41, 0)] {
            for other in (0..=255).filter(|other| *other != ours) {
                let mut block = good;
                block[place] = other;
                assert!(!taken(&block), "{other:02x} at {place}");
            }
        }
        for place in 2..41 {
            let mut block = good;
            block[place] = 0;
            assert!(!taken(&block), "a zero at {place}");
        }
    }

    #[test]
    fn texts_of_every_other_length_are_refused() {
        for length in (0..=245).filter(|length| *length != 214) {
            assert!(!taken(&padded(&vec![7; length], 0xff)), "{length} bytes");
        }
    }

    /// As the rule reads, with a search and branches.
    fn by_the_book(block: &[u8; 256]) -> Option<&[u8]> {
        let rest = block.strip_prefix(&[0, 2])?;
        let zero = rest.iter().position(|byte| *byte == 0).filter(|zero| *zero >= 8)?;
        Some(&rest[zero + 1..])
    }

    proptest! {
        #[test]
        fn it_agrees_with_a_search_for_the_separator(
            text in proptest::collection::vec(any::<u8>(), 214),
            filler in 1u8..,
            changes in proptest::collection::vec((0usize..256, any::<u8>()), 0..4),
        ) {
            let mut block = padded(&text, filler);
            changes.iter().for_each(|(place, byte)| block[*place] = *byte);
            let (ours, valid) = remove(&block, &REJECTED);
            let expected = by_the_book(&block).filter(|text| text.len() == 214);
            prop_assert_eq!(bool::from(valid), expected.is_some());
            prop_assert_eq!(&ours[..], expected.unwrap_or(&REJECTED));
        }
    }
}
