//! What a new password must be: long enough, and none that guessers try (NIST SP 800-63B 3.1.1.2; no rules on kinds of
//! letters, no expiry).
//!
//! `zxcvbn` estimates how many guesses a password needs. It holds lists of the most common passwords, names and words,
//! and knows patterns of keyboards, dates and repetitions; what the person's own name gives away counts as known.

use zeroize::Zeroizing;
use zxcvbn::{Score, zxcvbn};

use crate::account::{AccountError, MAX_PASSWORD, MIN_PASSWORD};

/// What is looked at of a password, in characters: more of them make no worse one.
const LOOKED_AT: usize = 72;

/// Names that anybody would try here.
const KNOWN: [&str; 3] = ["pintle", "device", "cloud"];

/// A password that guessers try early.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this password is guessed too easily{why}: take three or four unrelated words, or what a password program makes"
)]
pub struct WeakPassword {
    why: String,
}

/// Whether a password has the length that every one must have.
pub(in crate::account) fn check_length(password: &str) -> Result<(), AccountError> {
    match password.chars().count() >= MIN_PASSWORD && password.len() <= MAX_PASSWORD {
        true => Ok(()),
        false => Err(AccountError::Password),
    }
}

/// Whether somebody of this name may take this password.
pub(in crate::account) fn check(name: &str, password: &str) -> Result<(), AccountError> {
    check_length(password)?;
    let looked_at: Zeroizing<String> = Zeroizing::new(password.chars().take(LOOKED_AT).collect());
    let found = zxcvbn(&looked_at, &[]);
    let unknown = zxcvbn(&without_known(&looked_at, name), &[]);
    if found.score() >= Score::Three && unknown.score() >= Score::Three {
        return Ok(());
    }
    let warning = found.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    // What it says is about kinds of passwords; it never repeats one.
    let why = warning.map_or_else(String::new, |warning| {
        format!(" ({})", warning.to_string().trim_end_matches('.'))
    });
    Err(WeakPassword { why }.into())
}

/// What is left of a password when what everybody knows is taken out: the parts of the name, and the words of this place.
fn without_known(password: &str, name: &str) -> Zeroizing<String> {
    let name = Zeroizing::new(name.to_lowercase());
    let parts = name.split(|c: char| !c.is_alphanumeric()).filter(|part| part.chars().count() > 2);
    let mut left = Zeroizing::new(password.to_lowercase());
    for known in parts.chain(KNOWN) {
        left = Zeroizing::new(left.replace(known, ""));
    }
    left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn p9_a_password_that_guessers_try_is_refused_and_the_text_does_not_repeat_it() {
        for bad in [
            "password1",
            "qwertyuiop",
            "P@ssw0rd!",
            "aaaaaaaaaaaa",
            "ada.lovelace1815",
            "pintlecloud",
        ] {
            let error = check("ada.lovelace@example.com", bad).unwrap_err();
            assert!(matches!(error, AccountError::Weak(_)), "{bad}: {error}");
            assert!(!error.to_string().contains(bad), "{error}");
        }
    }

    #[test]
    fn p9_long_passwords_of_any_letters_are_taken_up_to_256_bytes() {
        for good in [
            "correct horse battery staple",
            "\u{444}\u{438}\u{43e}\u{43b}\u{435}\u{442} \u{43a}\u{430}\u{43d}\u{430}\u{432}\u{430} \u{442}\u{443}\u{43c}\u{430}\u{43d}",
            "x7#Qm!9vLp2z",
        ] {
            check("ada", good).unwrap();
        }
        let long = "correct horse battery staple ".repeat(9);
        check("ada", long.get(..256).unwrap()).unwrap();
        assert!(matches!(check("ada", long.get(..257).unwrap()), Err(AccountError::Password)));
        assert!(matches!(check("ada", "x7#Qm!9"), Err(AccountError::Password)));
    }
}
