//! Lost datagrams: every single one of them, many at once, and a peer that is gone.

use crate::pair::{Side, Weather, aws_pair, say};
use pintle_dtls::HandshakeError;
use pintle_dtls::client::Offer;
use std::time::Duration;

#[test]
fn the_loss_of_any_one_datagram_is_overcome() {
    for offer in [Offer::DeviceOs, Offer::Standard] {
        for lost in 0..6 {
            let mut pair = aws_pair(offer);
            pair.meddle = Box::new(move |number, _, datagram| {
                if number == lost {
                    datagram.clear();
                }
            });
            let (mut server, mut client) = pair.sessions();
            say(&mut client, &mut server, b"after all");
        }
    }
}

#[test]
fn handshakes_end_well_in_bad_weather() {
    let weather = Weather { loss: 20, repeats: 20, reordering: 40 };
    for seed in 0..60 {
        let offer = if seed % 2 == 0 { Offer::DeviceOs } else { Offer::Standard };
        let (mut server, mut client) = aws_pair(offer).in_weather(weather, seed).sessions();
        say(&mut client, &mut server, b"through");
        say(&mut server, &mut client, b"the storm");
    }
}

#[test]
fn a_device_that_hears_nothing_gives_up_in_bounded_time_and_sends_little() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.meddle = Box::new(|_, _, datagram| datagram.clear());
    pair.run();
    assert_eq!(pair.client_error, Some(HandshakeError::TimedOut));
    assert_eq!(pair.now, Duration::from_secs(30));
    assert!(pair.sent.len() < 12);
}

#[test]
fn a_cloud_that_hears_no_more_drops_the_handshake_in_bounded_time() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.meddle = Box::new(|number, to, datagram| {
        if to == Side::Cloud && number > 2 {
            datagram.clear();
        }
    });
    pair.run();
    assert_eq!(pair.server_error, Some(HandshakeError::TimedOut));
    assert!(pair.now <= Duration::from_secs(31));
}

#[test]
fn the_wait_doubles_between_repeats() {
    let mut pair = aws_pair(Offer::DeviceOs);
    pair.meddle = Box::new(|_, _, datagram| datagram.clear());
    let client = pair.client.as_mut().unwrap();
    let mut waits = vec![];
    let mut now = Duration::ZERO;
    while client.poll_transmit().is_some() {
        let due = client.poll_timeout().unwrap();
        waits.push((due - now).as_secs());
        now = due;
        let _ = client.handle_timeout(now);
    }
    assert_eq!(waits, [1, 2, 4, 8, 8, 7]);
}

#[test]
fn a_repeated_hello_does_not_start_a_second_handshake() {
    let mut pair =
        aws_pair(Offer::DeviceOs).in_weather(Weather { repeats: 100, ..Weather::default() }, 3);
    pair.run();
    assert_eq!((pair.server_error, pair.client_error), (None, None));
    assert!(pair.established.is_some() && pair.device_session.is_some());
}
