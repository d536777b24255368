//! The handshake, in the order of RFC 6347 4.2.4, figure 1:
//!
//! 1. ClientHello → HelloVerifyRequest; ClientHello with the cookie (the hash starts here)
//! 2. ← ServerHello, Certificate, ServerKeyExchange, CertificateRequest, ServerHelloDone
//! 3. Certificate, ClientKeyExchange, CertificateVerify, ChangeCipherSpec, Finished →
//! 4. ← ChangeCipherSpec, Finished

use super::crypto::{Direction, KeyPair, prf, random, sha256, verifies};
use super::wire::{
    ALERT, CHANGE_CIPHER_SPEC, HANDSHAKE, Inbox, Record, VERSION, message, plain_record,
};
use super::{SecondClient, listen};
use std::net::{SocketAddr, UdpSocket};

const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;
const HELLO_VERIFY_REQUEST: u8 = 3;
const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_VERIFY: u8 = 15;
const CLIENT_KEY_EXCHANGE: u8 = 16;
const FINISHED: u8 = 20;

const EXTENDED_MASTER_SECRET: u16 = 23;
const CONNECTION_ID: u16 = 54;
const RENEGOTIATION_INFO: u16 = 0xff01;

struct Conversation {
    socket: UdpSocket,
    cloud: SocketAddr,
    inbox: Inbox,
    hashed: Vec<u8>,
    next_message: u16,
    next_record: u64,
}

struct ServerFlight {
    random: [u8; 32],
    connection_id: Vec<u8>,
    point: Vec<u8>,
}

pub(super) fn run(
    socket: UdpSocket,
    cloud: SocketAddr,
    keys: &KeyPair,
    expected: &[u8],
) -> Result<SecondClient, String> {
    let mut talk = Conversation {
        socket,
        cloud,
        inbox: Inbox::default(),
        hashed: Vec::new(),
        next_message: 0,
        next_record: 0,
    };
    let client_random = random();
    let flight = hello(&mut talk, &client_random, expected)?;
    let ephemeral = KeyPair::generate();
    talk.send(CERTIFICATE, &with_length_24(&keys.spki()));
    talk.send(CLIENT_KEY_EXCHANGE, &with_length_8(&ephemeral.point()));
    let shared = ephemeral.agree(&flight.point);
    // RFC 7627 4: over everything up to and including ClientKeyExchange.
    let master = prf(&shared, "extended master secret", &sha256(&talk.hashed), 48);
    let signature = keys.sign(&talk.hashed);
    let verify = [&[4, 3][..], &with_length_16(&signature)].concat();
    talk.send(CERTIFICATE_VERIFY, &verify);
    talk.send_record(CHANGE_CIPHER_SPEC, &[1]);
    finish(talk, &client_random, flight, &master)
}

fn hello(
    talk: &mut Conversation,
    client_random: &[u8; 32],
    expected: &[u8],
) -> Result<ServerFlight, String> {
    talk.send(CLIENT_HELLO, &client_hello(client_random, &[]));
    let verify = talk.expect(HELLO_VERIFY_REQUEST)?;
    // Neither the first hello nor the request for it is hashed (RFC 6347 4.2.1).
    talk.hashed.clear();
    let (_version, cookie) = verify.split_at_checked(3).ok_or("a short HelloVerifyRequest")?;
    talk.send(CLIENT_HELLO, &client_hello(client_random, cookie));
    let (random, connection_id) = read_server_hello(&talk.expect(SERVER_HELLO)?)?;
    let certificate = talk.expect(CERTIFICATE)?;
    if certificate != with_length_24(expected) {
        return Err("the Certificate is not the cloud's raw key".to_owned());
    }
    let exchange = talk.expect(SERVER_KEY_EXCHANGE)?;
    let point = read_key_exchange(&exchange, client_random, &random, expected)?;
    talk.expect(CERTIFICATE_REQUEST)?;
    talk.expect(SERVER_HELLO_DONE)?;
    Ok(ServerFlight { random, connection_id, point })
}

fn finish(
    mut talk: Conversation,
    client_random: &[u8; 32],
    flight: ServerFlight,
    master: &[u8],
) -> Result<SecondClient, String> {
    let randoms = [flight.random, *client_random].concat();
    let block = prf(master, "key expansion", &randoms, 40);
    let mut client = SecondClient {
        socket: talk.socket.try_clone().map_err(|error| error.to_string())?,
        cloud: talk.cloud,
        connection_id: flight.connection_id,
        write: Direction::new(&block[..16], &block[32..36]),
        read: Direction::new(&block[16..32], &block[36..]),
        next_sequence: 0,
    };
    let proof = prf(master, "client finished", &sha256(&talk.hashed), 12);
    let finished = talk.next(FINISHED, &proof);
    let datagram = client.seal(HANDSHAKE, &finished);
    client.send_raw(&datagram);
    let wanted = prf(master, "server finished", &sha256(&talk.hashed), 12);
    let proof = talk.expect_opened(FINISHED, Some(&client.read))?;
    if proof == wanted { Ok(client) } else { Err("the cloud's Finished is wrong".to_owned()) }
}

impl Conversation {
    /// Numbers and hashes a message.
    fn next(&mut self, kind: u8, body: &[u8]) -> Vec<u8> {
        let message = message(kind, self.next_message, body);
        self.next_message += 1;
        self.hashed.extend(&message);
        message
    }

    fn send(&mut self, kind: u8, body: &[u8]) {
        let message = self.next(kind, body);
        self.send_record(HANDSHAKE, &message);
    }

    fn send_record(&mut self, kind: u8, fragment: &[u8]) {
        let record = plain_record(kind, self.next_record, fragment);
        self.next_record += 1;
        self.socket.send_to(&record, self.cloud).expect("loopback takes a datagram");
    }

    fn expect(&mut self, wanted: u8) -> Result<Vec<u8>, String> {
        self.expect_opened(wanted, None)
    }

    /// The body of the next message, which must be of this kind.
    fn expect_opened(&mut self, wanted: u8, read: Option<&Direction>) -> Result<Vec<u8>, String> {
        loop {
            if let Some((kind, body, hashed)) = self.inbox.next() {
                if kind != wanted {
                    return Err(format!("message {kind} came where {wanted} is due"));
                }
                self.hashed.extend(hashed);
                return Ok(body);
            }
            let datagram = listen(&self.socket)
                .map_err(|error| format!("waiting for message {wanted}: {error}"))?;
            for record in Record::all_in(&datagram) {
                self.take(&record, read, wanted)?;
            }
        }
    }

    fn take(
        &mut self,
        record: &Record<'_>,
        read: Option<&Direction>,
        wanted: u8,
    ) -> Result<(), String> {
        match (record.kind, record.epoch(), read) {
            (HANDSHAKE, 0, _) => self.inbox.take(record.fragment),
            (HANDSHAKE, 1, Some(read)) => {
                let opened = record.open_plain(read).ok_or("a handshake record did not open")?;
                self.inbox.take(&opened);
            }
            (ALERT, 0, _) => {
                return Err(format!("alert {:?} where message {wanted} is due", record.fragment));
            }
            _ => {}
        }
        Ok(())
    }
}

/// `cookie` is empty, or as HelloVerifyRequest has it: with its length before it removed.
fn client_hello(random: &[u8; 32], cookie: &[u8]) -> Vec<u8> {
    let mut hello = VERSION.to_vec();
    hello.extend(random);
    hello.push(0);
    hello.extend(with_length_8(cookie));
    hello.extend([0, 2, 0xc0, 0xae, 1, 0]);
    let mut extensions = Vec::new();
    for (number, body) in [
        (EXTENDED_MASTER_SECRET, &[][..]),
        (13, &[0, 2, 4, 3]),
        (10, &[0, 2, 0, 23]),
        (11, &[1, 0]),
        (19, &[1, 2]),
        (20, &[1, 2]),
        // An empty connection ID: it wants none on what it receives (RFC 9146 3).
        (CONNECTION_ID, &[0]),
        (RENEGOTIATION_INFO, &[0]),
    ] {
        extensions.extend(number.to_be_bytes());
        extensions.extend(with_length_16(body));
    }
    hello.extend(with_length_16(&extensions));
    hello
}

/// The server's random and the connection ID that it wants on records sent to it.
fn read_server_hello(body: &[u8]) -> Result<([u8; 32], Vec<u8>), String> {
    let short = "a short ServerHello";
    let (fixed, rest) = body.split_at_checked(35).ok_or(short)?;
    let random = fixed[2..34].try_into().map_err(|_| short)?;
    let rest = rest.get(usize::from(fixed[34])..).ok_or(short)?;
    let (chosen, mut extensions) = rest.split_at_checked(5).ok_or(short)?;
    if chosen[..3] != [0xc0, 0xae, 0] {
        return Err(format!("suite and compression {:?} were never offered", &chosen[..3]));
    }
    let (mut extended, mut connection_id) = (false, None);
    while let Some((header, rest)) = extensions.split_at_checked(4) {
        let length = usize::from(u16::from_be_bytes([header[2], header[3]]));
        let (value, after) = rest.split_at_checked(length).ok_or(short)?;
        match u16::from_be_bytes([header[0], header[1]]) {
            EXTENDED_MASTER_SECRET => extended = true,
            CONNECTION_ID => connection_id = value.get(1..).map(<[u8]>::to_vec),
            254 => return Err("extension 254 was never offered".to_owned()),
            _ => {}
        }
        extensions = after;
    }
    if !extended {
        return Err("no extended master secret".to_owned());
    }
    Ok((random, connection_id.ok_or("no connection ID (extension 54)")?))
}

/// The server's ephemeral point, after its signature was verified (RFC 8422 5.4).
fn read_key_exchange(
    body: &[u8],
    client_random: &[u8],
    server_random: &[u8],
    spki: &[u8],
) -> Result<Vec<u8>, String> {
    let (parameters, signed) = body.split_at_checked(69).ok_or("a short ServerKeyExchange")?;
    let signature = signed.get(4..).ok_or("no signature")?;
    if parameters[..4] != [3, 0, 23, 65] || signed[..2] != [4, 3] {
        return Err("not P-256, or not ECDSA with SHA-256".to_owned());
    }
    if !verifies(spki, &[client_random, server_random, parameters].concat(), signature) {
        return Err("the ServerKeyExchange is not signed with the cloud's key".to_owned());
    }
    Ok(parameters[4..].to_vec())
}

fn with_length_8(body: &[u8]) -> Vec<u8> {
    [&[u8::try_from(body.len()).expect("a short field")][..], body].concat()
}

fn with_length_16(body: &[u8]) -> Vec<u8> {
    [&u16::try_from(body.len()).expect("a short field").to_be_bytes()[..], body].concat()
}

fn with_length_24(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).expect("a short field").to_be_bytes()[1..], body].concat()
}
