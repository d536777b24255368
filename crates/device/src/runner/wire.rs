//! The socket to the cloud: one that sends datagrams, or a connection with what it has not taken yet.

use crate::config::split_host_port;
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrStorage};
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpStream, ToSocketAddrs, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};

/// A connection that takes nothing is given up with so much waiting, in bytes.
const MOST_WAITING: usize = 256 * 1024;

/// A socket to the cloud.
pub(super) enum Wire {
    Udp(UdpSocket),
    Tcp(Stream),
}

/// A connection, or one that is being made.
pub(super) struct Stream {
    stream: TcpStream,
    waiting: Vec<u8>,
    failed: bool,
}

/// What a read brought.
pub(super) enum Came {
    /// So many bytes.
    Bytes(usize),
    /// Nothing more for now.
    Nothing,
    /// Nothing that says anything; there may be more.
    Noise,
    /// The end of the stream.
    End,
}

impl Wire {
    /// A socket to the cloud from a fresh port, its address, and the cloud's.
    pub(super) fn open(cloud: &str, is_tcp: bool) -> io::Result<(Self, SocketAddr, SocketAddr)> {
        let (host, port) = split_host_port(cloud).ok_or(io::ErrorKind::InvalidInput)?;
        let cloud = (host, port).to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
        if is_tcp {
            let stream = begin(cloud)?;
            // Every frame is a message of its own.
            stream.set_nodelay(true)?;
            let local = stream.local_addr()?;
            return Ok((
                Self::Tcp(Stream { stream, waiting: Vec::new(), failed: false }),
                local,
                cloud,
            ));
        }
        let any: SocketAddr = match cloud {
            SocketAddr::V4(_) => (Ipv4Addr::UNSPECIFIED, 0).into(),
            SocketAddr::V6(_) => (Ipv6Addr::UNSPECIFIED, 0).into(),
        };
        let socket = UdpSocket::bind(any)?;
        // The system then takes datagrams from the cloud's address only.
        socket.connect(cloud)?;
        socket.set_nonblocking(true)?;
        let local = socket.local_addr()?;
        Ok((Self::Udp(socket), local, cloud))
    }

    pub(super) const fn is_stream(&self) -> bool {
        matches!(self, Self::Tcp(_))
    }

    /// What to wait for.
    pub(super) fn poll_fd(&self) -> PollFd<'_> {
        match self {
            Self::Udp(socket) => PollFd::new(socket.as_fd(), PollFlags::POLLIN),
            Self::Tcp(Stream { stream, waiting, .. }) => {
                let out = if waiting.is_empty() { PollFlags::empty() } else { PollFlags::POLLOUT };
                PollFd::new(stream.as_fd(), PollFlags::POLLIN | out)
            }
        }
    }

    /// Sends bytes. A datagram that is not sent is one that is lost: it is repeated.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::Udp(socket) => {
                let _ = socket.send(bytes);
            }
            Self::Tcp(stream) => {
                stream.waiting.extend_from_slice(bytes);
                stream.failed |= stream.waiting.len() > MOST_WAITING;
                stream.flush();
            }
        }
    }

    /// Reads what came.
    pub(super) fn receive(&mut self, buffer: &mut [u8]) -> Came {
        match self {
            Self::Udp(socket) => match socket.recv(buffer) {
                Ok(length) => Came::Bytes(length),
                // Anybody can make up "port unreachable": like no answer, it says nothing.
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Came::Noise,
                Err(_) => Came::Nothing,
            },
            Self::Tcp(stream) => stream.receive(buffer),
        }
    }

    /// The last bytes leave before the connection ends.
    pub(super) fn finish(mut self) {
        if let Self::Tcp(stream) = &mut self {
            stream.flush();
            // Nobody is left to be told.
            let _ = stream.stream.shutdown(Shutdown::Write);
        }
    }
}

impl Stream {
    fn receive(&mut self, buffer: &mut [u8]) -> Came {
        self.flush();
        if self.failed {
            return Came::End;
        }
        match self.stream.read(buffer) {
            Ok(0) => Came::End,
            Ok(length) => Came::Bytes(length),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Came::Nothing,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Came::Noise,
            Err(_) => Came::End,
        }
    }

    /// Sends as much of what waits as the connection takes.
    fn flush(&mut self) {
        while !self.waiting.is_empty() && !self.failed {
            match self.stream.write(&self.waiting) {
                Ok(length) => drop(self.waiting.drain(..length)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => self.failed = true,
            }
        }
    }
}

/// Begins a connection without waiting until it is made; a read tells that it was not.
pub(crate) fn begin(to: SocketAddr) -> io::Result<TcpStream> {
    let family = match to {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
    let socket: OwnedFd = socket::socket(family, SockType::Stream, flags, None)?;
    match socket::connect(socket.as_raw_fd(), &SockaddrStorage::from(to)) {
        Ok(()) | Err(Errno::EINPROGRESS) => Ok(TcpStream::from(socket)),
        Err(error) => Err(error.into()),
    }
}
