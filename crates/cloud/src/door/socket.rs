//! One UDP socket, read and written in batches, that remembers which local address a datagram came
//! to, so that the answer leaves from there.

use super::outbound::Outbound;
use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, MultiHeaders, SockFlag,
    SockProtocol, SockType, SockaddrStorage, bind, recvmmsg, sendmmsg, setsockopt, socket, sockopt,
};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

/// How many datagrams one system call moves at most.
pub const BATCH: usize = 64;

/// The longest datagram taken, in bytes: a record of the largest message with room to spare. What is
/// longer is cut by the kernel and fails to authenticate.
const DATAGRAM: usize = 2048;

/// The way to a peer: where it is, and which of our addresses it knows us by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// The peer's address.
    pub peer: SocketAddr,
    /// Our address it wrote to; `None` where the socket has just one.
    pub local: Option<IpAddr>,
}

/// A socket that is bound and not yet anybody's.
pub struct Bound {
    socket: UdpSocket,
    wildcard: bool,
}

impl Bound {
    /// Binds `address` once for each of `count` shards; port 0 takes a free one. The system spreads peers
    /// over them by their address.
    ///
    /// # Errors
    /// What the system says when it cannot bind or set a socket up.
    pub fn several(address: SocketAddr, count: u8) -> io::Result<Vec<Self>> {
        // Alone first: a socket that shares its port does not notice a neighbour who shares it too.
        let alone = UdpSocket::bind(address)?;
        if count <= 1 {
            return Ok(vec![Self::set_up(alone, address)?]);
        }
        let address = alone.local_addr()?;
        drop(alone);
        (0..count).map(|_| Self::set_up(Self::shared(address)?, address)).collect()
    }

    fn shared(address: SocketAddr) -> io::Result<UdpSocket> {
        let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(family, SockType::Datagram, flags, SockProtocol::Udp)?;
        setsockopt(&socket, sockopt::ReusePort, &true)?;
        bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
        Ok(UdpSocket::from(socket))
    }

    fn set_up(socket: UdpSocket, address: SocketAddr) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        let wildcard = address.ip().is_unspecified();
        if wildcard && address.is_ipv4() {
            setsockopt(&socket, sockopt::Ipv4PacketInfo, &true)?;
        }
        if wildcard && address.is_ipv6() {
            setsockopt(&socket, sockopt::Ipv6RecvPacketInfo, &true)?;
        }
        // More room for bursts; the system may allow less, which is no error.
        let _ = setsockopt(&socket, sockopt::RcvBuf, &(4 << 20));
        Ok(Self { socket, wildcard })
    }

    /// The address bound.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }
}

/// A bound socket with its receive buffers. It stays on the thread that made it.
pub struct BatchSocket {
    socket: UdpSocket,
    wildcard: bool,
    buffers: Vec<[u8; DATAGRAM]>,
    headers: MultiHeaders<SockaddrStorage>,
    sending: MultiHeaders<SockaddrStorage>,
}

impl From<Bound> for BatchSocket {
    fn from(Bound { socket, wildcard }: Bound) -> Self {
        let space = nix::cmsg_space!(libc::in6_pktinfo);
        Self {
            socket,
            wildcard,
            buffers: vec![[0; DATAGRAM]; BATCH],
            headers: MultiHeaders::preallocate(BATCH, Some(space)),
            sending: MultiHeaders::preallocate(BATCH, None),
        }
    }
}

impl BatchSocket {
    /// Reads what has come, up to [`BATCH`] datagrams, and leaves their routes and lengths in
    /// `received`; [`Self::datagram`] hands out their bytes.
    ///
    /// # Errors
    /// What the system says; "nothing there" is no error.
    pub fn receive(&mut self, received: &mut Vec<(Route, usize)>) -> io::Result<()> {
        received.clear();
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let fd = self.socket.as_raw_fd();
        let flags = MsgFlags::MSG_DONTWAIT;
        let results = match recvmmsg(fd, &mut self.headers, slices.iter_mut(), flags, None) {
            Ok(results) => results,
            // A refused or unreachable peer is its own affair.
            Err(Errno::EAGAIN | Errno::EINTR | Errno::ECONNREFUSED | Errno::EHOSTUNREACH) => {
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
        for message in results {
            let peer = message.address.as_ref().and_then(socket_addr);
            let local = message.cmsgs().ok().and_then(|mut all| all.find_map(local_address));
            if let Some(peer) = peer {
                received.push((Route { peer, local }, message.bytes));
            } else {
                // Keeps the order of buffers and routes in step.
                let nobody = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
                received.push((Route { peer: nobody, local: None }, 0));
            }
        }
        Ok(())
    }

    /// Copies the bytes of the `index`-th datagram received into `into`.
    pub fn datagram(&self, index: usize, length: usize, into: &mut Vec<u8>) {
        into.clear();
        let bytes = self.buffers.get(index).and_then(|buffer| buffer.get(..length));
        into.extend_from_slice(bytes.unwrap_or_default());
    }

    /// Sends what waits. A datagram that cannot be sent is lost, as datagrams are: who needs it
    /// repeats it.
    pub fn send(&mut self, outbound: &mut Outbound) {
        let mut rest = outbound.waiting();
        while let Some((first, _)) = rest.first() {
            let local = first.local.filter(|_| self.wildcard);
            let run = rest
                .iter()
                .take(BATCH)
                .take_while(|(route, _)| route.local.filter(|_| self.wildcard) == local)
                .count();
            let (batch, after) = rest.split_at(run.max(1));
            let sent = self.send_from(local, batch);
            // What the kernel did not take has no room now; skip it rather than spin.
            rest =
                if sent < batch.len() { rest.get(sent + 1..).unwrap_or_default() } else { after };
        }
        outbound.clear();
    }

    fn send_from(&mut self, local: Option<IpAddr>, batch: &[(Route, Vec<u8>)]) -> usize {
        let slices: Vec<[IoSlice<'_>; 1]> =
            batch.iter().map(|(_, bytes)| [IoSlice::new(bytes)]).collect();
        let peers: Vec<Option<SockaddrStorage>> =
            batch.iter().map(|(route, _)| Some(SockaddrStorage::from(route.peer))).collect();
        let (v4, v6) = (packet_info(local), packet_info6(local));
        let control = match local {
            Some(IpAddr::V4(_)) => vec![ControlMessage::Ipv4PacketInfo(&v4)],
            Some(IpAddr::V6(_)) => vec![ControlMessage::Ipv6PacketInfo(&v6)],
            None => Vec::new(),
        };
        let fd = self.socket.as_raw_fd();
        if control.is_empty() {
            let sent =
                sendmmsg(fd, &mut self.sending, &slices, &peers, control, MsgFlags::MSG_DONTWAIT);
            return sent.map_or(0, Iterator::count);
        }
        let space = nix::cmsg_space!(libc::in6_pktinfo);
        let mut headers = MultiHeaders::preallocate(batch.len(), Some(space));
        let sent = sendmmsg(fd, &mut headers, &slices, &peers, control, MsgFlags::MSG_DONTWAIT);
        sent.map_or(0, Iterator::count)
    }
}

impl AsFd for BatchSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn socket_addr(address: &SockaddrStorage) -> Option<SocketAddr> {
    if let Some(v4) = address.as_sockaddr_in() {
        return Some(SocketAddr::new(IpAddr::V4(v4.ip()), v4.port()));
    }
    address.as_sockaddr_in6().map(|v6| SocketAddr::new(IpAddr::V6(v6.ip()), v6.port()))
}

fn local_address(message: ControlMessageOwned) -> Option<IpAddr> {
    match message {
        ControlMessageOwned::Ipv4PacketInfo(info) => {
            Some(IpAddr::V4(Ipv4Addr::from(u32::from_be(info.ipi_addr.s_addr))))
        }
        ControlMessageOwned::Ipv6PacketInfo(info) => {
            Some(IpAddr::V6(Ipv6Addr::from(info.ipi6_addr.s6_addr)))
        }
        _ => None,
    }
}

fn packet_info(local: Option<IpAddr>) -> libc::in_pktinfo {
    let address = match local {
        Some(IpAddr::V4(address)) => u32::from(address).to_be(),
        _ => 0,
    };
    libc::in_pktinfo {
        ipi_ifindex: 0,
        ipi_spec_dst: libc::in_addr { s_addr: address },
        ipi_addr: libc::in_addr { s_addr: 0 },
    }
}

fn packet_info6(local: Option<IpAddr>) -> libc::in6_pktinfo {
    let address = match local {
        Some(IpAddr::V6(address)) => address.octets(),
        _ => [0; 16],
    };
    libc::in6_pktinfo { ipi6_addr: libc::in6_addr { s6_addr: address }, ipi6_ifindex: 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn receive_all(socket: &mut BatchSocket, want: usize) -> Vec<(Route, Vec<u8>)> {
        let mut all = Vec::new();
        let mut received = Vec::new();
        while all.len() < want {
            let mut fds = [nix::poll::PollFd::new(socket.as_fd(), nix::poll::PollFlags::POLLIN)];
            let ready = nix::poll::poll(&mut fds, nix::poll::PollTimeout::from(5_000u16)).unwrap();
            assert!(ready > 0, "only {} of {want} datagrams came", all.len());
            socket.receive(&mut received).unwrap();
            for (index, (route, length)) in received.iter().enumerate() {
                let mut bytes = Vec::new();
                socket.datagram(index, *length, &mut bytes);
                all.push((*route, bytes));
            }
        }
        all
    }

    #[test]
    fn datagrams_come_in_batches_and_answers_leave_from_the_address_written_to() {
        let bound = Bound::several("0.0.0.0:0".parse().unwrap(), 1).unwrap().remove(0);
        let port = bound.local_addr().unwrap().port();
        let mut cloud = BatchSocket::from(bound);
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        for n in 0..3u8 {
            device.send_to(&[n], ("127.0.0.5", port)).unwrap();
        }
        let received = receive_all(&mut cloud, 3);
        assert_eq!(received[2].1, [2]);
        let mut outbound = Outbound::default();
        for (route, bytes) in received {
            outbound.queue(route, |out| out.extend_from_slice(&bytes));
        }
        cloud.send(&mut outbound);
        let mut buffer = [0; 16];
        for n in 0..3u8 {
            let (length, from) = device.recv_from(&mut buffer).unwrap();
            assert_eq!((&buffer[..length], from.ip().to_string()), (&[n][..], "127.0.0.5".into()));
        }
    }

    #[test]
    fn a_bound_address_needs_no_packet_information() {
        let bound = Bound::several("127.0.0.1:0".parse().unwrap(), 1).unwrap().remove(0);
        let device = UdpSocket::bind("127.0.0.1:0").unwrap();
        device.send_to(b"x", bound.local_addr().unwrap()).unwrap();
        let mut cloud = BatchSocket::from(bound);
        let received = receive_all(&mut cloud, 1);
        let mut outbound = Outbound::default();
        outbound.queue(received[0].0, |out| out.extend_from_slice(b"y"));
        cloud.send(&mut outbound);
        let mut buffer = [0; 16];
        assert_eq!(device.recv_from(&mut buffer).unwrap().0, 1);
    }

    #[test]
    fn several_sockets_share_a_port_that_nobody_else_has() {
        let taken = UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let sockets = Bound::several(taken, 3).unwrap();
        let ports: Vec<_> = sockets.iter().map(|one| one.local_addr().unwrap()).collect();
        assert_eq!(ports, [taken; 3]);
        let again = Bound::several(taken, 3).err().map(|error| error.kind());
        assert_eq!(again, Some(io::ErrorKind::AddrInUse));
    }
}
