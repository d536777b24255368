//! Base32 (RFC 4648 section 6), as people type it: without padding; blanks, hyphens and case make no difference.

use zeroize::Zeroizing;

const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// In capital letters, without padding.
pub(super) fn encode(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity((bytes.len() * 8).div_ceil(5)));
    let (mut held, mut bits) = (0_u16, 0_u32);
    for byte in bytes {
        held = (held << 8) | u16::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(held >> bits));
            held &= (1 << bits) - 1;
        }
    }
    if bits > 0 {
        text.push(letter(held << (5 - bits)));
    }
    text
}

/// `None` where it is no Base32, or does not stand for whole bytes.
pub(super) fn decode(text: &str) -> Option<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 5 / 8));
    let (mut held, mut bits) = (0_u16, 0_u32);
    for typed in text.chars().filter(|typed| !typed.is_whitespace() && *typed != '-') {
        let typed = u8::try_from(typed).ok()?.to_ascii_uppercase();
        let value = LETTERS.iter().position(|letter| *letter == typed)?;
        held = (held << 5) | u16::try_from(value).ok()?;
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(held >> bits).ok()?);
            held &= (1 << bits) - 1;
        }
    }
    // What is left is padding: less than a letter, and nothing in it.
    (bits < 5 && held == 0).then_some(bytes)
}

fn letter(value: u16) -> char {
    LETTERS.get(usize::from(value & 31)).copied().map_or('A', char::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// RFC 4648 section 10.
    #[test]
    fn the_vectors_of_the_rfc_hold() {
        let vectors = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (bytes, text) in vectors {
            assert_eq!(encode(bytes.as_bytes()).as_str(), text);
            assert_eq!(decode(text).unwrap().as_slice(), bytes.as_bytes());
        }
    }

    #[test]
    fn what_does_not_stand_for_whole_bytes_is_refused() {
        for text in ["M", "MZ", "MZXW6Y", "MY=", "M1", "M\u{e9}"] {
            assert!(decode(text).is_none(), "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_reads_back_however_it_is_typed(bytes: Vec<u8>, small: bool, wide in 1_usize..8) {
            let text = encode(&bytes);
            let text = if small { text.to_lowercase() } else { text.to_string() };
            let letters: Vec<char> = text.chars().collect();
            let groups: Vec<String> = letters.chunks(wide).map(|group| group.iter().collect()).collect();
            let typed = groups.join("- ");
            prop_assert_eq!(&*decode(&typed).unwrap(), &bytes);
        }

        #[test]
        fn what_reads_has_one_way_to_be_written(text in "[A-Za-z2-7 -]{0,40}") {
            if let Some(bytes) = decode(&text) {
                let plain: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
                prop_assert_eq!(&*encode(&bytes), &plain.to_uppercase());
            }
        }
    }
}
