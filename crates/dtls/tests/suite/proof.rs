//! P11: a source that has not proven its address costs nothing and gets less than it sent.

use crate::pair::aws_pair;
use pintle_dtls::client::Offer;
use pintle_dtls::server::{Admission, CookieJar};
use proptest::prelude::*;

fn hello() -> Vec<u8> {
    aws_pair(Offer::DeviceOs).client.unwrap().poll_transmit().unwrap()
}

fn challenge(jar: &CookieJar, source: &[u8], hello: &[u8]) -> Vec<u8> {
    match jar.admit(source, hello) {
        Admission::Challenge(challenge) => challenge.as_bytes().to_vec(),
        _ => panic!("not challenged"),
    }
}

/// The hello with the cookie of a challenge.
fn answered(jar: &CookieJar, source: &[u8]) -> Vec<u8> {
    let mut pair = aws_pair(Offer::DeviceOs);
    let client = pair.client.as_mut().unwrap();
    let hello = client.poll_transmit().unwrap();
    client.handle_datagram(pair.now, &mut challenge(jar, source, &hello)).unwrap();
    client.poll_transmit().unwrap()
}

#[test]
fn p11_a_challenge_is_never_longer_than_the_hello() {
    let jar = CookieJar::new([1; 32]);
    let hello = hello();
    assert!(challenge(&jar, b"a", &hello).len() <= hello.len());
}

#[test]
fn p11_a_cookie_is_good_for_its_own_source_alone() {
    let jar = CookieJar::new([1; 32]);
    let hello = answered(&jar, b"192.0.2.1:1");
    assert!(matches!(jar.admit(b"192.0.2.1:1", &hello), Admission::Proven(_)));
    assert!(matches!(jar.admit(b"192.0.2.1:2", &hello), Admission::Challenge(_)));
}

#[test]
fn p11_a_cookie_is_good_for_its_own_hello_alone() {
    let jar = CookieJar::new([1; 32]);
    let mut hello = answered(&jar, b"a");
    hello[13 + 12 + 2] ^= 1;
    assert!(matches!(jar.admit(b"a", &hello), Admission::Challenge(_)));
}

#[test]
fn p11_a_cookie_outlives_one_rotation_and_not_two() {
    let mut jar = CookieJar::new([1; 32]);
    let hello = answered(&jar, b"a");
    jar.rotate([2; 32]);
    assert!(matches!(jar.admit(b"a", &hello), Admission::Proven(_)));
    jar.rotate([3; 32]);
    assert!(matches!(jar.admit(b"a", &hello), Admission::Challenge(_)));
}

#[test]
fn p11_a_guessed_cookie_is_not_admitted() {
    let jar = CookieJar::new([1; 32]);
    let hello = answered(&jar, b"a");
    for bit in 0..256 {
        let mut guess = hello.clone();
        guess[13 + 12 + 36 + bit / 8] ^= 1 << (bit % 8);
        assert!(!matches!(jar.admit(b"a", &guess), Admission::Proven(_)));
    }
}

#[test]
fn a_truncated_hello_is_not_answered() {
    let jar = CookieJar::new([1; 32]);
    let hello = hello();
    for length in 0..hello.len() {
        let admission = jar.admit(b"a", &hello[..length]);
        assert!(matches!(admission, Admission::NotAClientHello | Admission::Dropped(_)));
    }
}

proptest! {
    #[test]
    fn p11_no_answer_is_longer_than_what_came_in(
        bytes in prop::collection::vec(any::<u8>(), 0..150),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
    ) {
        let jar = CookieJar::new([1; 32]);
        let mut mutated = hello();
        for (at, value) in changes {
            let at = at.index(mutated.len());
            mutated[at] = value;
        }
        for datagram in [bytes, mutated] {
            match jar.admit(b"a", &datagram) {
                Admission::Challenge(challenge) => prop_assert!(challenge.as_bytes().len() <= datagram.len()),
                Admission::Proven(_) => prop_assert!(false, "nobody proved anything"),
                _ => {}
            }
        }
    }
}
