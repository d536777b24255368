//! A node of the TCP service that is killed: devices come back with new sessions, and nothing of the old ones counts.

use crate::api::wait_for_event;
use crate::cloud::Cloud;
use crate::device::{Device, FUNCTION, GENERATIONS};
use crate::running::{PATIENCE, Running};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};

const NONCE: usize = 40;
const BLOCK: usize = 256;

/// One connection of a device through the relay.
struct Recorded {
    /// What the device sent.
    sent: Arc<Mutex<Vec<u8>>>,
    to_cloud: TcpStream,
}

/// Passes the connections of one device on to the cloud, and keeps what the device sends.
struct Relay {
    address: SocketAddr,
    connections: Receiver<Recorded>,
}

impl Relay {
    fn to(cloud: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("an address");
        let (sender, connections) = channel();
        std::thread::spawn(move || {
            for device in listener.incoming().map_while(Result::ok) {
                // While the node is down a device finds nobody.
                let Ok(to_cloud) = TcpStream::connect(cloud) else { continue };
                let sent = Arc::default();
                pass(clone(&to_cloud), clone(&device), Arc::default());
                pass(device, clone(&to_cloud), Arc::clone(&sent));
                if sender.send(Recorded { sent, to_cloud }).is_err() {
                    return;
                }
            }
        });
        Self { address, connections }
    }

    /// The connection that the device made next.
    fn next(&self) -> Recorded {
        self.connections.recv_timeout(PATIENCE).expect("the device connects")
    }

    /// The connection that the device made last.
    fn last(&self) -> Recorded {
        let next = self.next();
        self.connections.try_iter().last().unwrap_or(next)
    }
}

impl Recorded {
    fn sent(&self) -> Vec<u8> {
        self.sent.lock().expect("not poisoned").clone()
    }
}

fn clone(stream: &TcpStream) -> TcpStream {
    stream.try_clone().expect("a stream can be cloned")
}

fn pass(mut from: TcpStream, mut to: TcpStream, kept: Arc<Mutex<Vec<u8>>>) {
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            kept.lock().expect("not poisoned").extend_from_slice(&buffer[..length]);
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Both);
        let _ = from.shutdown(Shutdown::Both);
    });
}

/// Says all of an old conversation in a new connection; what the cloud answers to it.
fn replay(cloud: SocketAddr, recorded: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(cloud).expect("the node listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let mut nonce = [0; NONCE];
    stream.read_exact(&mut nonce).expect("the nonce");
    let mut answer = Vec::new();
    // The node may close it while this is said, and then there is nothing to read, either.
    let _ = stream.write_all(recorded).and_then(|()| stream.read_to_end(&mut answer));
    answer
}

/// A device of each generation, its relay and the recorded connection before the node was killed.
struct Old {
    device: Device,
    running: Running,
    relay: Relay,
    before: Recorded,
}

#[test]
fn p3_after_a_kill_devices_shake_hands_and_nothing_of_an_old_tcp_session_counts() {
    let mut cloud = Cloud::start_with_tcp();
    let api = cloud.log_in();
    let mut all: Vec<Old> = GENERATIONS
        .into_iter()
        .enumerate()
        .map(|(number, generation)| {
            let relay = Relay::to(cloud.tcp());
            let id = format!("0b1e0000000000000000b7{number:02x}");
            let device = Device::over_tcp(&cloud, &id, generation, relay.address);
            cloud.pin(&id, &device.public_key());
            let running = device.run();
            let before = relay.next();
            Old { device, running, relay, before }
        })
        .collect();
    let events = api.events("/v1/devices/events");
    for old in &mut all {
        cloud.wait_for_device(&api, old.device.id(), FUNCTION);
        old.running.write(b"recorded once\n");
        wait_for_event(&events, "once");
    }
    cloud.kill();
    cloud.start_again();
    let api = cloud.log_in();
    let events = api.events("/v1/devices/events");
    all.iter().for_each(|old| cloud.wait_for_device(&api, old.device.id(), FUNCTION));
    let node = cloud.tcp();
    std::thread::scope(|scope| {
        for old in &all {
            let recorded = old.before.sent();
            assert!(recorded.len() > BLOCK, "a conversation was recorded");
            // In a connection of its own the old block has an old nonce in it.
            scope.spawn(move || {
                assert!(replay(node, &recorded).is_empty(), "the node answered an old block");
            });
        }
    });
    for old in &mut all {
        let after = old.relay.last();
        let recorded = old.before.sent();
        // In the new session the old frames are noise: it ends, and the device comes back.
        let mut to_cloud = clone(&after.to_cloud);
        to_cloud.write_all(&recorded[BLOCK..]).expect("the session is there");
        old.relay.next();
        old.running.write(format!("marker {}\n", old.device.id()).as_bytes());
    }
    for old in &all {
        loop {
            let line = wait_for_event(&events, ":");
            assert!(!line.contains("recorded") && !line.contains("once"), "replayed: {line}");
            if line.contains(old.device.id()) && line.contains("data") {
                break;
            }
        }
    }
}
