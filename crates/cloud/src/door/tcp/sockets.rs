//! The TCP door's listener and sockets, none of which ever blocks, behind one `epoll`.
//!
//! A socket costs an entry in a table and what the kernel keeps. What a peer does not read is kept for it up to
//! [`MOST_UNSENT`]; whoever reads nothing at all is cut off there.

use super::slab::Key;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{Backlog, listen, setsockopt, sockopt};
use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;

/// How many events one system call brings at most.
const BATCH: usize = 256;

/// How much may wait in our memory for one peer, beyond the kernel's buffer: 16 KiB.
pub const MOST_UNSENT: usize = 16 << 10;

/// The kernel's buffers for one connection, each way: a few frames. Without this they grow to megabytes.
const KERNEL_BUFFER: usize = 16 << 10;

/// What `epoll` says of the listener and of the bell; keys are smaller.
const LISTENER: u64 = u64::MAX;
const BELL: u64 = u64::MAX - 1;

/// Something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Somebody wants to come in.
    Knock,
    /// There is a command.
    Bell,
    /// There is something to read, or the peer is gone.
    Heard(Key),
    /// There is room to write again.
    Room(Key),
}

/// What reading brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Heard {
    /// So many bytes.
    Bytes(usize),
    /// Nothing now.
    Nothing,
    /// The end.
    Gone,
}

/// What became of what was to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It is sent.
    Taken,
    /// Some of it waits in our memory, within bounds.
    Waits,
    /// The peer reads nothing.
    Choked,
    /// The peer is gone.
    Gone,
}

struct Socket {
    key: Key,
    stream: TcpStream,
    listens: bool,
    /// What the kernel did not take yet; no memory at all while that is nothing.
    unsent: Vec<u8>,
}

/// Binds the listener: with a queue as long as the system allows, for all devices come back at once.
///
/// # Errors
/// What the system says.
pub fn bind(address: SocketAddr) -> io::Result<TcpListener> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    // Connections inherit these; where the system refuses, they have its own sizes.
    let _ = setsockopt(&listener, sockopt::SndBuf, &KERNEL_BUFFER);
    let _ = setsockopt(&listener, sockopt::RcvBuf, &KERNEL_BUFFER);
    listen(&listener, Backlog::MAXALLOWABLE)?;
    Ok(listener)
}

/// The listener and all connections.
pub struct Sockets {
    epoll: Epoll,
    listener: TcpListener,
    is_open: bool,
    table: Vec<Option<Socket>>,
    events: Vec<EpollEvent>,
}

impl Sockets {
    /// Watches `listener`, and `bell` for commands.
    ///
    /// # Errors
    /// What the system says.
    pub fn new(listener: TcpListener, bell: &impl AsFd) -> io::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        epoll.add(bell, EpollEvent::new(EpollFlags::EPOLLIN, BELL))?;
        let events = vec![EpollEvent::empty(); BATCH];
        Ok(Self { epoll, listener, is_open: true, table: Vec::new(), events })
    }

    /// Waits for events, `millis` at most, and leaves them in `events`.
    pub fn wait(&mut self, millis: u16, events: &mut Vec<Event>) {
        events.clear();
        // An interrupted sleep is a short one.
        let count = self.epoll.wait(&mut self.events, EpollTimeout::from(millis)).unwrap_or(0);
        for event in self.events.iter().take(count) {
            match event.data() {
                LISTENER => events.push(Event::Knock),
                BELL => events.push(Event::Bell),
                word => {
                    let (key, flags) = (Key::unpack(word), event.events());
                    if flags.contains(EpollFlags::EPOLLOUT) {
                        events.push(Event::Room(key));
                    }
                    let heard = EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR;
                    if flags.intersects(heard) {
                        events.push(Event::Heard(key));
                    }
                }
            }
        }
    }

    /// Lets newcomers wait in the kernel's queue, or not.
    pub fn open(&mut self, is_open: bool) {
        if self.is_open != is_open {
            let flags = if is_open { EpollFlags::EPOLLIN } else { EpollFlags::empty() };
            let changed = self.epoll.modify(&self.listener, &mut EpollEvent::new(flags, LISTENER));
            self.is_open = changed.map_or(self.is_open, |()| is_open);
        }
    }

    /// The next who wants to come in.
    ///
    /// # Errors
    /// What the system says where it has no descriptor or memory left; not that nobody waits.
    pub fn accept(&self) -> io::Result<Option<(TcpStream, IpAddr)>> {
        loop {
            match self.listener.accept() {
                Ok((stream, from)) => return Ok(Some((stream, from.ip()))),
                Err(error) => match error.kind() {
                    ErrorKind::WouldBlock => return Ok(None),
                    // Who was gone before we looked.
                    ErrorKind::ConnectionAborted | ErrorKind::Interrupted => {}
                    _ => return Err(error),
                },
            }
        }
    }

    /// Takes a connection in under a key. It is not listened to before [`Self::listen`].
    ///
    /// # Errors
    /// What the system says.
    pub fn add(&mut self, key: Key, stream: TcpStream) -> io::Result<()> {
        stream.set_nonblocking(true)?;
        // Without it, the second of two answers would wait for the device to acknowledge the first.
        stream.set_nodelay(true)?;
        self.epoll.add(&stream, EpollEvent::new(EpollFlags::empty(), key.pack()))?;
        if self.table.len() <= key.index() {
            self.table.resize_with(key.index() + 1, || None);
        }
        if let Some(place) = self.table.get_mut(key.index()) {
            *place = Some(Socket { key, stream, listens: false, unsent: Vec::new() });
        }
        Ok(())
    }

    /// Listens to a connection, or leaves what it says in the kernel.
    pub fn listen(&mut self, key: Key, listens: bool) {
        if let Some(socket) = find(&mut self.table, key)
            && socket.listens != listens
        {
            socket.listens = listens;
            watch(&self.epoll, socket);
        }
    }

    /// Reads what there is, as much as fits.
    pub fn read(&mut self, key: Key, into: &mut [u8]) -> Heard {
        let Some(socket) = find(&mut self.table, key) else { return Heard::Nothing };
        if !socket.listens {
            // It was not asked: something broke.
            return Heard::Gone;
        }
        match socket.stream.read(into) {
            Ok(0) => Heard::Gone,
            Ok(count) => Heard::Bytes(count),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::Interrupted => Heard::Nothing,
                _ => Heard::Gone,
            },
        }
    }

    /// Sends, or keeps what the kernel does not take now.
    pub fn send(&mut self, key: Key, bytes: &[u8]) -> Sent {
        let Some(socket) = find(&mut self.table, key) else { return Sent::Gone };
        let mut rest = bytes;
        if socket.unsent.is_empty() {
            match write(&mut socket.stream, &mut rest) {
                Ok(()) if rest.is_empty() => return Sent::Taken,
                Ok(()) => {}
                Err(_) => return Sent::Gone,
            }
        }
        if socket.unsent.len() + rest.len() > MOST_UNSENT {
            return Sent::Choked;
        }
        let watched = !socket.unsent.is_empty();
        socket.unsent.extend_from_slice(rest);
        if !watched {
            watch(&self.epoll, socket);
        }
        Sent::Waits
    }

    /// Sends what waits, now that there is room.
    pub fn go_on(&mut self, key: Key) -> Sent {
        let Some(socket) = find(&mut self.table, key) else { return Sent::Gone };
        let unsent = std::mem::take(&mut socket.unsent);
        let mut rest = unsent.as_slice();
        if write(&mut socket.stream, &mut rest).is_err() {
            return Sent::Gone;
        }
        socket.unsent = rest.to_vec();
        if !socket.unsent.is_empty() {
            return Sent::Waits;
        }
        watch(&self.epoll, socket);
        Sent::Taken
    }

    /// Closes a connection.
    pub fn close(&mut self, key: Key) {
        let place = self.table.get_mut(key.index());
        // Its end takes it off the `epoll`, too.
        drop(place.and_then(|place| place.take_if(|socket| socket.key == key)));
    }

    /// The bytes that the table holds for one connection.
    pub const fn bytes_each() -> usize {
        size_of::<Option<Socket>>()
    }
}

fn find(table: &mut [Option<Socket>], key: Key) -> Option<&mut Socket> {
    table.get_mut(key.index())?.as_mut().filter(|socket| socket.key == key)
}

/// Writes what the kernel takes off the front of `bytes`.
fn write(stream: &mut TcpStream, bytes: &mut &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match stream.write(bytes) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(count) => *bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn watch(epoll: &Epoll, socket: &Socket) {
    let mut flags = EpollFlags::empty();
    flags.set(EpollFlags::EPOLLIN, socket.listens);
    flags.set(EpollFlags::EPOLLOUT, !socket.unsent.is_empty());
    let changed = epoll.modify(&socket.stream, &mut EpollEvent::new(flags, socket.key.pack()));
    if let Err(error) = changed {
        // Its deadline ends it.
        tracing::debug!(%error, "a connection cannot be watched");
    }
}

#[cfg(test)]
mod tests;
