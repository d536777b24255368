//! The UDP port for devices, as somebody finds it who proved nothing: what it answers to a first hello, to a message in the
//! clear, to noise. Nothing that is sent begins anything.

use serde::Serialize;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

/// What a port said.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Door {
    /// To a first hello of DTLS, without a cookie.
    pub to_hello: Said,
    /// How many bytes it answered for a hundred that it was sent.
    pub percent: usize,
    /// To a question in CoAP that is not sealed.
    pub to_plain_coap: Said,
    /// To noise.
    pub to_noise: Said,
    /// To a record that claims a session which nobody has.
    pub to_strange_record: Said,
}

/// What came back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// Nothing.
    #[default]
    Nothing,
    /// A request to show that the address is one's own.
    Challenge,
    /// An alert.
    Alert,
    /// Something else.
    Other,
}

/// The first hello of a device of the standard kind (RFC 6347 section 4.2.1): no session, no cookie, one suite.
#[must_use]
pub fn first_hello() -> Vec<u8> {
    let mut body = vec![0xfe, 0xfd];
    body.extend([0x5a; 32]);
    // No session, no cookie; ECDHE-ECDSA with AES-128-CCM-8; no compression.
    body.extend([0, 0, 0, 2, 0xc0, 0xae, 1, 0]);
    // P-256, uncompressed, ECDSA with SHA-256, raw public keys both ways.
    let extensions: &[u8] = &[
        0, 10, 0, 4, 0, 2, 0, 23, 0, 11, 0, 2, 1, 0, 0, 13, 0, 4, 0, 2, 4, 3, 0, 19, 0, 2, 1, 2, 0,
        20, 0, 2, 1, 2,
    ];
    body.extend(length(extensions.len()));
    body.extend(extensions);
    let [high, low] = length(body.len());
    let mut message = vec![1, 0, high, low, 0, 0, 0, 0, 0, 0, high, low];
    message.append(&mut body);
    let mut record = vec![22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0];
    record.extend(length(message.len()));
    record.append(&mut message);
    record
}

fn length(of: usize) -> [u8; 2] {
    u16::try_from(of).unwrap_or(u16::MAX).to_be_bytes()
}

/// `GET /.well-known/core` as it stands in RFC 7252.
const PLAIN_COAP: &[u8] = b"\x40\x01\x12\x34\xbb.well-known\x04core";

/// Application data of epoch 1, with a connection ID that nobody was given.
const STRANGE_RECORD: [u8; 45] = {
    let mut record = [0xa5; 45];
    record[0] = 25;
    record[1] = 0xfe;
    record[2] = 0xfd;
    record[3] = 0;
    record[4] = 1;
    record[19] = 0;
    record[20] = 24;
    record
};

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For what should be answered.
    pub answer: Duration,
    /// For what should not: so long all of it takes.
    pub silence: Duration,
}

/// Asks, each time from another port.
///
/// # Errors
/// Nothing can be sent there.
pub fn look(address: SocketAddr, patience: Patience) -> Result<Door, String> {
    let hello = first_hello();
    let answer = ask(address, &hello, patience.answer)?;
    let silent = patience.silence;
    let sent = hello.len().max(1);
    Ok(Door {
        percent: answer.as_ref().map_or(0, |answer| answer.len().saturating_mul(100) / sent),
        to_hello: Said::of(answer.as_deref()),
        to_plain_coap: Said::of(ask(address, PLAIN_COAP, silent)?.as_deref()),
        to_noise: Said::of(ask(address, &[0x5a; 64], silent)?.as_deref()),
        to_strange_record: Said::of(ask(address, &STRANGE_RECORD, silent)?.as_deref()),
    })
}

fn ask(
    address: SocketAddr,
    datagram: &[u8],
    patience: Duration,
) -> Result<Option<Vec<u8>>, String> {
    let cannot =
        |why: std::io::Error| format!("nothing can be sent to the port for devices: {why}");
    let here = if address.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
    let socket = UdpSocket::bind(here).map_err(cannot)?;
    socket.connect(address).map_err(cannot)?;
    socket.set_read_timeout(Some(patience)).map_err(cannot)?;
    socket.send(datagram).map_err(cannot)?;
    let mut buffer = [0; 2048];
    match socket.recv(&mut buffer) {
        Ok(length) => Ok(buffer.get(..length).map(<[u8]>::to_vec)),
        Err(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => Err(cannot(error)),
        Err(_) => Ok(None),
    }
}

impl Said {
    fn of(answer: Option<&[u8]>) -> Self {
        match answer {
            None => Self::Nothing,
            // The type of the record, and of the message in it.
            Some([22, 0xfe, _, ..]) if answer.and_then(|all| all.get(13)) == Some(&3) => {
                Self::Challenge
            }
            Some([21, 0xfe, _, ..]) => Self::Alert,
            Some(_) => Self::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_dtls::server::{Admission, CookieJar};

    #[test]
    fn the_first_hello_is_one_that_a_server_takes_for_one() {
        let hello = first_hello();
        let jar = CookieJar::new([7; 32]);
        let Admission::Challenge(challenge) = jar.admit(b"somewhere", &hello) else {
            panic!("no challenge")
        };
        assert_eq!(Said::of(Some(challenge.as_bytes())), Said::Challenge);
        assert!(challenge.as_bytes().len() <= hello.len());
    }
}
