//! What people type for a name, and what it is found by: a keyed hash, or the handle of the account.
//!
//! Two ways to type one name must give one hash: blanks around it, case, and how a keyboard composes its letters
//! (Unicode's normalization form KC) make no difference. Nothing here is ever written down.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::{AccountError, handle_bytes};

/// The most bytes an account name may have.
pub const MAX_NAME: usize = 256;

/// The form under which a name is hashed.
pub(super) fn normal(name: &str) -> Zeroizing<String> {
    // Small letters may compose anew, and composed ones may have a small form.
    let small: Zeroizing<String> =
        Zeroizing::new(name.trim().nfkc().collect::<String>().to_lowercase());
    Zeroizing::new(small.nfkc().collect::<String>().trim().to_owned())
}

/// The form under which names were hashed before their letters were composed; `None` where it is the same.
pub(super) fn former(name: &str, normal: &str) -> Option<Zeroizing<String>> {
    let former = Zeroizing::new(name.trim().to_lowercase());
    (former.as_str() != normal).then_some(former)
}

/// Whether an account may have this name: not a handle, since handles log in, too.
pub(super) fn check(name: &str) -> Result<(), AccountError> {
    let normal = normal(name);
    let length = 1..=MAX_NAME;
    let fits = length.contains(&normal.len()) && length.contains(&name.trim().len());
    match fits && !normal.chars().any(char::is_control) && as_handle(&normal).is_none() {
        true => Ok(()),
        false => Err(AccountError::Name),
    }
}

/// The bytes that a handle stands for, if this is one.
pub(super) fn as_handle(name: &str) -> Option<[u8; 12]> {
    handle_bytes(name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_blanks_and_ways_to_compose_a_letter_make_no_difference() {
        for same in
            ["zo\u{eb}@example.com", " ZOE\u{308}@Example.com\t", "\u{ff3a}o\u{eb}@example.com"]
        {
            assert_eq!(normal(same).as_str(), "zo\u{eb}@example.com");
        }
        assert_ne!(*normal("zoe@example.com"), *normal("zo\u{eb}@example.com"));
    }

    #[test]
    fn names_of_plain_letters_are_hashed_as_ever() {
        let typed = " Ada@Example.com ";
        assert!(former(typed, &normal(typed)).is_none());
        assert!(former("ZOE\u{308}", &normal("ZOE\u{308}")).is_some());
    }

    #[test]
    fn what_looks_like_a_handle_or_holds_nothing_is_no_name() {
        for bad in ["", "  ", "a\u{7}b", "0123456789abcdef01234567", &"x".repeat(257)] {
            assert!(check(bad).is_err(), "{bad:?}");
        }
        check("0123456789abcdef0123456").unwrap();
        check(&"x".repeat(256)).unwrap();
    }

    proptest! {
        #[test]
        fn a_name_in_normal_form_stays_as_it_is(name in "\\PC{0,20}") {
            let once = normal(&name);
            prop_assert_eq!(&*normal(&once), &*once);
        }

        #[test]
        fn a_handle_reads_back(bytes: [u8; 16]) {
            let id = super::super::AccountId::from_bytes(bytes);
            prop_assert_eq!(&as_handle(&id.handle()).unwrap()[..], &bytes[..12]);
        }
    }
}
