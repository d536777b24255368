//! Copies open with what they were made with, and with nothing else.

use super::*;
use proptest::prelude::*;

const CHEAP: Cost = Cost { memory_kib: 8, passes: 1 };
const PASSPHRASE: &str = "seven quiet herons at dawn";

fn key(n: u8) -> NodeKey {
    NodeKey::from_bytes(Zeroizing::new([n; KEY_LENGTH]))
}

fn refusal(of: Result<NodeKey, KeyCopyError>) -> KeyCopyError {
    of.err().unwrap()
}

#[test]
fn a_locked_copy_opens_with_its_passphrase_alone() {
    let copy = lock(&key(7), PASSPHRASE, CHEAP).unwrap();
    assert!(is_locked(&copy));
    assert_eq!(cost(&copy), Ok(CHEAP));
    assert_eq!(*unlock(&copy, PASSPHRASE).unwrap().secret(), *key(7).secret());
    assert_eq!(refusal(unlock(&copy, "seven quiet herons at dusk")), KeyCopyError::Locked);
    assert_eq!(lock(&key(7), "too short", CHEAP).err(), Some(KeyCopyError::Passphrase));
}

#[test]
fn a_copy_that_asks_for_too_much_memory_is_refused_before_any_is_taken() {
    let much = Cost { memory_kib: u32::MAX, passes: 1 };
    let head = format::Head { mark: [1; 8], cost: much, salt: [2; 16] };
    let copy = pem::write(LOCKED, &[head.write().as_slice(), &[0; 60]].concat());
    assert_eq!(refusal(unlock(&copy, PASSPHRASE)), KeyCopyError::NotOne);
}

#[test]
fn any_three_of_five_shares_make_the_key_and_no_two_do() {
    let shares = split(&key(9), 3, 5).unwrap();
    let pick = |which: &[usize]| join(which.iter().map(|at| shares[*at].as_str()));
    for a in 0..5 {
        for b in 0..a {
            for c in 0..b {
                assert_eq!(*pick(&[a, b, c]).unwrap().secret(), *key(9).secret());
            }
            let few = refusal(pick(&[a, b, b]));
            assert_eq!(few, KeyCopyError::TooFew { given: 2, needed: 3 });
        }
    }
    assert_eq!(*pick(&[4, 0, 3, 2, 1]).unwrap().secret(), *key(9).secret());
}

#[test]
fn shares_of_two_makings_are_told_apart() {
    let (first, second) = (split(&key(9), 2, 3).unwrap(), split(&key(9), 2, 3).unwrap());
    assert_eq!(refusal(join([&*first[0], &*second[1]].map(String::as_str))), KeyCopyError::Mixed);
    assert_eq!(refusal(join([&*first[0], &*second[0]].map(String::as_str))), KeyCopyError::Mixed);
    assert_eq!(refusal(join([])), KeyCopyError::NotOne);
    for (needed, count) in [(1, 3), (4, 3), (2, 33), (0, 0)] {
        assert_eq!(split(&key(9), needed, count).err(), Some(KeyCopyError::Numbers));
    }
}

/// A single share, or one fewer than needed, is random bytes: the same place of the key is everything it can be.
#[test]
fn p5_a_share_says_nothing_about_its_key() {
    let mut seen = [false; 256];
    for _ in 0..4_096 {
        let share = split(&key(9), 2, 2).unwrap();
        let bytes = block(&share[0], "PINTLE NODE KEY SHARE").unwrap();
        let one = format::OneShare::read(&bytes).unwrap();
        one.share.iter().for_each(|byte| seen[usize::from(*byte)] = true);
    }
    assert!(seen.iter().all(|seen| *seen));
}

proptest! {
    #[test]
    fn a_head_is_read_as_it_was_written(
        mark in any::<[u8; 8]>(),
        salt in any::<[u8; 16]>(),
        memory_kib in 8..=1_u32 << 20,
        passes in 1..=64_u32,
        behind in proptest::collection::vec(any::<u8>(), 0..80),
    ) {
        let head = format::Head { mark, cost: Cost { memory_kib, passes }, salt };
        let bytes = [head.write().as_slice(), &behind].concat();
        prop_assert_eq!(format::Head::read(&bytes).unwrap(), (head, behind.as_slice()));
    }

    #[test]
    fn a_share_is_read_as_it_was_written_and_not_with_a_bit_turned(
        parts in any::<([u8; 8], [u8; 8], [u8; 32])>(),
        needed in 2..=255_u8,
        number in 1..=255_u8,
        bit in 0..(1 + 8 + 8 + 2 + 32 + 4) * 8_usize,
    ) {
        let (mark, set, share) = parts;
        let one = format::OneShare { mark, set, needed, number, share: Zeroizing::new(share) };
        let mut bytes = one.write();
        prop_assert!(format::OneShare::read(&bytes).unwrap() == one);
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(format::OneShare::read(&bytes).is_err());
    }

    #[test]
    fn whatever_is_given_as_a_copy_ends_nothing(text in "\\PC*", bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
        let _ = (unlock(&text, PASSPHRASE).is_ok(), join([text.as_str()]).is_ok());
        let _ = (format::Head::read(&bytes).is_ok(), format::OneShare::read(&bytes).is_ok());
    }
}
