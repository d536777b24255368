//! Asks whether a cloud answers devices: sends one ClientHello, and takes the HelloVerifyRequest (RFC 6347 4.2.1) for
//! an answer. It goes no further, so it needs no pinned key and leaves nothing behind at the cloud.

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use pintle_dtls::client::{ClientConfig, Handshake, Offer};
use pintle_dtls::crypto::{AwsLc, Crypto};
use std::io::{self, ErrorKind};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait before the hello is sent once more: UDP may lose it.
const AGAIN: Duration = Duration::from_millis(500);

/// Content type of a handshake record, and where in the datagram the message's type stands.
const HANDSHAKE: u8 = 22;
const MESSAGE_TYPE_AT: usize = 13;
const HELLO_VERIFY_REQUEST: u8 = 3;

/// Waits until `cloud` answers a ClientHello; how long that took.
///
/// # Errors
/// What the system says: `TimedOut` where nothing answered `within` this time.
pub fn cookie_exchange(cloud: SocketAddr, within: Duration) -> io::Result<Duration> {
    let hello = client_hello().ok_or_else(|| io::Error::other("no randomness for a hello"))?;
    let socket = UdpSocket::bind(any_of_its_family(cloud))?;
    socket.connect(cloud)?;
    let started = Instant::now();
    loop {
        let left = within.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        socket.send(&hello)?;
        if hears_verify_request(&socket, left.min(AGAIN))? {
            return Ok(started.elapsed());
        }
    }
}

fn hears_verify_request(socket: &UdpSocket, within: Duration) -> io::Result<bool> {
    let mut datagram = [0; 1500];
    socket.set_read_timeout(Some(within))?;
    match socket.recv(&mut datagram) {
        Ok(_) => Ok(datagram.first() == Some(&HANDSHAKE)
            && datagram.get(MESSAGE_TYPE_AT) == Some(&HELLO_VERIFY_REQUEST)),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
            Ok(false)
        }
        Err(error) => Err(error),
    }
}

fn any_of_its_family(cloud: SocketAddr) -> SocketAddr {
    match cloud {
        SocketAddr::V4(_) => SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
        SocketAddr::V6(_) => SocketAddr::from((Ipv6Addr::UNSPECIFIED, 0)),
    }
}

/// The first flight of a device with a key of the moment.
fn client_hello() -> Option<Vec<u8>> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).ok()?;
    let der: EcPrivateKeyRfc5915Der<'_> = pair.private_key().as_der().ok()?;
    let key = AwsLc.signing_key_from_der(der.as_ref()).ok()?;
    // The cloud's key is not looked at before its certificate comes, which this never waits for.
    let cloud = AwsLc.public_key(&key);
    let config = ClientConfig::new(AwsLc, key, cloud, Offer::DeviceOs);
    Handshake::start(Arc::new(config), Duration::ZERO).ok()?.poll_transmit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nobody_listens_the_probe_says_so_in_time() {
        let deaf = UdpSocket::bind("127.0.0.1:0").unwrap();
        let within = Duration::from_millis(50);
        let error = cookie_exchange(deaf.local_addr().unwrap(), within).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    }

    #[test]
    fn an_answer_that_is_no_verify_request_is_none() {
        let cloud = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = cloud.local_addr().unwrap();
        let echo = std::thread::spawn(move || {
            let mut datagram = [0; 1500];
            let (length, peer) = cloud.recv_from(&mut datagram).unwrap();
            cloud.send_to(&datagram[..length], peer).unwrap();
            // Held open until the prober gave up.
            cloud
        });
        assert!(cookie_exchange(address, Duration::from_millis(50)).is_err());
        drop(echo.join().unwrap());
    }
}
