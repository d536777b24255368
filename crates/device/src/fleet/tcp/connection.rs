//! A device's connection: what came, what waits to go, and the readiness that the kernel tells of.

use crate::fleet::address;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollEvent, EpollFlags};
use nix::sys::socket::{self, AddressFamily, SockFlag, SockType, SockaddrIn};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddrV4, TcpStream};
use std::os::fd::{AsRawFd, OwnedFd};

/// A connection of a device.
pub(super) struct Connection {
    stream: TcpStream,
    /// What the kernel did not take yet.
    waiting: Vec<u8>,
}

/// What became of a read.
pub(super) enum Came {
    /// So many bytes.
    Bytes(usize),
    /// Nothing for now.
    Nothing,
    /// The connection is over: refused, reset or ended.
    Over,
}

impl Connection {
    /// Begins a connection from the address of the device at `index`, and has the kernel tell of it.
    pub(super) fn begin(epoll: &Epoll, index: u32, target: SocketAddrV4) -> io::Result<Self> {
        let flags = SockFlag::SOCK_NONBLOCK | SockFlag::SOCK_CLOEXEC;
        let socket: OwnedFd = socket::socket(AddressFamily::Inet, SockType::Stream, flags, None)?;
        let own = SockaddrIn::from(SocketAddrV4::new(address::of(index), 0));
        socket::bind(socket.as_raw_fd(), &own)?;
        match socket::connect(socket.as_raw_fd(), &SockaddrIn::from(target)) {
            Ok(()) | Err(Errno::EINPROGRESS) => {}
            Err(error) => return Err(error.into()),
        }
        let stream = TcpStream::from(socket);
        stream.set_nodelay(true)?;
        // Told once each time something changes, so everything is read and written until nothing more goes.
        let flags = EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT | EpollFlags::EPOLLET;
        epoll.add(&stream, EpollEvent::new(flags, u64::from(index)))?;
        Ok(Self { stream, waiting: Vec::new() })
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Came {
        match self.stream.read(buffer) {
            Ok(0) => Came::Over,
            Ok(length) => Came::Bytes(length),
            Err(error) if error.kind() == ErrorKind::WouldBlock => Came::Nothing,
            Err(error) if error.kind() == ErrorKind::Interrupted => Came::Bytes(0),
            Err(_) => Came::Over,
        }
    }

    /// Sends bytes, now or as soon as the kernel takes them. A connection that failed shows at the next read.
    pub(super) fn send(&mut self, bytes: &[u8]) {
        if !self.waiting.is_empty() {
            self.waiting.extend_from_slice(bytes);
            return self.flush();
        }
        match self.stream.write(bytes) {
            Ok(length) => self.waiting.extend_from_slice(bytes.get(length..).unwrap_or(&[])),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.waiting.extend_from_slice(bytes);
            }
            Err(_) => {}
        }
    }

    /// Sends what waits.
    pub(super) fn flush(&mut self) {
        while !self.waiting.is_empty() {
            match self.stream.write(&self.waiting) {
                Ok(length) => drop(self.waiting.drain(..length)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.waiting.clear(),
            }
        }
        // An idle device keeps no buffer.
        self.waiting = Vec::new();
    }
}
