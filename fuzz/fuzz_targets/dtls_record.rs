//! Records as they come: arbitrary bytes, and valid records with bytes changed. Only an unchanged one opens,
//! and only once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::{ConnectionId, Content, Dialect, OpenError, PeerConnectionId, Role, Session};

const ID: ConnectionId = ConnectionId::new([1, 2, 3, 4, 5, 6, 7, 8]);

/// The keys that valid records are made with.
const SECRET: [u8; 48] = [1; 48];

/// Keys that nothing here seals with: the fuzzer learns every byte that is compared, a whole valid record
/// too, so arbitrary bytes must be opened with others.
const OTHER_SECRET: [u8; 48] = [5; 48];

fn session(secret: &[u8; 48], role: Role, dialect: Dialect) -> Session {
    let (local, peer) = match (role, dialect) {
        (_, Dialect::Plain) => (None, PeerConnectionId::NONE),
        (Role::Server, _) => (Some(ID), PeerConnectionId::NONE),
        (Role::Client, _) => (None, ID.into()),
    };
    Session::from_master_secret(role, dialect, secret, &[2; 32], &[3; 32], local, peer, [4; 4])
}

fuzz_target!(|data: &[u8]| {
    let [choice, at, change, rest @ ..] = data else { return };
    let dialect = [Dialect::DeviceOs, Dialect::Rfc9146, Dialect::Plain][usize::from(*choice % 3)];
    let mut stranger = session(&OTHER_SECRET, Role::Server, dialect);
    assert!(stranger.open(&mut rest.to_vec()).is_err(), "arbitrary bytes opened");

    let mut server = session(&SECRET, Role::Server, dialect);
    let text = rest.get(..1152).unwrap_or(rest);
    let mut client = session(&SECRET, Role::Client, dialect);
    let mut datagram = Vec::new();
    client.seal(text, &mut datagram).expect("it fits");
    let mut changed = datagram.clone();
    let at = usize::from(*at) % changed.len();
    changed[at] ^= change;
    // Type 253 stands for 25 on purpose, and is no part of what is authenticated.
    let same =
        changed == datagram || (at == 0 && changed[0] == 253 && dialect == Dialect::DeviceOs);
    assert_eq!(server.open(&mut changed).is_ok(), same);
    match server.open(&mut datagram) {
        Ok(opened) => assert!(!same && opened.content == Content::Application(text)),
        Err(error) => assert!(same && error == OpenError::Replayed),
    }
});
