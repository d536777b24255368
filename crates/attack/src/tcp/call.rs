//! A connection of the attacker's to the TCP service.

use crate::raid::{Raid, Tried, at_home, untried};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream};
use std::os::fd::AsRawFd;
use std::time::{Duration, Instant};

/// How long an answer may take that has to come.
pub(crate) const ANSWER: Duration = Duration::from_secs(2);

/// What came over a connection.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Came {
    Bytes(Vec<u8>),
    End,
    Nothing,
}

/// A connection.
pub(crate) struct Call<'r> {
    pub(crate) raid: &'r Raid<'r>,
    stream: TcpStream,
}

impl<'r> Call<'r> {
    /// A new one.
    pub(crate) fn open(raid: &'r Raid<'r>) -> Tried<Self> {
        let address = address(raid)?;
        raid.spend()?;
        let stream = TcpStream::connect_timeout(&address, ANSWER);
        Self::of(raid, stream.map_err(|error| at_home("the TCP service is not there")(&error))?)
    }

    /// A new one from this address, which is one of this machine's.
    pub(crate) fn open_from(raid: &'r Raid<'r>, from: Ipv4Addr) -> Tried<Self> {
        let SocketAddr::V4(to) = address(raid)? else { return Self::open(raid) };
        raid.spend()?;
        let stream = connected(from, to);
        Self::of(raid, stream.map_err(|error| at_home("the TCP service is not there")(&error))?)
    }

    fn of(raid: &'r Raid<'r>, stream: TcpStream) -> Tried<Self> {
        let set = stream.set_nodelay(true);
        set.map_err(|error| at_home("a connection cannot be set up")(&error))?;
        Ok(Self { raid, stream })
    }

    /// Sends bytes. That the target hung up shows where something is read.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> Tried<()> {
        self.raid.spend()?;
        let _ = self.stream.write_all(bytes);
        Ok(())
    }

    /// What comes next.
    pub(crate) fn next(&mut self, within: Duration) -> Tried<Came> {
        let within = within.min(self.raid.time_left()).max(Duration::from_millis(1));
        let set = self.stream.set_read_timeout(Some(within));
        set.map_err(|error| at_home("a connection has no timeout")(&error))?;
        let mut buffer = [0; 4096];
        match self.stream.read(&mut buffer) {
            Ok(0) => Ok(Came::End),
            Ok(length) => {
                Ok(Came::Bytes(buffer.get(..length).map(<[u8]>::to_vec).unwrap_or_default()))
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                Ok(Came::Nothing)
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => Ok(Came::Nothing),
            Err(_) => Ok(Came::End),
        }
    }

    /// So many bytes; `None` where the target hangs up or says less.
    pub(crate) fn exactly<const N: usize>(&mut self, within: Duration) -> Tried<Option<[u8; N]>> {
        let until = Instant::now() + within;
        let mut bytes = Vec::new();
        while bytes.len() < N {
            match self.next(until.saturating_duration_since(Instant::now()))? {
                Came::Bytes(more) => bytes.extend(more),
                Came::End | Came::Nothing => return Ok(None),
            }
        }
        Ok(bytes.first_chunk().copied())
    }

    /// The nonce, with which the target begins.
    pub(crate) fn nonce(&mut self) -> Tried<[u8; 40]> {
        match self.exactly(ANSWER)? {
            Some(nonce) => Ok(nonce),
            None => untried("the TCP service does not greet"),
        }
    }
}

fn address(raid: &Raid<'_>) -> Tried<SocketAddr> {
    match raid.target.tcp {
        Some(address) => Ok(address),
        None => untried("the target has no TCP service"),
    }
}

/// Whether the target is on this machine, where addresses cost nothing.
pub(crate) fn is_near(raid: &Raid<'_>) -> bool {
    raid.target.tcp.is_some_and(|address| address.is_ipv4() && address.ip().is_loopback())
}

fn connected(from: Ipv4Addr, to: SocketAddrV4) -> nix::Result<TcpStream> {
    let socket = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(socket.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(from, 0)))?;
    connect(socket.as_raw_fd(), &SockaddrIn::from(to))?;
    Ok(socket.into())
}
