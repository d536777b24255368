//! A DTLS 1.2 client written for these tests, apart from `pintle-dtls`, on general crypto crates:
//! raw public keys (RFC 7250), extended master secret (RFC 7627), ECDHE-ECDSA-AES128-CCM-8 and
//! connection IDs as RFC 9146 has them. It stands in for the peer that no package offers.
//!
//! One attempt, in order, on loopback: it retransmits nothing and answers nobody's retransmission.

mod crypto;
mod handshake;
mod wire;

use crypto::{Direction, KeyPair};
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::time::Duration;
use wire::{APPLICATION_DATA, CONNECTION_ID, Record};

/// How long the client listens for one datagram.
const LISTEN: Duration = Duration::from_secs(10);

/// An established session with a connection ID on the records that it sends.
pub(crate) struct SecondClient {
    socket: UdpSocket,
    cloud: SocketAddr,
    connection_id: Vec<u8>,
    write: Direction,
    read: Direction,
    next_sequence: u64,
}

impl SecondClient {
    /// Shakes hands; the error says at which message it ended.
    ///
    /// `private_key` is a file with a SEC1 key in DER, `cloud_key` one with the SPKI to expect.
    pub(crate) fn connect(
        cloud: SocketAddr,
        private_key: &Path,
        cloud_key: &Path,
    ) -> Result<Self, String> {
        let keys = KeyPair::from_sec1(&std::fs::read(private_key).expect("the private key"));
        let expected = std::fs::read(cloud_key).expect("the cloud's key");
        handshake::run(free_socket(), cloud, &keys, &expected)
    }

    /// The connection ID that the cloud asked for.
    pub(crate) fn connection_id(&self) -> &[u8] {
        &self.connection_id
    }

    /// From now on it sends from another UDP port.
    pub(crate) fn change_port(&mut self) {
        self.socket = free_socket();
    }

    /// Seals a message into a datagram; returns it after sending it.
    pub(crate) fn send(&mut self, message: &[u8]) -> Vec<u8> {
        let datagram = self.seal(APPLICATION_DATA, message);
        self.send_raw(&datagram);
        datagram
    }

    /// Sends a datagram as it is.
    pub(crate) fn send_raw(&self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.cloud).expect("loopback takes a datagram");
    }

    /// Sends `message` and listens until `is_answer`; returns all that came, the answer last.
    /// Pings of the cloud are answered on the way.
    pub(crate) fn ask(
        &mut self,
        message: &[u8],
        is_answer: impl Fn(&[u8]) -> bool,
    ) -> Vec<Vec<u8>> {
        self.send(message);
        let mut came = Vec::new();
        loop {
            let message = self.receive().expect("an answer comes");
            if let [0x40, 0, high, low] = message[..] {
                self.send(&[0x70, 0, high, low]);
            }
            let done = is_answer(&message);
            came.push(message);
            if done {
                return came;
            }
        }
    }

    fn receive(&self) -> Result<Vec<u8>, String> {
        loop {
            let datagram = listen(&self.socket)?;
            for record in Record::all_in(&datagram) {
                if record.kind == APPLICATION_DATA && record.epoch() == 1 {
                    let content = record.open_plain(&self.read);
                    return content.ok_or_else(|| "a record did not open".to_owned());
                }
            }
        }
    }

    /// RFC 9146 4 and 5: the real type goes inside, the outer type is tls12_cid.
    fn seal(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        let sequence = wire::epoch_and_sequence(1, self.next_sequence);
        self.next_sequence += 1;
        let id = &self.connection_id;
        let mut inner = content.to_vec();
        inner.push(kind);
        let inner_length = u16::try_from(inner.len()).expect("a short message").to_be_bytes();
        let id_length = u8::try_from(id.len()).expect("a short connection ID");
        let mut additional = vec![0xff; 8];
        additional.extend([CONNECTION_ID, id_length, CONNECTION_ID]);
        additional.extend(wire::VERSION);
        additional.extend(sequence);
        additional.extend(id);
        additional.extend(inner_length);
        let sealed = self.write.seal(sequence, &additional, &inner);
        let mut datagram = vec![CONNECTION_ID];
        datagram.extend(wire::VERSION);
        datagram.extend(sequence);
        datagram.extend(id);
        datagram.extend(u16::try_from(sealed.len()).expect("a short record").to_be_bytes());
        datagram.extend(sealed);
        datagram
    }
}

fn free_socket() -> UdpSocket {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.set_read_timeout(Some(LISTEN)).expect("a timeout can be set");
    socket
}

fn listen(socket: &UdpSocket) -> Result<Vec<u8>, String> {
    let mut buffer = [0; 2048];
    let received = socket.recv(&mut buffer);
    received.map(|length| buffer[..length].to_vec()).map_err(|error| format!("silence: {error}"))
}
