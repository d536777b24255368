//! What a UDP socket costs without anything behind it: datagrams that go back as they came, in batches.

use crate::cores;
use crate::sample::Samples;
use nix::sys::socket::{
    ControlMessage, MsgFlags, MultiHeaders, SockaddrIn, recvmmsg, sendmmsg, setsockopt, sockopt,
};
use std::io::{BufRead, BufReader, IoSlice, IoSliceMut, Read};
use std::net::{Ipv4Addr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The argument that makes this program the echo.
pub const ECHO: &str = "echo";
/// Datagrams moved by one system call at most.
const BATCH: usize = 64;
/// Datagrams under way at a time.
const UNDER_WAY: usize = 8 * BATCH;
/// How long one sample takes.
const SAMPLE: Duration = Duration::from_secs(1);
/// How long the answers of a batch are waited for: a datagram may be lost.
const PATIENCE: Duration = Duration::from_millis(100);
const LARGEST: usize = 2048;

/// Nanoseconds of the echo's process for each datagram of so many bytes, `rounds` times.
pub fn measure(rounds: usize, size: usize) -> Samples {
    let echo = Echo::start();
    let mut wire = Wire::new(Some(echo.address));
    (0..=rounds).map(|_| echo.sample(&mut wire, size)).skip(1).collect()
}

/// The echo's process; it ends with this value, and with this process however that ends.
struct Echo {
    process: Child,
    address: SocketAddrV4,
}

impl Echo {
    fn start() -> Self {
        let this = std::env::current_exe().expect("a program knows where it is");
        let mut command = Command::new(this);
        command.arg(ECHO).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = cores::start_server(&mut command).expect("this program starts again");
        let (mut line, output) = (String::new(), process.stdout.take().expect("it is piped"));
        BufReader::new(output).read_line(&mut line).expect("the echo says where it is");
        let port = line.trim().parse().expect("the echo says its port");
        Self { process, address: SocketAddrV4::new(Ipv4Addr::LOCALHOST, port) }
    }

    fn sample(&self, wire: &mut Wire, size: usize) -> f64 {
        let (began, before) = (Instant::now(), cores::spent_by(self.process.id()));
        let (mut echoed, mut under_way) = (0, 0);
        while began.elapsed() < SAMPLE {
            while under_way < UNDER_WAY {
                wire.lengths = vec![size; BATCH];
                let sent = wire.send(BATCH);
                assert!(sent > 0, "the loopback takes datagrams");
                under_way += sent;
            }
            // What does not come back was lost.
            let back = wire.receive();
            under_way = if back == 0 { 0 } else { under_way - back.min(under_way) };
            echoed += back;
        }
        let spent = cores::spent_by(self.process.id()) - before;
        spent.as_secs_f64() * 1e9 / echoed as f64
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What the echo's process does: says its port, and echoes until its parent is gone.
pub fn serve() {
    std::thread::spawn(|| {
        // Nothing is ever written: this is the pipe's end.
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(0);
    });
    let mut wire = Wire::new(None);
    println!("{}", wire.socket.local_addr().expect("it has an address").port());
    loop {
        let came = wire.receive();
        wire.send(came);
    }
}

/// A socket with a batch's buffers.
struct Wire {
    socket: UdpSocket,
    /// One set each way: a send leaves its peers' addresses in them.
    incoming: MultiHeaders<SockaddrIn>,
    outgoing: MultiHeaders<SockaddrIn>,
    buffers: Vec<[u8; LARGEST]>,
    lengths: Vec<usize>,
    peers: Vec<Option<SockaddrIn>>,
}

impl Wire {
    /// Towards `peer`; without one, towards whoever sent last.
    fn new(peer: Option<SocketAddrV4>) -> Self {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
        let patience = peer.map(|_| PATIENCE);
        socket.set_read_timeout(patience).expect("a socket has this option");
        setsockopt(&socket, sockopt::RcvBuf, &(1 << 20)).expect("a socket has this option");
        Self {
            socket,
            incoming: MultiHeaders::preallocate(BATCH, None),
            outgoing: MultiHeaders::preallocate(BATCH, None),
            buffers: vec![[0; LARGEST]; BATCH],
            lengths: vec![0; BATCH],
            peers: vec![peer.map(SockaddrIn::from); BATCH],
        }
    }

    /// Waits for the first datagram of a batch; how many came.
    fn receive(&mut self) -> usize {
        let mut slices: Vec<[IoSliceMut<'_>; 1]> =
            self.buffers.iter_mut().map(|buffer| [IoSliceMut::new(buffer)]).collect();
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_WAITFORONE);
        let Ok(came) = recvmmsg(fd, &mut self.incoming, slices.iter_mut(), flags, None) else {
            return 0;
        };
        let places = self.lengths.iter_mut().zip(&mut self.peers);
        let mut count = 0;
        for (datagram, (length, peer)) in came.zip(places) {
            *length = datagram.bytes;
            *peer = datagram.address.or(*peer);
            count += 1;
        }
        count
    }

    /// Sends the first of the buffers; how many.
    fn send(&mut self, count: usize) -> usize {
        let datagrams = self.buffers.iter().zip(&self.lengths).take(count);
        let slices: Vec<[IoSlice<'_>; 1]> =
            datagrams.map(|(buffer, length)| [IoSlice::new(&buffer[..*length])]).collect();
        let none: [ControlMessage<'_>; 0] = [];
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::empty());
        let peers = &self.peers[..count];
        let sent = sendmmsg(fd, &mut self.outgoing, &slices, peers, none, flags);
        sent.map_or(0, Iterator::count)
    }
}
