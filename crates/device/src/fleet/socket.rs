//! The fleet's sockets: wildcard ones, of which every datagram leaves from the address of its own device
//! (`IP_PKTINFO`), in batches, and which tell for every datagram that comes to which device and when the kernel
//! had it.

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg,
    setsockopt, sockopt,
};
use nix::sys::time::TimeSpec;
use std::cell::Cell;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::time::Duration;

/// How many datagrams one system call moves at most.
pub(super) const BATCH: usize = 128;
/// The longest datagram taken, in bytes.
const DATAGRAM: usize = 2048;
/// The receive buffer asked for, in bytes; the system may allow less.
const BUFFER: usize = 32 << 20;

/// One socket and what is to be sent on it.
pub(super) struct Wire {
    socket: UdpSocket,
    headers: MultiHeaders<SockaddrIn>,
    target: SocketAddrV4,
    peers: Vec<Option<SockaddrIn>>,
    bytes: Vec<u8>,
    queue: Vec<(Ipv4Addr, usize)>,
}

impl Wire {
    /// A socket on a free port, towards `target`.
    pub(super) fn open(target: SocketAddrV4) -> io::Result<Self> {
        let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        socket.set_nonblocking(true)?;
        setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        setsockopt(&socket, sockopt::ReceiveTimestampns, &true)?;
        // Past the system's limit where we may, else up to it.
        if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER).is_err() {
            let _ = setsockopt(&socket, sockopt::RcvBuf, &BUFFER);
        }
        Ok(Self {
            socket,
            headers: MultiHeaders::preallocate(BATCH, Some(nix::cmsg_space!(libc::in_pktinfo))),
            target,
            peers: vec![Some(SockaddrIn::from(target)); BATCH],
            bytes: Vec::new(),
            queue: Vec::with_capacity(BATCH),
        })
    }

    /// Queues a datagram from `source`; a full batch is sent. How many were lost on the way out.
    pub(super) fn queue(&mut self, source: Ipv4Addr, datagram: &[u8]) -> usize {
        self.bytes.extend_from_slice(datagram);
        self.queue.push((source, self.bytes.len()));
        if self.queue.len() >= BATCH { self.flush() } else { 0 }
    }

    /// Sends what is queued. What the kernel has no room for is lost, as datagrams are; how many.
    pub(super) fn flush(&mut self) -> usize {
        let (queue, bytes) = (std::mem::take(&mut self.queue), std::mem::take(&mut self.bytes));
        let (mut done, mut lost) = (0, 0);
        while done < queue.len() {
            let sent = self.send(&queue, &bytes, done);
            // Skips one that was not taken rather than spin on it.
            lost += usize::from(sent == 0);
            done += sent.max(1);
        }
        (self.queue, self.bytes) = (queue, bytes);
        self.queue.clear();
        self.bytes.clear();
        lost
    }

    fn send(&mut self, queue: &[(Ipv4Addr, usize)], bytes: &[u8], from: usize) -> usize {
        let before = from.checked_sub(1).and_then(|last| queue.get(last));
        let mut start = before.map_or(0, |(_, end)| *end);
        let rest = queue.get(from..).unwrap_or_default();
        let slices: Vec<[IoSlice<'_>; 1]> = rest
            .iter()
            .map(|(_, end)| {
                let datagram = bytes.get(start..*end).unwrap_or_default();
                start = *end;
                [IoSlice::new(datagram)]
            })
            .collect();
        let sources: Vec<_> = rest.iter().map(|(source, _)| packet_info(*source)).collect();
        let each = sources.iter().map(ControlMessage::Ipv4PacketInfo).collect();
        let control = OneEach { each, next: Cell::new(0) };
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT);
        let peers = self.peers.get(..rest.len()).unwrap_or(&self.peers);
        let sent = sendmmsg(fd, &mut self.headers, &slices, peers, control, flags);
        sent.map_or(0, Iterator::count)
    }

    /// Where its datagrams go.
    pub(super) const fn target(&self) -> SocketAddrV4 {
        self.target
    }
}

impl AsFd for Wire {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The control messages of a batch. nix takes one list for all messages of a `sendmmsg`, but asks for it anew for
/// each message, in order; this gives each message its own. A test below holds nix to that.
struct OneEach<'a> {
    each: Vec<ControlMessage<'a>>,
    next: Cell<usize>,
}

impl<'a> AsRef<[ControlMessage<'a>]> for OneEach<'a> {
    fn as_ref(&self) -> &[ControlMessage<'a>] {
        let at = self.next.replace(self.next.get() + 1);
        self.each.get(at..=at).unwrap_or_default()
    }
}

fn packet_info(source: Ipv4Addr) -> libc::in_pktinfo {
    libc::in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: libc::in_addr { s_addr: u32::from(source).to_be() },
        ipi_addr: libc::in_addr { s_addr: 0 },
    }
}

/// A datagram that came.
#[derive(Clone, Copy)]
pub(super) struct Arrived {
    /// The address it came to.
    pub(super) to: Ipv4Addr,
    /// How long ago the kernel had it.
    pub(super) age: Duration,
    length: usize,
}

/// The buffers to receive in, shared by all sockets.
pub(super) struct Inbox {
    buffers: Vec<[u8; DATAGRAM]>,
    headers: MultiHeaders<SockaddrIn>,
    arrived: Vec<Arrived>,
}

impl Inbox {
    pub(super) fn new() -> Self {
        let space = nix::cmsg_space!(libc::in_pktinfo, TimeSpec);
        Self {
            buffers: vec![[0; DATAGRAM]; BATCH],
            headers: MultiHeaders::preallocate(BATCH, Some(space)),
            arrived: Vec::with_capacity(BATCH),
        }
    }

    /// Reads what came on `wire`, up to [`BATCH`] datagrams; how many. `clock` is the time of day.
    pub(super) fn receive(&mut self, wire: &Wire, clock: Duration) -> io::Result<usize> {
        self.arrived.clear();
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let fd = wire.socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        let results = match recvmmsg(fd, &mut self.headers, slices.iter_mut(), flags, None) {
            Ok(results) => results,
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED) => return Ok(0),
            Err(error) => return Err(error.into()),
        };
        for message in results {
            let from_target = message.address.is_some_and(|from| {
                from.ip() == *wire.target().ip() && from.port() == wire.target().port()
            });
            let (mut to, mut age) = (Ipv4Addr::UNSPECIFIED, Duration::ZERO);
            for control in message.cmsgs().into_iter().flatten() {
                match control {
                    ControlMessageOwned::Ipv4PacketInfo(info) if from_target => {
                        to = Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr));
                    }
                    ControlMessageOwned::ScmTimestampns(at) => {
                        age = clock.saturating_sub(Duration::from(at));
                    }
                    _ => {}
                }
            }
            self.arrived.push(Arrived { to, age, length: message.bytes });
        }
        Ok(self.arrived.len())
    }

    /// What came, each with its bytes.
    pub(super) fn datagrams(&mut self) -> impl Iterator<Item = (Arrived, &mut [u8])> {
        self.arrived.iter().zip(&mut self.buffers).map(|(arrived, buffer)| {
            (*arrived, buffer.get_mut(..arrived.length).unwrap_or_default())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    use std::collections::HashMap;
    use std::net::{SocketAddr, ToSocketAddrs};

    fn node() -> (UdpSocket, SocketAddrV4) {
        let node = UdpSocket::bind("127.0.0.1:0").unwrap();
        let Some(SocketAddr::V4(address)) =
            node.local_addr().unwrap().to_socket_addrs().unwrap().next()
        else {
            panic!("an IPv4 address");
        };
        (node, address)
    }

    fn wait(wire: &Wire) {
        let mut fds = [PollFd::new(wire.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::from(5_000_u16)), Ok(1));
    }

    #[test]
    fn every_datagram_of_a_batch_leaves_from_its_own_address_and_is_answered_there() {
        let (node, address) = node();
        let mut wire = Wire::open(address).unwrap();
        let source = |n: u8| Ipv4Addr::new(127, 9, 1, n);
        for n in 1..=100 {
            assert_eq!(wire.queue(source(n), &[n; 3]), 0);
        }
        assert_eq!(wire.flush(), 0);
        let mut buffer = [0; 16];
        for n in 1..=100 {
            let (length, from) = node.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from.ip()), ([n; 3].as_slice(), source(n).into()));
            node.send_to(&buffer[..1], from).unwrap();
        }
        let (mut inbox, mut answered) = (Inbox::new(), HashMap::new());
        while answered.len() < 100 {
            wait(&wire);
            inbox.receive(&wire, Duration::MAX).unwrap();
            for (arrived, bytes) in inbox.datagrams() {
                assert!(arrived.age < Duration::MAX, "no time of arrival");
                answered.insert(arrived.to, bytes.to_vec());
            }
        }
        assert!((1..=100).all(|n| answered.get(&source(n)) == Some(&vec![n])));
    }

    #[test]
    fn what_others_send_to_a_device_belongs_to_nobody() {
        let (_node, address) = node();
        let wire = Wire::open(address).unwrap();
        let (stranger, _) = self::node();
        let port = wire.socket.local_addr().unwrap().port();
        stranger.send_to(b"x", (Ipv4Addr::new(127, 0, 1, 1), port)).unwrap();
        let mut inbox = Inbox::new();
        wait(&wire);
        inbox.receive(&wire, Duration::ZERO).unwrap();
        assert!(inbox.datagrams().all(|(arrived, _)| arrived.to == Ipv4Addr::UNSPECIFIED));
    }
}
