//! Mosquitto, of the distribution's package, with no more settings than it takes to have 1,000 subscribers.

use super::load::Side;
use super::{DATA, GROUPS, READERS, mqtt};
use crate::cores;
use std::net::{Ipv4Addr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long it may take to listen.
const START: Duration = Duration::from_secs(10);

/// A broker of our own; it ends with this value, and with this process however that ends.
pub struct Broker {
    process: Child,
    port: u16,
    /// Which it is.
    pub version: String,
    _folder: tempfile::TempDir,
}

impl Broker {
    /// Starts it on the server's core.
    pub fn start() -> Self {
        let program = program();
        let help = Command::new(&program).arg("-h").output().expect("mosquitto runs");
        let help = String::from_utf8_lossy(&help.stdout).into_owned();
        let version = help.lines().next().and_then(|line| line.split(' ').nth(2)).unwrap_or("?");
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let port = free_port();
        let settings = format!(
            "listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_dest none\n\
             set_tcp_nodelay true\nuser root\n"
        );
        let file = folder.path().join("mosquitto.conf");
        std::fs::write(&file, settings).expect("a temporary file can be written");
        // The kernel ends it with us.
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL"]).arg(program).arg("-c").arg(file);
        command.stdout(Stdio::null()).stderr(Stdio::null());
        let process = cores::start_server(&mut command).expect("mosquitto starts");
        Self { process, port, version: version.into(), _folder: folder }
    }

    /// Its subscribers and its publisher.
    pub async fn load(&self) -> Side {
        let topics: [String; GROUPS] = std::array::from_fn(|group| format!("bench/{group}"));
        let publications = topics.each_ref().map(|topic| mqtt::publish(topic, &[b'x'; DATA]));
        let publisher = self.connect("publisher").await;
        let side = Side::new(self.process.id(), publisher, publications);
        for topic in &topics {
            for reader in 0..READERS {
                let mut stream = self.connect(&format!("{topic}/{reader}")).await;
                ask(&mut stream, &mqtt::subscribe(topic), mqtt::SUBACK).await;
                side.read(stream, mqtt::Packets::default());
            }
        }
        side
    }

    async fn connect(&self, client: &str) -> TcpStream {
        let (until, address) = (Instant::now() + START, (Ipv4Addr::LOCALHOST, self.port));
        let mut stream = loop {
            match TcpStream::connect(address).await {
                Ok(stream) => break stream,
                Err(error) => assert!(Instant::now() < until, "mosquitto does not listen: {error}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        stream.set_nodelay(true).expect("a socket has this option");
        ask(&mut stream, &mqtt::connect(client), mqtt::CONNACK).await;
        stream
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Sends and waits for so many bytes of answer.
async fn ask(stream: &mut TcpStream, request: &[u8], answer: usize) {
    stream.write_all(request).await.expect("mosquitto listens");
    stream.read_exact(&mut vec![0; answer]).await.expect("mosquitto answers");
}

/// Debian has it where a person's `PATH` may not lead.
fn program() -> PathBuf {
    let usual = PathBuf::from("/usr/sbin/mosquitto");
    if usual.is_file() { usual } else { "mosquitto".into() }
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("there is a free port");
    listener.local_addr().expect("it has an address").port()
}
