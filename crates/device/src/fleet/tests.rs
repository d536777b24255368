//! A fleet against a cloud of the test's own: a thread with a socket, the server's side of a handshake, and an
//! acknowledgement for everything.

mod updates;

use super::engine::Observer;
use super::keys::Keys;
use super::network::Weather;
use super::plan::{Plan, tests::plan};
use super::report::Report;
use super::tally::Progress;
use crate::stop::Stop;
use pintle_dtls::crypto::{AwsLc, Crypto};
use pintle_dtls::server::{Admission, CookieJar, Established, Handshake, PinnedKeys, ServerConfig};
use pintle_dtls::{ConnectionId, Content, PublicKey, Session};
use pintle_protocol::coap::{Kind, Message, MessageId, RequestToken};
use pintle_protocol::describe::DescribeKind;
use pintle_protocol::from_device::{Request, decode};
use pintle_protocol::{from_cloud, reply};
use std::collections::HashMap;
use std::net::{SocketAddr, SocketAddrV4, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// What the cloud heard.
#[derive(Default)]
struct Heard {
    hellos: usize,
    events: Vec<String>,
    describes_answered: usize,
    /// What devices said of their images, in hellos and descriptions.
    images: updates::Images,
}

/// What the cloud does to a device when its first event comes.
#[derive(Clone, Copy, PartialEq)]
enum Whim {
    None,
    Close,
    ForgetSession,
    AskWhatItRuns,
}

struct Everyone;

impl PinnedKeys for Everyone {
    fn admits(&mut self, _key: &PublicKey) -> bool {
        true
    }
}

enum Peer {
    Shaking(Box<Handshake<AwsLc>>),
    In(Box<Session>),
}

/// A cloud that ends when it is told to.
struct Cloud {
    socket: UdpSocket,
    config: Arc<ServerConfig<AwsLc>>,
    cookies: CookieJar,
    peers: HashMap<ConnectionId, (SocketAddr, Peer)>,
    started: Instant,
    whim: Whim,
    heard: Heard,
    made: u64,
    updates: updates::Updates,
}

struct RunningCloud {
    address: SocketAddrV4,
    key: PublicKey,
    ended: Arc<AtomicBool>,
    thread: JoinHandle<Heard>,
}

impl RunningCloud {
    fn start(whim: Whim, updates: updates::Updates) -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        let Ok(SocketAddr::V4(address)) = socket.local_addr() else { panic!("an IPv4 address") };
        // Any key will do: the first device's of another fleet.
        let key = AwsLc.signing_key_from_der(&Keys::new(99).private(0)).unwrap();
        let public = AwsLc.public_key(&key);
        let config = Arc::new(ServerConfig::new(AwsLc, key));
        let cookies = CookieJar::new([1; 32]);
        let (peers, heard) = (HashMap::new(), Heard::default());
        let cloud = Cloud {
            socket,
            config,
            cookies,
            peers,
            started: Instant::now(),
            whim,
            heard,
            made: 0,
            updates,
        };
        let ended = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ended);
        let thread = std::thread::spawn(move || cloud.run(&end));
        Self { address, key: public, ended, thread }
    }

    fn end(self) -> Heard {
        self.ended.store(true, Ordering::Release);
        self.thread.join().unwrap()
    }
}

impl Cloud {
    fn run(mut self, ended: &AtomicBool) -> Heard {
        let mut buffer = [0; 2048];
        while !ended.load(Ordering::Acquire) {
            if let Ok((length, from)) = self.socket.recv_from(&mut buffer) {
                self.datagram(from, &mut buffer[..length]);
            }
            for (id, message) in self.updates.due(self.started.elapsed()) {
                self.send(id, &message);
            }
        }
        self.heard
    }

    fn datagram(&mut self, from: SocketAddr, datagram: &mut [u8]) {
        let source = from.to_string().into_bytes();
        match self.cookies.admit(&source, datagram) {
            Admission::Challenge(challenge) => {
                self.socket.send_to(challenge.as_bytes(), from).unwrap();
            }
            // A hello that comes again does not disturb the handshake that it began.
            Admission::Proven(_) if self.shaking_at(from).is_some() => {}
            Admission::Proven(hello) => {
                self.made += 1;
                let id = ConnectionId::new(self.made.to_be_bytes());
                let now = self.started.elapsed();
                let handshake =
                    Handshake::accept(Arc::clone(&self.config), hello, id, now).unwrap();
                self.peers.insert(id, (from, Peer::Shaking(Box::new(handshake))));
                self.pump(id);
            }
            Admission::Dropped(_) => {}
            Admission::NotAClientHello => {
                let named = pintle_dtls::connection_id_of(datagram);
                if let Some(id) = named.or_else(|| self.shaking_at(from)) {
                    self.record(id, from, datagram);
                }
            }
        }
    }

    fn shaking_at(&self, from: SocketAddr) -> Option<ConnectionId> {
        let shaking = |peer: &Peer| matches!(peer, Peer::Shaking(_));
        let found = self.peers.iter().find(|(_, (at, peer))| *at == from && shaking(peer));
        found.map(|(id, _)| *id)
    }

    fn record(&mut self, id: ConnectionId, from: SocketAddr, datagram: &mut [u8]) {
        let now = self.started.elapsed();
        let Some((at, peer)) = self.peers.get_mut(&id) else { return };
        *at = from;
        match peer {
            Peer::Shaking(handshake) => {
                // One that a replayed hello began comes to nothing.
                match handshake.handle_datagram(now, datagram, &mut Everyone) {
                    Ok(()) => self.pump(id),
                    Err(_) => drop(self.peers.remove(&id)),
                }
            }
            Peer::In(session) => {
                let Ok(opened) = session.open(datagram) else { return };
                if let Content::Application(message) = opened.content {
                    let message = message.to_vec();
                    self.message(id, &message);
                }
            }
        }
    }

    fn pump(&mut self, id: ConnectionId) {
        let Some((at, Peer::Shaking(mut handshake))) = self.peers.remove(&id) else { return };
        while let Some(datagram) = handshake.poll_transmit() {
            self.socket.send_to(&datagram, at).unwrap();
        }
        let peer = match handshake.is_complete() {
            false => Peer::Shaking(handshake),
            true => {
                let Some(Established { session, .. }) = handshake.finish() else { return };
                Peer::In(Box::new(session))
            }
        };
        self.peers.insert(id, (at, peer));
    }

    fn message(&mut self, id: ConnectionId, bytes: &[u8]) {
        let message = Message::parse(bytes).unwrap();
        let mut answers = Vec::new();
        if message.kind == Kind::Confirmable {
            let mut answer = Vec::new();
            reply::ack_empty(&mut answer, message.id);
            answers.push(answer);
        }
        let mut close = false;
        let now = self.started.elapsed();
        answers.extend(self.updates.heard(now, id, &message));
        self.heard.images.hear(&message);
        match decode(&message).unwrap() {
            Request::Hello(_) => self.heard.hellos += 1,
            Request::Event(event) if event.name == super::speech::EVENT => {
                answers.extend(self.updates.begin(id));
                self.heard.events.push(String::from_utf8(event.data.to_vec()).unwrap());
                let whim = std::mem::replace(&mut self.whim, Whim::None);
                close = whim == Whim::Close;
                let (question, token) = (MessageId(7), RequestToken(7));
                let mut more = Vec::new();
                match whim {
                    Whim::None | Whim::Close => {}
                    Whim::ForgetSession => {
                        from_cloud::forget_session(&mut more, question, token).unwrap();
                    }
                    Whim::AskWhatItRuns => {
                        let kind = DescribeKind::Application;
                        from_cloud::describe(&mut more, question, token, kind, None).unwrap();
                    }
                }
                answers.extend((!more.is_empty()).then_some(more));
            }
            Request::Unknown
                if message.code.is_response()
                    && message.payload() == br#"{"f":["length"],"v":{}}"# =>
            {
                self.heard.describes_answered += 1;
            }
            _ => {}
        }
        answers.iter().for_each(|answer| self.send(id, answer));
        if close && let Some((at, Peer::In(session))) = self.peers.get_mut(&id) {
            let mut record = Vec::new();
            session.close(&mut record).unwrap();
            self.socket.send_to(&record, *at).unwrap();
        }
    }

    fn send(&mut self, id: ConnectionId, message: &[u8]) {
        let Some((at, Peer::In(session))) = self.peers.get_mut(&id) else { return };
        let mut record = Vec::new();
        session.seal(message, &mut record).unwrap();
        self.socket.send_to(&record, *at).unwrap();
    }
}

/// Notes what was acknowledged.
#[derive(Default)]
struct Notes(Vec<String>);

impl Observer for Notes {
    fn progress(&mut self, _progress: &Progress) {}

    fn acknowledged(&mut self, device: u32, count: u32) {
        self.0.push(format!("{device} {count}"));
    }
}

/// Runs a fleet of three for half a second: about 60 events.
fn run(whim: Whim, change: impl FnOnce(&mut Plan)) -> (Report, Vec<String>, Heard) {
    run_with(whim, updates::Updates::default(), change)
}

fn run_with(
    whim: Whim,
    updates: updates::Updates,
    change: impl FnOnce(&mut Plan),
) -> (Report, Vec<String>, Heard) {
    let cloud = RunningCloud::start(whim, updates);
    let mut plan = plan(cloud.address, cloud.key);
    (plan.duration, plan.rate) = (Duration::from_millis(500), 120.0);
    change(&mut plan);
    assert_eq!(plan.check(), Ok(()));
    let mut notes = Notes::default();
    let report = super::run(&plan, cloud.key, &Stop::new().unwrap(), &mut notes).unwrap();
    (report, notes.0, cloud.end())
}

#[test]
fn every_device_comes_in_publishes_and_is_heard_once() {
    let (report, mut acknowledged, mut heard) = run(Whim::None, |_| {});
    assert_eq!((report.connected_at_end, report.devices_lost, heard.hellos), (3, 0, 3));
    assert!(report.events.sent > 0, "{report:?}");
    acknowledged.sort();
    heard.events.sort();
    assert_eq!(acknowledged, heard.events);
    assert_eq!(report.event_latency.count, report.events.acknowledged);
}

#[test]
fn a_device_whose_session_the_cloud_ends_shakes_hands_again() {
    for whim in [Whim::Close, Whim::ForgetSession] {
        let (report, _, heard) = run(whim, |_| {});
        assert_eq!((report.sessions.lost, report.sessions.ended_by_node), (1, 1));
        assert_eq!((report.connected_at_end, heard.hellos), (3, 4));
    }
}

#[test]
fn a_device_says_what_it_runs_when_it_is_asked() {
    let (report, _, heard) = run(Whim::AskWhatItRuns, |_| {});
    assert_eq!((heard.describes_answered, report.sessions.lost), (1, 0));
}

#[test]
fn devices_that_forget_their_session_come_back_with_a_new_one() {
    let (report, _, heard) = run(Whim::None, |plan| plan.churn = 6000.0);
    assert!(report.sessions.forgotten > 0 && report.connected_at_end == 3, "{report:?}");
    assert_eq!(heard.hellos as u64, report.sessions.done);
}

#[test]
fn devices_that_change_their_port_go_on_in_their_session() {
    let (report, _, heard) = run(Whim::None, |plan| {
        plan.nat_rebind = Some(Duration::from_secs(1));
        plan.duration = Duration::from_millis(1500);
    });
    assert!(report.sessions.rebound >= 3, "{report:?}");
    assert_eq!((report.sessions.lost, heard.hellos), (0, 3));
}

#[test]
fn a_bad_network_is_overcome() {
    let (report, acknowledged, heard) = run(Whim::None, |plan| {
        plan.weather =
            Weather { duplicate: 30.0, reorder: 30.0, replay: 30.0, ..Weather::default() };
    });
    assert_eq!(report.connected_at_end, 3);
    assert!(acknowledged.iter().all(|event| heard.events.contains(event)));
    assert!(report.traffic.duplicated > 0 && report.traffic.replayed > 0);
}

#[test]
fn lean_handshakes_are_handshakes() {
    let (report, _, heard) = run(Whim::None, |plan| {
        (plan.lean, plan.devices, plan.publishers) = (true, 40, 40);
    });
    assert_eq!((report.connected_at_end, heard.hellos), (40, 40));
}
