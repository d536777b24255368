//! The replay window, from the outside.

use crate::pair::{aws_pair, hear, refusal};
use pintle_dtls::OpenError;
use pintle_dtls::client::Offer;

#[test]
fn p3_a_replayed_record_is_dropped() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut datagram = vec![];
    client.seal(b"once", &mut datagram).unwrap();
    let mut copy = datagram.clone();
    assert_eq!(hear(&mut server, &mut datagram), b"once");
    assert_eq!(refusal(&mut server, &mut copy), OpenError::Replayed);
    assert_eq!(server.forged(), 0);
}

#[test]
fn p3_a_replayed_record_is_dropped_whatever_outer_type_it_wears() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut datagram = vec![];
    client.seal(b"once", &mut datagram).unwrap();
    let mut copy = datagram.clone();
    copy[0] = 253;
    assert_eq!(hear(&mut server, &mut datagram), b"once");
    assert_eq!(refusal(&mut server, &mut copy), OpenError::Replayed);
}

#[test]
fn p3_reordered_records_are_each_taken_once_and_too_old_ones_never() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let mut sealed: Vec<Vec<u8>> = vec![];
    for number in 0..70_u8 {
        let mut datagram = vec![];
        client.seal(&[number], &mut datagram).unwrap();
        sealed.push(datagram);
    }
    let last = sealed.len() - 1;
    assert_eq!(hear(&mut server, &mut sealed[last].clone()), [69]);
    for number in (6..last).rev() {
        assert_eq!(hear(&mut server, &mut sealed[number].clone()), [number as u8]);
        assert_eq!(refusal(&mut server, &mut sealed[number].clone()), OpenError::Replayed);
    }
    for old in &sealed[..6] {
        assert_eq!(refusal(&mut server, &mut old.clone()), OpenError::Replayed);
    }
}

#[test]
fn p11_only_a_record_newer_than_all_before_may_name_a_new_address() {
    let (mut server, mut client) = aws_pair(Offer::DeviceOs).sessions();
    let (mut first, mut second) = (vec![], vec![]);
    client.seal(b"1", &mut first).unwrap();
    client.seal(b"2", &mut second).unwrap();
    assert!(server.open(&mut second).unwrap().newest);
    assert!(!server.open(&mut first).unwrap().newest);
}
