//! Whole agents over loopback sockets, against the tests' cloud.

mod canary;
mod falling_back;
mod flashing;
pub(crate) mod needle;
mod programs;
mod updates;

use crate::life::tests::cloud::Cloud;
use crate::{
    Agent, AgentHandle, CreateOptions, Folder, Notice, RunOptions, Service, Value, VariableType,
    VirtualBoard,
};
use pintle_protocol::coap::RequestToken;
use pintle_protocol::from_cloud;
use std::io::Write;
use std::net::{SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A cloud on a socket, driven by the test's own thread.
struct Door {
    cloud: Cloud,
    socket: UdpSocket,
    device: Option<SocketAddr>,
    started: Instant,
}

impl Door {
    fn open() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        Self { cloud: Cloud::new(), socket, device: None, started: Instant::now() }
    }

    /// Serves until a line was heard that begins like this.
    fn serve_until(&mut self, line: &str) -> String {
        loop {
            if let Some(found) = self.cloud.heard.iter().position(|heard| heard.starts_with(line)) {
                return self.cloud.heard.drain(..=found).next_back().unwrap();
            }
            self.turn();
        }
    }

    fn turn(&mut self) {
        let mut buffer = [0; 2048];
        let (length, from) = self.socket.recv_from(&mut buffer).expect("nothing came");
        self.device = Some(from);
        for reply in self.cloud.take(self.started.elapsed(), &mut buffer[..length]) {
            self.socket.send_to(&reply, from).unwrap();
        }
    }

    fn send(&mut self, datagram: &[u8]) {
        self.socket.send_to(datagram, self.device.unwrap()).unwrap();
    }

    fn folder(&self, dir: &Path) -> Folder {
        let cloud = self.socket.local_addr().unwrap().to_string();
        Folder::create(CreateOptions {
            dir: dir.join("d"),
            id: None,
            service: Service::Udp { cloud_key: self.cloud.public_key() },
            cloud,
        })
        .unwrap()
    }
}

fn spawn(folder: Folder, options: RunOptions) -> (AgentHandle, Receiver<Notice>) {
    let (sender, notices) = channel();
    let on_notice = Box::new(move |notice| drop(sender.send(notice)));
    (Agent::spawn(folder, RunOptions { on_notice: Some(on_notice), ..options }).unwrap(), notices)
}

fn wait_for(notices: &Receiver<Notice>, wanted: impl Fn(&Notice) -> bool) -> Notice {
    loop {
        let notice = notices.recv_timeout(PATIENCE).unwrap();
        if wanted(&notice) {
            return notice;
        }
    }
}

/// Ends an agent while its cloud goes on answering.
fn stop(agent: AgentHandle, door: &mut Door) {
    agent.stopper().stop();
    door.serve_until("goodbye");
    agent.stop().unwrap();
}

#[test]
fn an_agent_connects_calls_reads_publishes_and_resumes_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let folder = door.folder(dir.path());
    let home = folder.dir().to_path_buf();
    let board = || {
        let board = VirtualBoard::new()
            .function("length", |argument| argument.len() as i32)
            .variable("temp", VariableType::Double, || Value::Double(1.0));
        RunOptions { board: Some(Arc::new(board)), ..RunOptions::default() }
    };
    let (agent, notices) = spawn(folder, board());
    door.serve_until("subscribe spark");
    wait_for(&notices, |notice| matches!(notice, Notice::Connected { resumed: false }));
    assert!(!home.join("session.bin").exists());

    let ask = door
        .cloud
        .ask(|out, id| from_cloud::call(out, id, RequestToken(1), "length", b"four").unwrap());
    door.send(&ask);
    assert_eq!(door.serve_until("2.04"), "2.04 [00, 00, 00, 04]");
    let ask = door.cloud.ask(|out, id| from_cloud::read(out, id, RequestToken(2), "temp").unwrap());
    door.send(&ask);
    assert_eq!(door.serve_until("2.05"), "2.05 [00, 00, 00, 00, 00, 00, f0, 3f]");
    agent.publish("temperature", b"21").unwrap();
    assert_eq!(door.serve_until("event temp"), "event temperature=21");
    assert!(agent.publish("", b"").is_err());
    let port = agent.local_addr().unwrap().port();
    stop(agent, &mut door);
    assert!(home.join("session.bin").exists());

    let (agent, notices) = spawn(Folder::open(&home).unwrap(), board());
    door.serve_until("event particle/device/updates/forced");
    wait_for(&notices, |notice| matches!(notice, Notice::Connected { resumed: true }));
    assert_eq!(door.cloud.handshakes, 1);
    assert_ne!(agent.local_addr().unwrap().port(), port);
    stop(agent, &mut door);
}

#[test]
fn p3_p4_a_session_is_never_loaded_twice() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let folder = door.folder(dir.path());
    let home = folder.dir().to_path_buf();
    let (agent, _notices) = spawn(folder, RunOptions::default());
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
    let folder = Folder::open(&home).unwrap();
    assert!(folder.take_session().unwrap().is_some());
    // As after a crash: whoever took it did not put it back.
    assert!(folder.take_session().unwrap().is_none());
    let (agent, _notices) = spawn(folder, RunOptions::default());
    door.serve_until("hello");
    assert_eq!(door.cloud.handshakes, 2);
    door.serve_until("subscribe spark");
    stop(agent, &mut door);
}

#[test]
fn a_configured_agent_runs_programs_and_publishes_lines_of_its_socket() {
    let dir = tempfile::tempdir().unwrap();
    let mut door = Door::open();
    let home = door.folder(dir.path()).dir().to_path_buf();
    let text = std::fs::read_to_string(home.join("device.toml")).unwrap();
    let text = text
        .replace("[functions]", "[functions]\nmake = [\"touch\", \"--\"]")
        .replace("# socket =", "socket =");
    std::fs::write(home.join("device.toml"), text).unwrap();
    let (agent, notices) = spawn(Folder::open(&home).unwrap(), RunOptions::default());
    let mut client = std::os::unix::net::UnixStream::connect(home.join("events.sock")).unwrap();
    client.write_all(b"door open\n").unwrap();
    assert_eq!(door.serve_until("event door"), "event door=open");

    let argument = b"; rm -rf $HOME";
    let ask = door
        .cloud
        .ask(|out, id| from_cloud::call(out, id, RequestToken(1), "make", argument).unwrap());
    door.send(&ask);
    assert_eq!(door.serve_until("2.04"), "2.04 [00, 00, 00, 00]");
    assert!(home.join("; rm -rf $HOME").exists());
    wait_for(&notices, |notice| matches!(notice, Notice::Called { result: Ok(0), .. }));
    stop(agent, &mut door);
    assert!(!home.join("events.sock").exists());
}
