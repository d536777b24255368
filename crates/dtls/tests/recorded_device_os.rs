//! Whole conversations of a real Device OS 6.2.0, byte for byte: every protected record opens with the recorded
//! keys and seals again to the same bytes, the device's proofs verify, and our flight is the one it accepted.
//!
//! The recordings are in `tests/vectors/device-os-6.2`.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs, reason = "tests")]

use hmac::{Hmac, KeyInit, Mac};
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{Admission, CookieJar, Handshake, ServerConfig};
use pintle_dtls::{
    ConnectionId, Content, Dialect, OpenError, PeerConnectionId, PublicKey, Role, Session,
    connection_id_of,
};
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors/device-os-6.2")
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
        .collect()
}

/// One line of a log that matters here.
enum Line {
    /// From the device or from the server.
    Datagram(Role, Vec<u8>),
    Keys {
        client_random: [u8; 32],
        server_random: [u8; 32],
        master: [u8; 48],
    },
}

fn read(name: &str) -> Vec<Line> {
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    let lines = text.lines().filter_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            [_, "DGRAM", "C", hex] => Some(Line::Datagram(Role::Client, unhex(hex))),
            [_, "DGRAM", "S", hex] => Some(Line::Datagram(Role::Server, unhex(hex))),
            [_, "KEYLOG", client, server, master] => Some(Line::Keys {
                client_random: unhex(client).try_into().unwrap(),
                server_random: unhex(server).try_into().unwrap(),
                master: unhex(master).try_into().unwrap(),
            }),
            _ => None,
        }
    });
    lines.collect()
}

/// The records of a datagram.
fn records(mut datagram: &[u8]) -> Vec<&[u8]> {
    let mut records = vec![];
    while datagram.len() >= 13 {
        let id = if matches!(datagram[0], 25 | 253) { 8 } else { 0 };
        let length = usize::from(u16::from_be_bytes([datagram[11 + id], datagram[12 + id]]));
        let (record, rest) = datagram.split_at(13 + id + length);
        records.push(record);
        datagram = rest;
    }
    records
}

fn epoch(record: &[u8]) -> u16 {
    u16::from_be_bytes([record[3], record[4]])
}

fn sequence(record: &[u8]) -> u64 {
    record[5..11].iter().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Both ends of one recorded session, and a second copy of each that seals again what the other sent.
struct Ends {
    cloud: Session,
    device: Session,
    cloud_again: Session,
    device_again: Session,
}

impl Ends {
    fn new(keys: &Line, id: ConnectionId) -> Self {
        let Line::Keys { client_random, server_random, master } = keys else { panic!("no keys") };
        let make = |role, local, peer| {
            let start = [0, 1, 0, 0];
            Session::from_master_secret(
                role,
                Dialect::DeviceOs,
                master,
                client_random,
                server_random,
                local,
                peer,
                start,
            )
        };
        let cloud = || make(Role::Server, Some(id), PeerConnectionId::NONE);
        let device = || make(Role::Client, None, id.into());
        Self { cloud: cloud(), device: device(), cloud_again: cloud(), device_again: device() }
    }

    /// Opens one protected record and seals it again; whether it was application data.
    fn replay(&mut self, from: Role, record: &[u8]) -> bool {
        let (opener, sealer) = match from {
            Role::Client => (&mut self.cloud, &mut self.device_again),
            Role::Server => (&mut self.device, &mut self.cloud_again),
        };
        let mut copy = record.to_vec();
        let opened = opener.open(&mut copy).map(|opened| (opened.content, opened.moved));
        let (content, moved) = opened.unwrap_or_else(|error| panic!("{error}: {record:02x?}"));
        assert_eq!(moved, record[0] == 253);
        while sealer.sent() < sequence(record) {
            sealer.seal(b"", &mut vec![]).unwrap();
        }
        let Content::Application(text) = content else { return false };
        let mut again = vec![];
        let sealed =
            if moved { sealer.seal_moved(text, &mut again) } else { sealer.seal(text, &mut again) };
        sealed.unwrap();
        assert_eq!(again, record);
        let mut twice = record.to_vec();
        assert_eq!(opener.open(&mut twice).err(), Some(OpenError::Replayed));
        true
    }
}

/// Replays a log; gives how many records of application data it had.
fn replay(name: &str) -> usize {
    let lines = read(name);
    let mut ends: Option<Ends> = None;
    let (mut count, mut sessions) = (0, 0);
    for (index, line) in lines.iter().enumerate() {
        let Line::Datagram(from, datagram) = line else { continue };
        // The keys are noted right behind the device's last flight.
        if let Some(keys @ Line::Keys { .. }) = lines.get(index + 1) {
            let protected =
                records(datagram).into_iter().find(|record| epoch(record) == 1).unwrap();
            ends = Some(Ends::new(keys, connection_id_of(protected).unwrap()));
            sessions += 1;
        }
        for record in records(datagram) {
            if epoch(record) == 1 {
                count += usize::from(ends.as_mut().unwrap().replay(*from, record));
            }
        }
    }
    assert!(sessions > 0);
    count
}

#[test]
fn every_record_of_the_first_conversation_opens_and_seals_again() {
    assert!(replay("s1.log") > 80);
}

#[test]
fn every_record_of_the_second_conversation_opens_and_seals_again_over_a_move() {
    assert!(replay("s2.log") > 80);
}

#[test]
fn every_record_of_the_other_conversations_opens_and_seals_again() {
    for name in ["s3.log", "s4.log", "s6.many.log", "s6.ping.log"] {
        assert!(replay(name) > 20, "{name}");
    }
}

/// The first full handshake of a log: its datagrams up to the keys, and the keys.
fn first_handshake() -> (Vec<Vec<u8>>, Line) {
    let mut datagrams = vec![];
    for line in read("s1.log") {
        match line {
            Line::Datagram(_, datagram) => datagrams.push(datagram),
            keys @ Line::Keys { .. } => return (datagrams, keys),
        }
    }
    panic!("a log without keys")
}

/// The clear-text handshake messages of a datagram, headers included.
fn messages(datagram: &[u8]) -> Vec<Vec<u8>> {
    let clear =
        records(datagram).into_iter().filter(|record| record[0] == 22 && epoch(record) == 0);
    clear.map(|record| record[13..].to_vec()).collect()
}

fn prf(secret: &[u8], label: &[u8], seed: &[u8], length: usize) -> Vec<u8> {
    let hmac = |parts: &[&[u8]]| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
        parts.iter().for_each(|part| mac.update(part));
        mac.finalize().into_bytes().to_vec()
    };
    let (mut a, mut out) = (hmac(&[label, seed]), vec![]);
    while out.len() < length {
        out.extend(hmac(&[&a, label, seed]));
        a = hmac(&[&a]);
    }
    out.truncate(length);
    out
}

#[test]
fn the_proofs_of_the_recorded_device_verify() {
    let (datagrams, keys) = first_handshake();
    let [_, _, hello, flight, answer] = &datagrams[..] else { panic!("not five datagrams") };
    let answers = messages(answer);
    let [certificate, exchange, verify] = &answers[..] else { panic!("not three messages") };
    let mut transcript = messages(hello).concat();
    transcript.extend(messages(flight).concat());
    transcript.extend_from_slice(certificate);
    transcript.extend_from_slice(exchange);

    let key = PublicKey::from_spki(&certificate[15..]).unwrap();
    assert_eq!(key.to_spki().to_vec(), std::fs::read(folder().join("device_pub.der")).unwrap());
    AwsLc.verify(&key, &transcript, &verify[16..]).unwrap();
    transcript[40] ^= 1;
    assert!(AwsLc.verify(&key, &transcript, &verify[16..]).is_err());
    transcript[40] ^= 1;

    transcript.extend_from_slice(verify);
    let finished = records(answer).into_iter().find(|record| epoch(record) == 1).unwrap();
    let mut ends = Ends::new(&keys, connection_id_of(finished).unwrap());
    let mut copy = finished.to_vec();
    let Content::Handshake(message) = ends.cloud.open(&mut copy).unwrap().content else {
        panic!("not Finished")
    };
    let Line::Keys { master, .. } = keys else { panic!("no keys") };
    assert_eq!(message[12..], prf(&master, b"client finished", &Sha256::digest(&transcript), 12));
}

#[test]
fn the_recorded_keys_parse_on_both_backends() {
    let folder = folder();
    for (private, public) in
        [("device_key.der", "device_pub.der"), ("server_priv.der", "server_pub.der")]
    {
        let mut der = std::fs::read(folder.join(private)).unwrap();
        der.extend([0xff; 32]);
        let spki = std::fs::read(folder.join(public)).unwrap();
        let key = AwsLc.signing_key_from_der(&der).unwrap();
        assert_eq!(AwsLc.public_key(&key).to_spki().to_vec(), spki);
    }
}

/// The extensions of a ServerHello, in order.
fn extensions(server_hello: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let session_id = usize::from(server_hello[12 + 34]);
    let mut rest = &server_hello[12 + 35 + session_id + 3 + 2..];
    let mut found = vec![];
    while !rest.is_empty() {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        found.push((u16::from_be_bytes([rest[0], rest[1]]), rest[4..4 + length].to_vec()));
        rest = &rest[4 + length..];
    }
    found
}

#[test]
fn our_flight_has_the_messages_and_extensions_that_the_device_accepted() {
    let (datagrams, _) = first_handshake();
    let der = std::fs::read(folder().join("server_priv.der")).unwrap();
    let config = Arc::new(ServerConfig::new(AwsLc, AwsLc.signing_key_from_der(&der).unwrap()));
    let jar = CookieJar::new([3; 32]);
    let Admission::Challenge(challenge) = jar.admit(b"device", &datagrams[0]) else {
        panic!("not challenged")
    };
    assert_eq!(
        challenge.as_bytes()[..28],
        datagrams[1][..28],
        "the challenge is laid out like the recorded one"
    );

    // The recorded second hello with our cookie in place of the recorded one.
    let mut hello = datagrams[2].clone();
    hello[13 + 12 + 36..][..32].copy_from_slice(&challenge.as_bytes()[28..]);
    let Admission::Proven(proven) = jar.admit(b"device", &hello) else { panic!("not proven") };
    let id = ConnectionId::new([0xc1, 0xd0, 0, 0, 0, 0, 0, 1]);
    let mut handshake = Handshake::accept(config, proven, id, Duration::ZERO).unwrap();
    assert_eq!(handshake.dialect(), Dialect::DeviceOs);
    let flight = handshake.poll_transmit().unwrap();
    assert!(handshake.poll_transmit().is_none(), "one datagram, as recorded");

    let (ours, theirs) = (messages(&flight), messages(&datagrams[3]));
    let kinds =
        |messages: &[Vec<u8>]| messages.iter().map(|message| message[0]).collect::<Vec<_>>();
    assert_eq!(kinds(&ours), kinds(&theirs));
    assert_eq!(extensions(&ours[0]), extensions(&theirs[0]));
    let numbers = |datagram: &[u8]| {
        records(datagram).iter().map(|record| sequence(record)).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&flight), numbers(&datagrams[3]));
    let key =
        PublicKey::from_spki(&std::fs::read(folder().join("server_pub.der")).unwrap()).unwrap();
    let signed =
        [&hello[13 + 12 + 2..][..32], &ours[0][12 + 2..][..32], &ours[1][12..][..69]].concat();
    AwsLc.verify(&key, &signed, &ours[1][12 + 69 + 4..]).unwrap();
}
