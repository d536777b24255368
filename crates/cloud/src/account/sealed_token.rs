//! Something that a client carries from one step of a login to the next, sealed: the node keeps nothing for it, and
//! nobody else can read or change it.
//!
//! A token is the time it was made at and what it carries, under AES-256-GCM-SIV, in the letters of URLs. What it is
//! for, and for whom, is bound to it and not in it.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::AccountError;
use crate::node_key::{KEY_LENGTH, open_with, seal_with};

/// Letters of a token, at most.
const LONGEST: usize = 4_096;

/// Seals `content` at this time, in milliseconds since 1970.
pub(super) fn seal(
    key: &[u8; KEY_LENGTH],
    purpose: &[u8],
    content: &[u8],
    now_ms: i64,
) -> Result<Zeroizing<String>, AccountError> {
    let plain = Zeroizing::new([now_ms.to_be_bytes().as_slice(), content].concat());
    Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(seal_with(key, purpose, &plain)?)))
}

/// What [`seal`] sealed for the same purpose, no longer ago than this; otherwise `None`.
pub(super) fn open(
    key: &[u8; KEY_LENGTH],
    purpose: &[u8],
    token: &str,
    now_ms: i64,
    within_ms: i64,
) -> Option<Zeroizing<Vec<u8>>> {
    let sealed = (token.len() <= LONGEST).then(|| URL_SAFE_NO_PAD.decode(token.trim()).ok())??;
    let plain = open_with(key, purpose, &sealed).ok()?;
    let (made, content) = plain.split_first_chunk::<8>()?;
    let age = now_ms.checked_sub(i64::from_be_bytes(*made))?;
    (0..within_ms).contains(&age).then(|| Zeroizing::new(content.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: [u8; KEY_LENGTH] = [3; KEY_LENGTH];

    #[test]
    fn a_token_opens_for_its_purpose_in_its_time_and_unchanged() {
        let token = seal(&KEY, b"login", b"ada", 1_000).unwrap();
        let at = |purpose: &[u8], now| open(&KEY, purpose, &token, now, 500).map(|it| it.to_vec());
        assert_eq!(at(b"login", 1_000).as_deref(), Some(&b"ada"[..]));
        assert_eq!(at(b"login", 1_499).as_deref(), Some(&b"ada"[..]));
        assert_eq!(at(b"login", 1_500), None);
        assert_eq!(at(b"login", 999), None);
        assert_eq!(at(b"enrol", 1_000), None);
        assert!(open(&[4; KEY_LENGTH], b"login", &token, 1_000, 500).is_none());
    }

    proptest! {
        #[test]
        fn whatever_is_carried_comes_back(content: Vec<u8>, now in 0..i64::MAX / 2) {
            let token = seal(&KEY, b"x", &content, now).unwrap();
            let opened = open(&KEY, b"x", &token, now, 1);
            prop_assert_eq!(opened.is_some(), token.len() <= LONGEST);
            prop_assert!(opened.is_none_or(|opened| *opened == content));
        }

        #[test]
        fn nothing_that_was_made_up_opens(token in "[A-Za-z0-9_=. -]{0,80}") {
            prop_assert!(open(&KEY, b"x", &token, 0, 1).is_none());
        }
    }
}
