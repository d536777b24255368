//! Whether there is such a door at all: a node of the whole, and the sockets that its process has.

use super::device::{PATIENCE, connect};
use pintle_cloud::audit::export;
use pintle_cloud::config;
use pintle_cloud::init::{self, CloudKeys, InitOptions, TcpKey};
use pintle_cloud::serve::{Node, ServeOptions};
use pintle_cloud::store::audit::OfflineLog;
use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use tokio::runtime::Runtime;
use zeroize::Zeroizing;

/// The state of a TCP socket that listens, as the system writes it.
const LISTENS: &str = "0A";

/// The addresses over IPv4 that this process listens on over TCP, as the system tells it.
fn listening() -> BTreeSet<SocketAddr> {
    let own: BTreeSet<String> = fs::read_dir("/proc/self/fd")
        .unwrap()
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok())
        .filter_map(|link| {
            let text = link.to_str()?.strip_prefix("socket:[")?;
            Some(text.strip_suffix(']')?.to_owned())
        })
        .collect();
    let table = fs::read_to_string("/proc/self/net/tcp").unwrap();
    let socket = |line: &str| {
        let fields: Vec<_> = line.split_whitespace().collect();
        let (address, port) = fields[1].split_once(':').unwrap();
        let address = Ipv4Addr::from_bits(u32::from_str_radix(address, 16).unwrap().swap_bytes());
        let port = u16::from_str_radix(port, 16).unwrap();
        (fields[3] == LISTENS && own.contains(fields[9])).then_some((address, port).into())
    };
    table.lines().skip(1).filter_map(socket).collect()
}

fn folder(place: &Path, with_key: bool) -> PathBuf {
    let data = place.join("data");
    let options = InitOptions {
        user: "someone".into(),
        password: Zeroizing::new("a password of some length".into()),
        names: Vec::new(),
        contact: None,
        node_key: None,
        now_ms: 0,
    };
    let tcp = with_key.then(|| TcpKey::generate().unwrap());
    init::create_with(&data, &options, CloudKeys { udp: None, tcp }).unwrap();
    data
}

fn anywhere() -> Option<SocketAddr> {
    Some("127.0.0.1:0".parse().unwrap())
}

#[test]
fn the_tcp_service_listens_only_where_the_operator_asks_for_it() {
    let place = tempfile::tempdir().unwrap();
    // Even with a key for it.
    let data = folder(place.path(), true);
    Runtime::new().unwrap().block_on(with_and_without(&data));
}

/// How often the audit log says that the TCP service was opened.
fn openings(data: &Path) -> usize {
    let log = OfflineLog::open(data).unwrap();
    let lines = log.rows(0).map(|row| export::text(&row.unwrap()).unwrap());
    lines.filter(|line| line.contains("\"tcp-service.opened\"")).count()
}

async fn with_and_without(data: &Path) {
    let options = ServeOptions { api: anywhere(), udp: anywhere(), tcp: None };
    let before = listening();

    let node = Node::start(data, &options).await.unwrap();
    assert_eq!(node.addresses().tcp, None);
    let api: BTreeSet<_> = [node.addresses().api].into();
    let opened: BTreeSet<_> = listening().difference(&before).copied().collect();
    assert_eq!(opened, api, "nothing but the API listens over TCP");
    node.stop().await;
    assert_eq!(openings(data), 0);

    let asked = ServeOptions { tcp: anywhere(), ..options.clone() };
    let node = Node::start(data, &asked).await.unwrap();
    let tcp = node.addresses().tcp.unwrap();
    let both: BTreeSet<_> = [node.addresses().api, tcp].into();
    let opened: BTreeSet<_> = listening().difference(&before).copied().collect();
    assert_eq!(opened, both);
    assert_eq!(
        serde_json::to_value(node.addresses()).unwrap()["tcp"],
        serde_json::json!(tcp.to_string()),
        "whoever waits for the node to be ready is told where"
    );
    let greeted = tokio::task::spawn_blocking(move || {
        let mut stream = connect(tcp);
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.read_exact(&mut [0; 40]).is_ok()
    });
    assert!(greeted.await.unwrap());
    assert!(node.heartbeat(PATIENCE).await.is_ok());
    node.stop().await;
    assert_eq!(listening(), before, "it is closed with the node");
    assert_eq!(openings(data), 1, "the audit log says that it was on");

    let file = data.join(config::FILE_NAME);
    fs::write(&file, "[tcp]\nenabled = true\nlisten = \"127.0.0.1:0\"\n").unwrap();
    let node = Node::start(data, &options).await.unwrap();
    assert!(node.addresses().tcp.is_some());
    node.stop().await;
}

#[test]
fn a_node_without_a_key_for_the_tcp_service_says_how_to_make_one() {
    let place = tempfile::tempdir().unwrap();
    let data = folder(place.path(), false);
    let options = ServeOptions { api: anywhere(), udp: anywhere(), tcp: anywhere() };
    let runtime = Runtime::new().unwrap();
    let Err(error) = runtime.block_on(Node::start(&data, &options)) else {
        panic!("it has no key")
    };
    assert!(error.is_usage(), "{error}");
    let text = error.to_string();
    assert!(text.contains("keys/tcp.der") && text.contains("pintle init --tcp"), "{text}");
    // And it starts without.
    runtime.block_on(async {
        let node = Node::start(&data, &ServeOptions { tcp: None, ..options }).await.unwrap();
        node.stop().await;
    });
}
