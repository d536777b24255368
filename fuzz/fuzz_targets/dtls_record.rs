//! Records as they come: arbitrary bytes, and valid records with bytes changed. Only an unchanged one opens,
//! and only once.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pintle_dtls::{ConnectionId, Content, Dialect, OpenError, PeerConnectionId, Role, Session};

const ID: ConnectionId = ConnectionId::new([1, 2, 3, 4, 5, 6, 7, 8]);

fn session(role: Role, dialect: Dialect) -> Session {
    let (local, peer) = match (role, dialect) {
        (_, Dialect::Plain) => (None, PeerConnectionId::NONE),
        (Role::Server, _) => (Some(ID), PeerConnectionId::NONE),
        (Role::Client, _) => (None, ID.into()),
    };
    Session::from_master_secret(role, dialect, &[1; 48], &[2; 32], &[3; 32], local, peer, [4; 4])
}

fuzz_target!(|data: &[u8]| {
    let [choice, at, change, rest @ ..] = data else { return };
    let dialect = [Dialect::DeviceOs, Dialect::Rfc9146, Dialect::Plain][usize::from(*choice % 3)];
    let mut server = session(Role::Server, dialect);
    assert!(server.open(&mut rest.to_vec()).is_err(), "arbitrary bytes opened");

    let text = rest.get(..1152).unwrap_or(rest);
    let mut client = session(Role::Client, dialect);
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
