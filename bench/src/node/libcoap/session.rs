//! A DTLS session of OpenSSL's with a pre-shared key, over a socket, that puts 50 bytes of CoAP.

use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslMethod, SslOptions, SslStream, SslVerifyMode, SslVersion,
};
use std::io::{self, Read, Write};
use std::net::{SocketAddrV4, UdpSocket};
use std::time::Duration;

/// What both ends know.
pub const KEY: &str = "sixteen bytes it";
/// Debian's OpenSSL refuses the shorter tags of CCM-8.
const SUITES: &str = "PSK-AES128-CCM:PSK-AES128-GCM-SHA256:@SECLEVEL=0";
const MTU: u32 = 1400;
/// How long an answer may take: a datagram may be lost.
const PATIENCE: Duration = Duration::from_millis(50);
/// A confirmable PUT to `b`, of 50 bytes with what follows: version, code, id, token, path, format, the payload's mark.
const HEAD: [u8; 8] = [0x41, 0x03, 0, 0, 7, 0xb1, b'b', 0xff];
const LENGTH: usize = 50;

/// One client of the server.
pub struct Session {
    stream: SslStream<Wire>,
    id: u16,
}

impl Session {
    /// Shakes hands.
    pub fn open(server: SocketAddrV4) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
        socket.connect(server).expect("a socket can be bound to its peer");
        socket.set_read_timeout(Some(PATIENCE)).expect("a socket has this option");
        let mut ssl = Ssl::new(&context()).expect("OpenSSL's connection");
        ssl.set_mtu(MTU).expect("a datagram's size");
        let mut stream = SslStream::new(ssl, Wire { socket }).expect("OpenSSL's stream");
        stream.connect().expect("libcoap's server shakes hands");
        Self { stream, id: 0 }
    }

    /// Sends the next message.
    pub fn ask(&mut self) {
        self.id = self.id.wrapping_add(1);
        let mut message = [b'x'; LENGTH];
        message[..HEAD.len()].copy_from_slice(&HEAD);
        message[2..4].copy_from_slice(&self.id.to_be_bytes());
        self.stream.ssl_write(&message).expect("a record is sent");
    }

    /// Waits for what acknowledges it.
    pub fn answer(&mut self) -> Option<()> {
        let mut buffer = [0; 2048];
        match self.stream.ssl_read(&mut buffer) {
            Ok(length) => is_success(&buffer[..length], self.id).then_some(()),
            Err(error) if error.code() == ErrorCode::WANT_READ => None,
            Err(error) => panic!("libcoap's server ends the session: {error}"),
        }
    }
}

/// An acknowledgement of the message with this id, with a code of class 2.
fn is_success(message: &[u8], id: u16) -> bool {
    let [first, code, high, low, ..] = *message else { return false };
    first & 0x30 == 0x20 && code >> 5 == 2 && u16::from_be_bytes([high, low]) == id
}

fn context() -> SslContext {
    let mut context = SslContext::builder(SslMethod::dtls_client()).expect("OpenSSL's context");
    context.set_min_proto_version(Some(SslVersion::DTLS1_2)).expect("it speaks DTLS 1.2");
    context.set_max_proto_version(Some(SslVersion::DTLS1_2)).expect("it speaks DTLS 1.2");
    context.set_cipher_list(SUITES).expect("it has these suites");
    context.set_options(SslOptions::NO_QUERY_MTU);
    context.set_verify(SslVerifyMode::NONE);
    context.set_psk_client_callback(|_, _, identity, key| {
        identity[..6].copy_from_slice(b"bench\0");
        key[..KEY.len()].copy_from_slice(KEY.as_bytes());
        Ok(KEY.len())
    });
    context.build()
}

/// Each write a datagram, each read one.
struct Wire {
    socket: UdpSocket,
}

impl Read for Wire {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.recv(buffer)
    }
}

impl Write for Wire {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.socket.send(datagram)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_good_answer_to_the_last_message_counts() {
        assert!(is_success(&[0x61, 0x44, 0, 9, 7], 9));
        assert!(!is_success(&[0x61, 0x44, 0, 8, 7], 9), "of another message");
        assert!(!is_success(&[0x61, 0x84, 0, 9, 7], 9), "a refusal");
        assert!(!is_success(&[0x41, 0x44, 0, 9, 7], 9), "no acknowledgement");
        assert!(!is_success(&[0x61, 0x44], 9), "half of one");
    }
}
