//! Releases and keyrings: who has to have signed, and what is refused although it is signed.

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair,
};
use coset::{CborSerializable, CoseSign, TaggedCborSerializable, iana};
use pintle_firmware::Digest;
use pintle_firmware::module::{Dependency, Function, Installed, Platform};
use pintle_firmware::release::{
    Envelope, Key, Keyring, KeyringBuilder, Kind, Known, Release, ReleaseFault, Role, Thresholds,
    Time, counter_sign, sign,
};
use pintle_firmware::signature::{AwsLc, AwsLcSigner, NewKey, PublicKey, Sign, Verify};
use proptest::prelude::*;

const NOW: Time = Time::Seconds(1_000);
const LATER: u64 = 2_000;
const FILE: &[u8] = b"all bytes of a module";

fn ed25519() -> AwsLcSigner {
    let der = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("a key");
    AwsLcSigner::from_pkcs8(der.as_ref()).expect("a key")
}

fn p256() -> AwsLcSigner {
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    AwsLcSigner::from_pkcs8(der.expect("a key").as_ref()).expect("a key")
}

/// Two roots of which one is enough, a release key, and two reviewers who are both asked for.
struct Team {
    roots: [AwsLcSigner; 2],
    releaser: AwsLcSigner,
    reviewers: [AwsLcSigner; 2],
}

impl Team {
    fn new() -> Self {
        Self { roots: [ed25519(), p256()], releaser: ed25519(), reviewers: [ed25519(), p256()] }
    }

    fn keyring(&self, number: u32) -> KeyringBuilder<'_> {
        let key = |role, signer| Key { role, public: AwsLcSigner::public_key(signer) };
        let [first, second] = &self.reviewers;
        KeyringBuilder {
            product: 42,
            number,
            expiry: LATER,
            thresholds: Thresholds { root: 1, release: 1, review: 2 },
            keys: vec![
                key(Role::Root, &self.roots[0]),
                key(Role::Root, &self.roots[1]),
                key(Role::Release, &self.releaser),
                key(Role::Review, first),
                key(Role::Review, second),
            ],
        }
    }

    fn all(&self) -> [&dyn Sign; 3] {
        [&self.releaser, &self.reviewers[0], &self.reviewers[1]]
    }
}

fn signed_ring(ring: &KeyringBuilder<'_>, by: &[&dyn Sign]) -> Vec<u8> {
    sign(Kind::Keyring, &ring.payload(), by).expect("it can be signed")
}

fn release() -> Release {
    Release {
        product: 42,
        platform: Platform(12),
        version: 7,
        counter: 3,
        digest: Digest::of(FILE),
        length: 21,
        expiry: LATER,
        number: 9,
        over: 5,
        minimums: [
            Some(Dependency { function: Function::SYSTEM_PART, index: 1, version: 6305 }),
            None,
            None,
            None,
        ],
    }
}

fn signed(release: &Release, by: &[&dyn Sign]) -> Vec<u8> {
    sign(Kind::Release, &release.payload(), by).expect("it can be signed")
}

/// What a device with the team's keyring makes of an envelope.
fn taken(team: &Team, envelope: &[u8], now: Time) -> Result<Release, ReleaseFault> {
    let ring = signed_ring(&team.keyring(1), &[&team.roots[0]]);
    let ring = Keyring::first(&Envelope::parse(&ring)?, &AwsLc)?;
    ring.release(&Envelope::parse(envelope)?, &AwsLc, now)
}

#[test]
fn a_release_that_all_have_signed_is_taken() {
    let team = Team::new();
    let envelope = signed(&release(), &team.all());
    assert_eq!(taken(&team, &envelope, NOW), Ok(release()));
    assert_eq!(taken(&team, &envelope, Time::Unknown), Ok(release()));
    assert!(envelope.len() < 512, "{} bytes", envelope.len());
}

#[test]
fn p8_a_release_without_the_reviewers_asked_for_is_refused() {
    let team = Team::new();
    let [releaser, first, _] = team.all();
    let missing = |role, found, wanted| Err(ReleaseFault::Signatures { role, found, wanted });
    let of = |by: &[&dyn Sign]| taken(&team, &signed(&release(), by), NOW);
    assert_eq!(of(&[releaser]), missing(Role::Review, 0, 2));
    assert_eq!(of(&[releaser, first]), missing(Role::Review, 1, 2));
    assert_eq!(of(&[releaser, first, first]), missing(Role::Review, 1, 2), "twice is once");
    assert_eq!(of(&[first, &team.reviewers[1]]), missing(Role::Release, 0, 1));
    assert_eq!(of(&[releaser, first, &ed25519()]), missing(Role::Review, 1, 2), "a stranger");
    assert_eq!(of(&[releaser, first, &team.roots[0]]), missing(Role::Review, 1, 2), "not its role");
}

#[test]
fn a_reviewer_signs_what_another_has_signed() {
    let team = Team::new();
    let mut envelope = signed(&release(), &[&team.releaser]);
    for reviewer in &team.reviewers {
        assert!(taken(&team, &envelope, NOW).is_err());
        envelope = counter_sign(&envelope, reviewer).expect("room for another");
    }
    assert_eq!(taken(&team, &envelope, NOW), Ok(release()));
}

#[test]
fn what_expired_is_refused_where_there_is_a_clock() {
    let team = Team::new();
    let old = Release { expiry: 1_000, ..release() };
    let envelope = signed(&old, &team.all());
    assert_eq!(taken(&team, &envelope, NOW), Err(ReleaseFault::Expired));
    assert_eq!(taken(&team, &envelope, Time::Unknown), Ok(old));
    let envelope = signed(&release(), &team.all());
    let late = Time::Seconds(LATER);
    assert_eq!(taken(&team, &envelope, late), Err(ReleaseFault::KeyringExpired));
}

#[test]
fn a_release_is_held_against_the_device() {
    let installed = [Installed { function: Function::SYSTEM_PART, index: 1, version: 6305 }];
    let device =
        Known { platform: Platform(12), version: 6, counter: 3, number: 9, installed: &installed };
    let fits = |device: Known<'_>| release().fits(&device);
    assert_eq!(fits(device), Ok(()));
    let platform = Known { platform: Platform(13), ..device };
    assert!(matches!(fits(platform), Err(ReleaseFault::Platform { .. })));
    let counter = ReleaseFault::Counter { found: 3, floor: 4 };
    assert_eq!(fits(Known { counter: 4, ..device }), Err(counter), "rolled back");
    let number = ReleaseFault::Number { found: 9, seen: 10 };
    assert_eq!(fits(Known { number: 10, ..device }), Err(number));
    let over = ReleaseFault::OverVersion { found: 4, wanted: 5 };
    assert_eq!(fits(Known { version: 4, ..device }), Err(over));
    let missing = fits(Known { installed: &[], ..device });
    assert!(matches!(missing, Err(ReleaseFault::OverModule(_))));
    assert_eq!(release().is_about(FILE), Ok(()));
    assert_eq!(release().is_about(&FILE[1..]), Err(ReleaseFault::Image));
}

#[test]
fn a_keyring_follows_only_when_old_and_new_roots_signed_it() {
    let (old, new) = (Team::new(), Team::new());
    let first = signed_ring(&old.keyring(1), &[&old.roots[1]]);
    let first = Envelope::parse(&first).expect("an envelope");
    let first = Keyring::first(&first, &AwsLc).expect("signed by its root");
    let follow = |number, by: &[&dyn Sign], now| {
        let next = signed_ring(&new.keyring(number), by);
        first.follow(&Envelope::parse(&next)?, &AwsLc, now).map(|ring| ring.number)
    };
    let missing = ReleaseFault::Signatures { role: Role::Root, found: 0, wanted: 1 };
    let both: [&dyn Sign; 2] = [&old.roots[0], &new.roots[1]];
    assert_eq!(follow(2, &both, NOW), Ok(2));
    assert_eq!(follow(2, &both[..1], NOW), Err(missing), "the new ones have not");
    assert_eq!(follow(2, &both[1..], NOW), Err(missing), "the old ones have not");
    assert_eq!(follow(3, &both, NOW), Err(ReleaseFault::NotNext { found: 3, current: 1 }));
    assert_eq!(follow(1, &both, NOW), Err(ReleaseFault::NotNext { found: 1, current: 1 }));
    assert_eq!(follow(2, &both, Time::Seconds(LATER)), Err(ReleaseFault::Expired));
}

#[test]
fn a_keyring_that_asks_for_nothing_or_has_a_key_twice_is_refused() {
    let team = Team::new();
    let of = |ring: &KeyringBuilder<'_>| {
        let bytes = signed_ring(ring, &[&team.roots[0]]);
        let envelope = Envelope::parse(&bytes).expect("an envelope");
        Keyring::first(&envelope, &AwsLc).map(|ring| ring.number)
    };
    let mut ring = team.keyring(1);
    assert_eq!(of(&ring), Ok(1));
    ring.thresholds.release = 0;
    let nothing = ReleaseFault::Keys { role: Role::Release, found: 1, wanted: 0 };
    assert_eq!(of(&ring), Err(nothing));
    ring.thresholds = Thresholds { root: 1, release: 1, review: 3 };
    let few = ReleaseFault::Keys { role: Role::Review, found: 2, wanted: 3 };
    assert_eq!(of(&ring), Err(few));
    ring.thresholds.review = 2;
    ring.keys[4] = Key { role: Role::Review, public: team.releaser.public_key() };
    assert_eq!(of(&ring), Err(ReleaseFault::KeyTwice), "the releaser does not review");
}

#[test]
fn a_signature_under_one_kind_is_none_under_another() {
    let team = Team::new();
    let ring = sign(Kind::Keyring, &release().payload(), &team.all()).expect("it can be signed");
    assert_eq!(taken(&team, &ring, NOW), Err(ReleaseFault::Kind));
    let release = signed(&release(), &team.all());
    let kind = b"release.1";
    let at = release.windows(9).position(|part| part == kind).expect("its kind is in it");
    let mut renamed = release;
    renamed[at..at + 9].copy_from_slice(b"keyring.1");
    let envelope = Envelope::parse(&renamed).expect("an envelope");
    assert!(!envelope.is_signed_by(&team.releaser.public_key(), &AwsLc));
}

/// The envelope is COSE as others read it: `coset` parses it, says the same of what was signed, and what it writes is
/// taken here.
#[test]
fn another_reader_of_cose_agrees() {
    let team = Team::new();
    let bytes = signed(&release(), &team.all());
    let theirs = CoseSign::from_tagged_slice(&bytes).expect("COSE_Sign");
    assert_eq!(theirs.payload.as_deref(), Some(release().payload().as_slice()));
    assert_eq!(theirs.signatures.len(), 3);
    for (index, signer) in team.all().into_iter().enumerate() {
        let checked = theirs.verify_signature(index, b"", |signature, signed| {
            let signature = signature.try_into().expect("64 bytes");
            AwsLc.verify(&signer.public_key(), signed, signature).then_some(()).ok_or(())
        });
        assert_eq!(checked, Ok(()), "signature {index}");
    }
    let algorithm = theirs.signatures[0].protected.header.alg.clone();
    assert_eq!(algorithm, Some(coset::Algorithm::Assigned(iana::Algorithm::EdDSA)));
    let again = theirs.clone().to_tagged_vec().expect("it can be written");
    assert_eq!(taken(&team, &again, NOW), Ok(release()));
    assert!(theirs.to_vec().is_ok_and(|untagged| Envelope::parse(&untagged).is_err()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whatever_a_release_says_is_read_the_same(
        product: u16, platform: u16, version: u16, counter: u32, digest: [u8; 32], length: u32,
        number: u32, over: u16, minimums in prop::collection::vec((0..10u8, 0..3u8, any::<u16>()), 0..=4),
    ) {
        let said = Release {
            product, platform: Platform(platform), version, counter, digest: Digest(digest), length,
            expiry: u64::from(number) << 20, number, over,
            minimums: core::array::from_fn(|index| minimums.get(index).map(|(function, index, version)| {
                Dependency { function: Function(*function), index: *index, version: *version }
            })),
        };
        let team = Team::new();
        let ring = KeyringBuilder { product, ..team.keyring(1) };
        let ring = signed_ring(&ring, &[&team.roots[0]]);
        let ring = Keyring::first(&Envelope::parse(&ring).unwrap(), &AwsLc).unwrap();
        let envelope = signed(&said, &team.all());
        let envelope = Envelope::parse(&envelope).unwrap();
        prop_assert_eq!(ring.release(&envelope, &AwsLc, Time::Unknown), Ok(said));
    }

    #[test]
    fn a_changed_envelope_is_refused(at: prop::sample::Index, bit in 0..8u8, cut: bool) {
        let team = Team::new();
        let mut bytes = signed(&release(), &team.all());
        let at = at.index(bytes.len());
        bytes[at] ^= 1u8 << bit;
        if cut {
            bytes.truncate(at);
        }
        prop_assert!(taken(&team, &bytes, NOW).is_err());
    }
}

#[test]
fn keys_that_are_no_keys_are_refused() {
    assert_eq!(PublicKey::new(-8, &[0; 31]), None);
    assert_eq!(PublicKey::new(-7, &[2; 65]), None, "compressed");
    assert_eq!(PublicKey::new(-9, &[0; 32]), None);
}

#[test]
fn new_keys_sign_and_their_public_halves_are_the_der_that_others_write() {
    for new in [NewKey::ed25519(), NewKey::p256()] {
        let new = new.expect("a key");
        let signer = AwsLcSigner::from_pkcs8(new.expose()).expect("PKCS#8");
        let public = AwsLcSigner::public_key(&signer);
        let theirs = match public {
            PublicKey::Ed25519(_) => {
                let pair = Ed25519KeyPair::from_pkcs8(new.expose()).expect("PKCS#8");
                pair.public_key().as_der().expect("DER").as_ref().to_vec()
            }
            PublicKey::P256(_) => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, new.expose());
                let pair = pair.expect("PKCS#8");
                pair.public_key().as_der().expect("DER").as_ref().to_vec()
            }
        };
        assert_eq!(public.to_spki(), theirs);
        assert_eq!(PublicKey::from_spki(&theirs), Some(public));
        let length = theirs.len();
        assert_eq!(PublicKey::from_spki(&theirs[..length - 1]), None);
        assert_eq!(PublicKey::from_spki(&[&theirs[..], &[0]].concat()), None);
    }
}
