//! Whether there is a node at an address: it echoes the reachability probe of Device OS (record type 252).

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddrV4, TcpStream, UdpSocket};
use std::time::Duration;

/// Type 252, DTLS 1.2, epoch 0x8000, a number, and one byte.
const PROBE: [u8; 14] = [252, 0xfe, 0xfd, 0x80, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0x5a];
/// How often it is sent, and how long each time waits.
const TRIES: u8 = 5;
const WAIT: Duration = Duration::from_millis(400);

/// Whether a node answers at `target`. Takes two seconds where nobody does and nobody says so.
///
/// # Errors
/// Where there is no socket to be had.
pub fn answers(target: SocketAddrV4) -> io::Result<bool> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.connect(target)?;
    socket.set_read_timeout(Some(WAIT))?;
    let mut echo = [0; PROBE.len() + 1];
    for _ in 0..TRIES {
        // A refused datagram shows in either call.
        let length = socket.send(&PROBE).and_then(|_| socket.recv(&mut echo));
        match length {
            Ok(length) if echo.get(..length) == Some(&PROBE) => return Ok(true),
            Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => return Ok(false),
            _ => {}
        }
    }
    Ok(false)
}

/// Whether a node of the TCP service greets at `target`: with a nonce of 40 bytes.
///
/// # Errors
/// Where the system fails in another way than that nobody is there.
pub fn greets(target: SocketAddrV4) -> io::Result<bool> {
    let nobody = [io::ErrorKind::ConnectionRefused, io::ErrorKind::TimedOut];
    let mut stream = match TcpStream::connect_timeout(&target.into(), WAIT * TRIES.into()) {
        Ok(stream) => stream,
        Err(error) if nobody.contains(&error.kind()) => return Ok(false),
        Err(error) => return Err(error),
    };
    stream.set_read_timeout(Some(WAIT * TRIES.into()))?;
    Ok(stream.read_exact(&mut [0; pintle_protocol::tcp::NONCE]).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    #[test]
    fn who_echoes_is_there_and_a_closed_port_is_not() {
        let node = UdpSocket::bind("127.0.0.1:0").unwrap();
        let Ok(SocketAddr::V4(address)) = node.local_addr() else { panic!("an IPv4 address") };
        let echo = std::thread::spawn(move || {
            let mut buffer = [0; 64];
            let (length, from) = node.recv_from(&mut buffer).unwrap();
            node.send_to(&buffer[..length], from).unwrap();
        });
        assert!(answers(address).unwrap());
        echo.join().unwrap();
        assert!(!answers(address).unwrap());
    }
}
