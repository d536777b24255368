//! Records that do not authenticate: dropped and counted, and past 2^20 of them the session ends.

use crate::pair::{aws_pair, hear, refusal, say};
use pintle_dtls::client::Offer;
use pintle_dtls::{Content, OpenError, Session};
use proptest::prelude::*;

#[test]
fn p2_a_forged_record_is_dropped_and_counted_and_the_session_goes_on() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut good = vec![];
    client.seal(b"text", &mut good).unwrap();
    for at in 21..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 0x40;
        assert_eq!(refusal(&mut server, &mut bad), OpenError::Forged);
    }
    assert_eq!(server.forged() as usize, good.len() - 21);
    assert_eq!(hear(&mut server, &mut good), b"text");
}

#[test]
fn p2_only_past_a_million_forged_records_does_the_session_end() {
    let (server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut forged = vec![];
    client.seal(b"", &mut forged).unwrap();
    *forged.last_mut().unwrap() ^= 1;
    // The count is the last field of an export: start a few short of the limit.
    let mut exported = server.export().as_bytes().to_vec();
    let count = exported.len() - 4;
    exported[count..].copy_from_slice(&((1_u32 << 20) - 3).to_be_bytes());
    let mut server = Session::import(&exported, [9; 4], 1).unwrap();
    for _ in 0..3 {
        assert_eq!(refusal(&mut server, &mut forged.clone()), OpenError::Forged);
    }
    assert_eq!(server.forged(), 1 << 20);
    assert_eq!(refusal(&mut server, &mut forged.clone()), OpenError::TooManyForged);
    let mut goodbye = vec![];
    server.close(&mut goodbye).unwrap();
    assert_eq!(client.open(&mut goodbye).unwrap().content, Content::CloseNotify);
}

#[test]
fn p2_a_forged_close_notify_ends_nothing() {
    let (mut server, mut client) = aws_pair(Offer::Standard).sessions();
    let mut clear = vec![21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 9, 0, 2, 1, 0];
    assert_eq!(refusal(&mut client, &mut clear), OpenError::NotForSession);
    let mut forged = vec![21, 0xfe, 0xfd, 0, 1, 0, 0, 0, 0, 0, 9, 0, 18];
    forged.extend([0; 18]);
    assert_eq!(refusal(&mut client, &mut forged), OpenError::Forged);
    say(&mut server, &mut client, b"still here");
}

#[test]
fn a_forged_sequence_number_does_not_move_the_window() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut good = vec![];
    client.seal(b"text", &mut good).unwrap();
    let mut bad = good.clone();
    bad[5] = 0x7f;
    assert_eq!(refusal(&mut server, &mut bad), OpenError::Forged);
    assert_eq!(hear(&mut server, &mut good), b"text");
}

#[test]
fn truncated_and_oversized_records_are_refused() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut good = vec![];
    client.seal(b"text", &mut good).unwrap();
    for length in 0..good.len() {
        assert_eq!(refusal(&mut server, &mut good[..length].to_vec()), OpenError::Malformed);
    }
    let mut long = good[..19].to_vec();
    long.extend(u16::MAX.to_be_bytes());
    long.resize(21 + usize::from(u16::MAX), 0);
    assert_eq!(refusal(&mut server, &mut long), OpenError::Oversized);
    assert_eq!(server.forged(), 0);
}

proptest! {
    #[test]
    fn random_bytes_never_open(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut server, _) = aws_pair(Offer::DeviceOs).sessions();
        prop_assert!(server.open(&mut bytes.clone()).is_err());
    }
}
