//! Messages out of order: whole flights backwards, and records that come before their keys.

use crate::pair::{CLOUD_ID, Weather, aws_pair, say};
use crate::wire_model::shred;
use pintle_dtls::client::Offer;
use pintle_dtls::crypto::AwsLc;
use pintle_dtls::server::{Admission, Handshake};
use std::time::Duration;

#[test]
fn reordering_alone_costs_no_handshake() {
    let weather = Weather { reordering: 70, repeats: 30, loss: 0 };
    for seed in 0..30 {
        let (mut server, mut client) =
            aws_pair(Offer::Standard).in_weather(weather, seed).sessions();
        say(&mut client, &mut server, b"in the end");
    }
}

/// Runs a handshake up to the device's last flight, and gives the cloud's side and that flight.
fn up_to_last_flight() -> (Handshake<AwsLc>, Vec<u8>) {
    let mut pair = aws_pair(Offer::DeviceOs);
    let client = pair.client.as_mut().unwrap();
    let hello = client.poll_transmit().unwrap();
    let Admission::Challenge(challenge) = pair.jar.admit(b"x", &hello) else {
        panic!("not challenged")
    };
    client.handle_datagram(pair.now, &mut challenge.as_bytes().to_vec()).unwrap();
    let hello = client.poll_transmit().unwrap();
    let Admission::Proven(proven) = pair.jar.admit(b"x", &hello) else { panic!("not proven") };
    let mut server = Handshake::accept(pair.cloud.clone(), proven, CLOUD_ID, pair.now).unwrap();
    client.handle_datagram(pair.now, &mut server.poll_transmit().unwrap()).unwrap();
    (server, client.poll_transmit().unwrap())
}

#[test]
fn a_last_flight_that_arrives_backwards_completes_the_handshake() {
    let (mut server, flight) = up_to_last_flight();
    let protected = flight
        .iter()
        .enumerate()
        .position(|(at, _)| flight[at..].starts_with(&[25, 0xfe, 0xfd, 0, 1]));
    let (clear, finished) = flight.split_at(protected.unwrap());
    server.handle_datagram(Duration::ZERO, &mut finished.to_vec(), &mut |_: &_| true).unwrap();
    for mut fragment in shred(clear, 1000).into_iter().rev() {
        assert!(!server.is_complete());
        server.handle_datagram(Duration::ZERO, &mut fragment, &mut |_: &_| true).unwrap();
    }
    assert!(server.is_complete());
}

#[test]
fn what_a_device_says_right_behind_its_finished_is_not_lost() {
    let (mut server, flight) = up_to_last_flight();
    let mut both = flight.clone();
    // The same Finished again stands for a record that came early: it must not disturb.
    both.extend_from_slice(&flight);
    server.handle_datagram(Duration::ZERO, &mut both, &mut |_: &_| true).unwrap();
    assert!(server.finish().is_some());
}
