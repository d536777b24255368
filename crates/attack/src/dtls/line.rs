//! A socket of the attacker's, towards the target.

use crate::raid::{Raid, Tried, at_home, untried};
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// How long an answer may take that has to come.
pub(crate) const ANSWER: Duration = Duration::from_secs(2);
/// How long is listened where nothing must come, and nothing that must come tells when to stop.
pub(crate) const SILENCE: Duration = Duration::from_millis(250);

/// An address of the attacker's.
pub(crate) struct Line<'r> {
    pub(crate) raid: &'r Raid<'r>,
    socket: UdpSocket,
    cloud: SocketAddr,
}

impl<'r> Line<'r> {
    /// At a port that nobody uses.
    pub(crate) fn open(raid: &'r Raid<'r>) -> Tried<Self> {
        let Some(cloud) = raid.target.udp else {
            return untried("the target has no address for devices over UDP");
        };
        let here = match cloud.ip() {
            IpAddr::V4(ip) if ip.is_loopback() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_loopback() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            IpAddr::V4(_) => IpAddr::V4(Ipv4Addr::UNSPECIFIED),
            IpAddr::V6(_) => IpAddr::V6(Ipv6Addr::UNSPECIFIED),
        };
        let socket = UdpSocket::bind((here, 0));
        let socket = socket.map_err(|error| at_home("no socket can be opened")(&error))?;
        Ok(Self { raid, socket, cloud })
    }

    /// Sends a datagram.
    pub(crate) fn send(&self, datagram: &[u8]) -> Tried<()> {
        self.raid.spend()?;
        let sent = self.socket.send_to(datagram, self.cloud);
        sent.map(drop).map_err(|error| at_home("a datagram cannot be sent")(&error))
    }

    /// The next datagram of the target's, if one comes in time.
    pub(crate) fn hear(&self, within: Duration) -> Tried<Option<Vec<u8>>> {
        let until = Instant::now() + within.min(self.raid.time_left());
        let mut buffer = [0; 2048];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let set = self.socket.set_read_timeout(Some(left));
            set.map_err(|error| at_home("a socket has no timeout")(&error))?;
            match self.socket.recv_from(&mut buffer) {
                Ok((length, from)) if from == self.cloud => {
                    return Ok(buffer.get(..length).map(<[u8]>::to_vec));
                }
                Ok(_) => {}
                Err(error) if is_silence(error.kind()) => {}
                Err(error) => return Err(at_home("a datagram cannot be received")(&error)),
            }
        }
    }
}

/// A refused port of an earlier datagram is no more than silence.
fn is_silence(kind: ErrorKind) -> bool {
    use ErrorKind::{ConnectionRefused, ConnectionReset, Interrupted, TimedOut, WouldBlock};
    matches!(kind, WouldBlock | TimedOut | Interrupted | ConnectionRefused | ConnectionReset)
}
