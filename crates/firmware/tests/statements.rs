//! Statements: what travels with a module. Keyrings are followed from the pinned one, and the last one judges the
//! release.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::Ed25519KeyPair;
use pintle_firmware::Digest;
use pintle_firmware::module::Platform;
use pintle_firmware::release::{
    Envelope, Key, Keyring, KeyringBuilder, Kind, MAX_STATEMENT, Release, ReleaseFault, Role,
    Statement, Thresholds, Time, sign,
};
use pintle_firmware::signature::{AwsLc, AwsLcSigner, Sign};
use proptest::prelude::*;

const NOW: Time = Time::Seconds(1_000);
const LATER: u64 = 2_000;

fn key() -> AwsLcSigner {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    AwsLcSigner::from_pkcs8(der.as_ref()).expect("a key")
}

/// A root and a release key of each generation; keyring `n` names those of generation `n`.
struct Generations(Vec<[AwsLcSigner; 2]>);

impl Generations {
    fn new(count: usize) -> Self {
        Self((0..count).map(|_| [key(), key()]).collect())
    }

    /// Keyring `number`, signed by its own root and the one before.
    fn keyring(&self, number: usize, expiry: u64) -> Vec<u8> {
        let [root, release] = &self.0[number];
        let key = |role, signer| Key { role, public: AwsLcSigner::public_key(signer) };
        let ring = KeyringBuilder {
            product: 42,
            number: u32::try_from(number).expect("few keyrings"),
            expiry,
            thresholds: Thresholds { root: 1, release: 1, review: 0 },
            keys: vec![key(Role::Root, root), key(Role::Release, release)],
        };
        let before = number.checked_sub(1).map(|before| &self.0[before][0] as &dyn Sign);
        let signers: Vec<&dyn Sign> = before.into_iter().chain([root as &dyn Sign]).collect();
        sign(Kind::Keyring, &ring.payload(), &signers).expect("it can be signed")
    }

    fn release(&self, by: usize) -> Vec<u8> {
        sign(Kind::Release, &said().payload(), &[&self.0[by][1]]).expect("it can be signed")
    }

    /// What a device with keyring `pinned` makes of a statement: the keyring in force afterwards.
    fn taken(&self, pinned: usize, statement: &[u8], now: Time) -> Result<u32, ReleaseFault> {
        let pinned = self.keyring(pinned, LATER);
        let pinned = Keyring::first(&Envelope::parse(&pinned)?, &AwsLc)?;
        let (ring, release) = Statement::parse(statement)?.check(&pinned, &AwsLc, now)?;
        assert_eq!(release, said());
        let kept = Keyring::first(&Envelope::parse(ring.envelope())?, &AwsLc)?;
        assert_eq!(kept, ring, "what is kept is read again at the next boot");
        Ok(ring.number)
    }
}

fn said() -> Release {
    Release {
        product: 42,
        platform: Platform(12),
        version: 7,
        counter: 3,
        digest: Digest::of(b"a module"),
        length: 8,
        expiry: LATER,
        number: 9,
        over: 0,
        minimums: [None; 4],
    }
}

#[test]
fn p8_keyrings_are_followed_from_the_pinned_one_and_the_last_judges_the_release() {
    let keys = Generations::new(4);
    let [one, two] = [1, 2].map(|number| keys.keyring(number, LATER));
    let whole = [&one[..], &two, &keys.release(2)].concat();
    for pinned in 0..=2 {
        assert_eq!(keys.taken(pinned, &whole, NOW), Ok(2), "from {pinned}");
    }
    let foreign = keys.taken(3, &whole, NOW);
    assert!(matches!(foreign, Err(ReleaseFault::Signatures { role: Role::Release, .. })));
    let gap = [&two[..], &keys.release(2)].concat();
    assert_eq!(keys.taken(0, &gap, NOW), Err(ReleaseFault::NotNext { found: 2, current: 0 }));
    let revoked = [&one[..], &two, &keys.release(1)].concat();
    assert!(keys.taken(0, &revoked, NOW).is_err(), "a key that the last keyring no longer names");
    assert_eq!(keys.taken(1, &keys.release(1), NOW), Ok(1), "a release alone is a statement");
}

#[test]
fn only_the_last_keyring_has_to_be_in_time() {
    let keys = Generations::new(3);
    let [old, new] = [keys.keyring(1, 900), keys.keyring(2, LATER)];
    let whole = [&old[..], &new, &keys.release(2)].concat();
    assert_eq!(keys.taken(0, &whole, NOW), Ok(2));
    let stale = [&old[..], &keys.release(1)].concat();
    assert_eq!(keys.taken(0, &stale, NOW), Err(ReleaseFault::KeyringExpired));
}

#[test]
fn what_is_no_statement_says_why() {
    let keys = Generations::new(2);
    let (ring, release) = (keys.keyring(1, LATER), keys.release(1));
    let of = |parts: &[&[u8]]| Statement::parse(&parts.concat()).map(|_| ());
    assert_eq!(of(&[]), Err(ReleaseFault::NoRelease));
    assert_eq!(of(&[&ring]), Err(ReleaseFault::NoRelease));
    assert_eq!(of(&[&release, &ring]), Err(ReleaseFault::Kind));
    assert_eq!(of(&[&release, &release]), Err(ReleaseFault::Kind));
    assert_eq!(of(&[&release[..20]]), Err(ReleaseFault::Unreadable));
    let long = vec![0; MAX_STATEMENT + 1];
    let length = MAX_STATEMENT + 1;
    assert_eq!(of(&[&long]), Err(ReleaseFault::TooLong { length, limit: MAX_STATEMENT }));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_parts_of_a_statement_are_what_it_was_put_together_from(count in 0..3usize) {
        let keys = Generations::new(3);
        let rings: Vec<_> = (1..=count).map(|number| keys.keyring(number, LATER)).collect();
        let release = keys.release(count);
        let bytes = [rings.concat(), release.clone()].concat();
        let read = Statement::parse(&bytes).unwrap();
        let found: Vec<_> = read.keyrings().map(|ring| ring.as_bytes().to_vec()).collect();
        prop_assert_eq!(found, rings);
        let found = read.release();
        prop_assert_eq!(found.as_bytes(), release.as_slice());
    }

    #[test]
    fn p8_a_statement_that_was_changed_anywhere_is_refused(at: prop::sample::Index, bit in 0..8u8) {
        let keys = Generations::new(2);
        let mut bytes = [keys.keyring(1, LATER), keys.release(1)].concat();
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        prop_assert!(keys.taken(0, &bytes, NOW).is_err());
        bytes.truncate(at);
        prop_assert!(keys.taken(0, &bytes, NOW).is_err());
    }
}
