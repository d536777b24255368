//! Sessions as bytes: small, exact about replays, and never with a nonce twice.

use crate::pair::{aws_pair, hear, refusal, say};
use pintle_dtls::client::Offer;
use pintle_dtls::{ExportedSession, ImportError, OpenError, SealError, Session};
use proptest::prelude::*;
use std::collections::BTreeSet;

const JUMP: u32 = 1000;

#[test]
fn a_session_goes_on_after_export_and_import_at_both_ends() {
    for offer in [Offer::DeviceOs, Offer::Standard] {
        let (mut server, mut client) = aws_pair(offer).sessions();
        say(&mut client, &mut server, b"before");
        let bytes = server.export();
        assert!(bytes.as_bytes().len() <= ExportedSession::MAX_LENGTH);
        let mut server = Session::import(bytes.as_bytes(), [9; 4], JUMP).unwrap();
        say(&mut server, &mut client, b"after a restart of the cloud");
        let mut client = Session::import(client.export().as_bytes(), [8; 4], JUMP).unwrap();
        say(&mut client, &mut server, b"after a restart of the device");
    }
}

#[test]
fn p3_a_record_from_before_the_restart_is_refused_after_it() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut first = vec![];
    client.seal(b"first", &mut first).unwrap();
    let mut second = vec![];
    client.seal(b"second", &mut second).unwrap();
    let (recorded, late) = (second.clone(), first.clone());
    hear(&mut server, &mut second);
    let mut server = Session::import(server.export().as_bytes(), [9; 4], JUMP).unwrap();
    assert_eq!(refusal(&mut server, &mut recorded.clone()), OpenError::Replayed);
    assert_eq!(hear(&mut server, &mut late.clone()), b"first");
    assert_eq!(refusal(&mut server, &mut late.clone()), OpenError::Replayed);
}

#[test]
fn p4_an_import_jumps_ahead_and_takes_a_fresh_start() {
    let (mut server, _) = aws_pair(Offer::DeviceOs).sessions();
    let exported = server.export();
    let mut nonces = BTreeSet::new();
    let mut sealed = |session: &mut Session| {
        let mut out = vec![];
        session.seal(b"text", &mut out).unwrap();
        nonces.insert(out[13..21].to_vec())
    };
    assert!((0..50).all(|_| sealed(&mut server)));
    // The same export loaded twice, as a cloned machine would.
    let mut restored = Session::import(exported.as_bytes(), [1; 4], JUMP).unwrap();
    let mut cloned = Session::import(exported.as_bytes(), [2; 4], JUMP).unwrap();
    assert!(restored.sent() >= u64::from(JUMP));
    assert!((0..50).all(|_| sealed(&mut restored)));
    assert!((0..50).all(|_| sealed(&mut cloned)));
}

#[test]
fn p4_an_import_that_would_repeat_nonces_is_refused() {
    let (server, _) = aws_pair(Offer::DeviceOs).sessions();
    let once = Session::import(server.export().as_bytes(), [1; 4], 0).unwrap();
    let again = Session::import(once.export().as_bytes(), [1; 4], 0);
    assert_eq!(again.err(), Some(ImportError::NonceReuse));
}

#[test]
fn p4_a_jump_past_the_last_number_is_refused() {
    let (server, _) = aws_pair(Offer::DeviceOs).sessions();
    let far = Session::import(server.export().as_bytes(), [1; 4], u32::MAX);
    assert_eq!(far.err(), Some(ImportError::Exhausted));
    let mut last = Session::import(server.export().as_bytes(), [1; 4], u32::MAX - 1).unwrap();
    assert_eq!(last.seal(b"none left", &mut vec![]), Err(SealError::Exhausted));
}

#[test]
fn the_count_of_forged_records_survives() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut datagram = vec![];
    client.seal(b"text", &mut datagram).unwrap();
    *datagram.last_mut().unwrap() ^= 1;
    assert_eq!(refusal(&mut server, &mut datagram), OpenError::Forged);
    let server = Session::import(server.export().as_bytes(), [9; 4], JUMP).unwrap();
    assert_eq!(server.forged(), 1);
}

#[test]
fn truncated_and_padded_exports_are_refused() {
    let (server, _) = aws_pair(Offer::DeviceOs).sessions();
    let exported = server.export();
    let bytes = exported.as_bytes();
    for length in 0..bytes.len() {
        assert_eq!(
            Session::import(&bytes[..length], [1; 4], 1).err(),
            Some(ImportError::NotASession)
        );
    }
    let padded = [bytes, &[0]].concat();
    assert_eq!(Session::import(&padded, [1; 4], 1).err(), Some(ImportError::NotASession));
}

proptest! {
    #[test]
    fn whatever_imports_exports_the_same(bytes in prop::collection::vec(any::<u8>(), 97), version in 0_u8..3) {
        let mut bytes = bytes;
        bytes[0] = version;
        bytes[1] %= 2;
        bytes[2] %= 3;
        bytes[3] %= 2;
        bytes[4] %= 18;
        if let Ok(session) = Session::import(&bytes, [1, 2, 3, 4], 1) {
            let exported = session.export();
            let again = Session::import(exported.as_bytes(), [1, 2, 3, 5], 0).unwrap();
            prop_assert_eq!(again.sent(), session.sent());
            prop_assert_eq!(again.forged(), session.forged());
            prop_assert_eq!(again.dialect(), session.dialect());
        }
    }
}
