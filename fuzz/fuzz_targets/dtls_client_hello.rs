//! The door's first look at a datagram: no answer longer than what came in, and nobody is proven by chance.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::server::{Admission, CookieJar};

fuzz_target!(|datagram: &[u8]| {
    let jar = CookieJar::new([7; 32]);
    match jar.admit(b"192.0.2.1:5684", datagram) {
        Admission::Challenge(challenge) => assert!(challenge.as_bytes().len() <= datagram.len()),
        Admission::Proven(_) => panic!("a cookie was guessed"),
        Admission::NotAClientHello | Admission::Dropped(_) => {}
    }
});
