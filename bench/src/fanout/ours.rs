//! Our side: a node in a process of its own, which is this program again, and its streams over HTTP/1.1.

use super::load::{Count, Side, Stream};
use super::{DATA, GROUPS, READERS};
use crate::node::lift_limits;
use crate::{cores, trust};
use axum::serve::ListenerExt;
use pintle_cloud::account::{Accounts, Grant};
use pintle_cloud::api::{ApiState, router};
use pintle_cloud::clock::now_ms;
use pintle_cloud::device::{Gateway, Roll};
use pintle_cloud::event::Bus;
use pintle_cloud::folder::Folder;
use pintle_cloud::guard::{Guard, Limits};
use pintle_cloud::init::{self, InitOptions};
use pintle_cloud::serve::{Node, ServeOptions};
use rustls::pki_types::ServerName;
use serde::{Deserialize, Serialize};
use std::io::{BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

/// The argument that makes this program a server.
pub const SERVE: &str = "serve-events";
const ANY_PORT: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);
const PASSWORD: &str = "correct horse";

/// How clients reach it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wire {
    /// As every node has it.
    Https,
    /// As no node has it.
    Http,
}

/// What the server's process says when it is ready.
#[derive(Serialize, Deserialize)]
struct Ready {
    address: SocketAddr,
    /// One for each group.
    tokens: Vec<String>,
}

/// The server's process; it ends with this value, and with this process however that ends.
pub struct Cloud {
    process: Child,
    ready: Ready,
    wire: Wire,
    folder: tempfile::TempDir,
}

impl Cloud {
    /// Starts it on the server's core.
    pub fn start(wire: Wire) -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let this = std::env::current_exe().expect("a program knows where it is");
        let mut command = Command::new(this);
        command.arg(SERVE).arg(serde_json::json!(wire).to_string()).arg(folder.path().join("data"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = cores::start_server(&mut command).expect("this program starts again");
        let (mut line, output) = (String::new(), process.stdout.take().expect("it is piped"));
        BufReader::new(output).read_line(&mut line).expect("the server says that it is ready");
        let ready = serde_json::from_str(&line).expect("the server says that it is ready");
        Self { process, ready, wire, folder }
    }

    /// Its streams and its publisher.
    pub async fn load(&self) -> Side {
        match self.wire {
            Wire::Http => self.load_through(async |stream| stream).await,
            Wire::Https => {
                let connector = TlsConnector::from(trust::in_authority(
                    &self.folder.path().join("data/ca.pem"),
                ));
                let name = ServerName::try_from("localhost").expect("a name");
                let secure = async |stream| connector.connect(name.clone(), stream).await;
                self.load_through(async |stream| secure(stream).await.expect("TLS is spoken")).await
            }
        }
    }

    async fn load_through<S: Stream>(&self, wrap: impl AsyncFn(TcpStream) -> S) -> Side {
        let connect = async || {
            let stream = TcpStream::connect(self.ready.address).await.expect("the node listens");
            stream.set_nodelay(true).expect("a socket has this option");
            wrap(stream).await
        };
        let tokens = &self.ready.tokens;
        let publications = std::array::from_fn(|group| publication(&tokens[group]));
        let side = Side::new(self.process.id(), connect().await, publications);
        for token in tokens {
            for _ in 0..READERS {
                side.read(listen(connect().await, token).await, Events);
            }
        }
        side
    }
}

impl Drop for Cloud {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn publication(token: &str) -> Vec<u8> {
    let body = format!("name=bench&data={}", "x".repeat(DATA));
    format!(
        "POST /v1/devices/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// Opens a stream; what comes after its `:ok` is still unread.
async fn listen<S: Stream>(mut stream: S, token: &str) -> S {
    let request = format!(
        "GET /v1/devices/events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await.expect("the node listens");
    let mut head = Vec::new();
    while !head.ends_with(b":ok\n\n\r\n") {
        head.push(stream.read_u8().await.expect("the node opens a stream"));
    }
    stream
}

/// An event has one object of JSON, and nothing else has an opening brace.
struct Events;

impl Count for Events {
    fn count(&mut self, bytes: &[u8]) -> u64 {
        assert!(!bytes.starts_with(b":missed"), "no stream is behind");
        bytes.iter().filter(|byte| **byte == b'{').count() as u64
    }
}

/// What the server's process does: serves until its parent closes the pipe or is gone.
pub fn serve(wire: &str, folder: &Path) {
    let wire = serde_json::from_str(wire).expect("the parent names a wire");
    let options = InitOptions {
        user: "first".into(),
        password: Zeroizing::new(PASSWORD.into()),
        names: Vec::new(),
        contact: None,
        node_key: None,
        now_ms: now_ms(),
    };
    init::create(folder, &options).expect("a data folder can be made");
    lift_limits(folder);
    // As `pintle serve` has it.
    let runtime = tokio::runtime::Runtime::new().expect("the system has room for a reactor");
    runtime.spawn(async { tokio::task::spawn_blocking(end_with_parent).await });
    match wire {
        Wire::Https => runtime.block_on(serve_node(folder)),
        Wire::Http => runtime.block_on(serve_plain(folder)),
    }
}

fn end_with_parent() {
    // Nothing is ever written: this is the pipe's end.
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(0);
}

async fn serve_node(folder: &Path) {
    let any = Some(SocketAddr::from(ANY_PORT));
    let node = Node::start(folder, &ServeOptions { api: any, udp: any, tcp: None }).await;
    let node = node.expect("a new node starts");
    say_ready(node.addresses().api, node.accounts()).await;
    std::future::pending().await
}

async fn serve_plain(folder: &Path) {
    let folder = Folder::open(folder).expect("a new data folder opens");
    let (_stop, stopped) = watch::channel(false);
    let (accounts, gateway) = (folder.accounts(), Gateway::new(Vec::new(), Roll::default()));
    let store = folder.store.clone();
    let (shelf, bus) = (folder.shelf.clone(), Bus::new());
    let state = ApiState::new(store, shelf, gateway, bus, accounts.clone(), stopped);
    let (most, all) = (NonZeroU32::MAX, NonZeroUsize::MAX);
    let limits = Limits {
        requests: most,
        account_requests: most,
        streams_opened: most,
        streams: all,
        ..Limits::default()
    };
    let state = state.with_guard(Guard::new(limits));
    let listener = TcpListener::bind(ANY_PORT).await.expect("there is a free port");
    let address = listener.local_addr().expect("it has an address");
    say_ready(address, &accounts).await;
    let listener = listener.tap_io(|stream| {
        stream.set_nodelay(true).expect("a socket has this option");
    });
    axum::serve(listener, router(state)).await.expect("it serves until the end");
}

async fn say_ready(address: SocketAddr, accounts: &Accounts) {
    let mut tokens = Vec::new();
    for group in 0..GROUPS {
        let (name, people) = (format!("group {group}"), accounts.clone());
        let made = move || people.create_blocking(&name, PASSWORD, now_ms());
        let account = tokio::task::spawn_blocking(made).await.expect("no panic");
        let account = account.expect("an account can be made");
        let grant = Grant::new(account, "group", "bench");
        let issued = accounts.issue(&grant, now_ms()).await;
        tokens.push(issued.expect("a token can be made").token.reveal().to_string());
    }
    println!("{}", serde_json::json!(Ready { address, tokens }));
}
