//! Versions of Debian: an epoch, an upstream version and a revision, each compared in runs of digits and of the rest, where
//! a tilde comes before the end (deb-version(7)).

use std::cmp::Ordering;

pub fn compare(one: &str, other: &str) -> Ordering {
    let (one, other) = (split(one.trim()), split(other.trim()));
    number(one.0)
        .cmp(&number(other.0))
        .then_with(|| part(one.1, other.1))
        .then_with(|| part(one.2, other.2))
}

/// Epoch, upstream version, revision. No revision is the same as `0`.
fn split(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Digits, however many, as something that orders like their number.
fn number(digits: &str) -> (usize, &str) {
    let digits = digits.trim_start_matches('0');
    (digits.len(), digits)
}

fn part(mut one: &str, mut other: &str) -> Ordering {
    while !(one.is_empty() && other.is_empty()) {
        let (text, after) = take(one, |byte| !byte.is_ascii_digit());
        let (beside, after_other) = take(other, |byte| !byte.is_ascii_digit());
        let (digits, rest) = take(after, |byte| byte.is_ascii_digit());
        let (digits_other, rest_other) = take(after_other, |byte| byte.is_ascii_digit());
        let order = letters(text, beside).then_with(|| number(digits).cmp(&number(digits_other)));
        if order.is_ne() {
            return order;
        }
        (one, other) = (rest, rest_other);
    }
    Ordering::Equal
}

fn take(text: &str, belongs: fn(u8) -> bool) -> (&str, &str) {
    let end = text.bytes().position(|byte| !belongs(byte)).unwrap_or(text.len());
    // Between two ASCII classes there is always a boundary of characters, or the end.
    text.split_at_checked(end).unwrap_or((text, ""))
}

fn letters(one: &str, other: &str) -> Ordering {
    let mut beside = other.bytes();
    for byte in one.bytes() {
        let order = weight(Some(byte)).cmp(&weight(beside.next()));
        if order.is_ne() {
            return order;
        }
    }
    weight(None).cmp(&weight(beside.next()))
}

/// A tilde before the end, the end before letters, letters before the rest.
fn weight(byte: Option<u8>) -> u16 {
    match byte {
        Some(b'~') => 0,
        None => 1,
        Some(byte) if byte.is_ascii_alphabetic() => 2 + u16::from(byte),
        Some(byte) => 300 + u16::from(byte),
    }
}
