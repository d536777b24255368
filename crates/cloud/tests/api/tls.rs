//! The listener: real TLS on loopback, against the authority that `init` makes.

use std::io;
use std::net::SocketAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use pintle_cloud::api::Clock;
use pintle_cloud::api::listener::{self, Rules};
use pintle_cloud::certificate::Held;
use pintle_cloud::clock::now_ms;
use pintle_cloud::config::Config;
use pintle_cloud::guard::{Guard, Limits, Reason};
use pintle_cloud::init::{self, InitOptions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, NamedGroup, RootCertStore, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::{Instant, pause, sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use zeroize::Zeroizing;

use super::harness::Cloud;

fn connector(ca: &std::path::Path) -> TlsConnector {
    speaking(ca, rustls::ALL_VERSIONS, None)
}

/// A client that speaks these versions, and offers that key exchange alone.
fn speaking(
    ca: &std::path::Path,
    versions: &[&'static SupportedProtocolVersion],
    exchange: Option<NamedGroup>,
) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups = rustls::crypto::aws_lc_rs::ALL_KX_GROUPS.to_vec();
    // As browsers offer them.
    provider.kx_groups.sort_by_key(|group| group.name() != NamedGroup::X25519MLKEM768);
    provider.kx_groups.retain(|group| exchange.is_none_or(|exchange| group.name() == exchange));
    let config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// The cloud's API behind its listener, with a certificate of its own.
pub struct Served {
    pub address: SocketAddr,
    pub connector: TlsConnector,
    pub serving: JoinHandle<std::io::Result<()>>,
    pub guard: Guard,
    authority: PathBuf,
}

pub async fn serve(cloud: &Cloud) -> Served {
    serve_within(cloud, Limits::default()).await
}

/// The same with other limits on connections.
async fn serve_within(cloud: &Cloud, limits: Limits) -> Served {
    let folder = cloud.dir.path().join("node");
    let options = InitOptions {
        user: "ada".into(),
        password: Zeroizing::new("correct horse".into()),
        names: Vec::new(),
        contact: None,
        node_key: None,
        now_ms: now_ms(),
    };
    let made = folder.clone();
    tokio::task::spawn_blocking(move || init::create(&made, &options).unwrap()).await.unwrap();
    let held = Held::open(&folder, &Config::default(), now_ms()).unwrap();
    let guard = Guard::new(limits);
    let connections = guard.limits().connections.get();
    let (tls, clock) = (held.server_config().unwrap(), Clock::system());
    let rules = Rules { tls, guard: guard.clone(), clock, connections };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (router, over) = (cloud.router.clone(), cloud.shutdown.subscribe());
    let serving = tokio::spawn(listener::serve(listener, rules, router, over));
    let authority = folder.join("ca.pem");
    Served { address, connector: connector(&authority), serving, guard, authority }
}

impl Served {
    async fn connect(&self) -> TlsStream<TcpStream> {
        self.connect_as(&self.connector).await.unwrap()
    }

    async fn connect_as(&self, connector: &TlsConnector) -> io::Result<TlsStream<TcpStream>> {
        let stream = TcpStream::connect(self.address).await.unwrap();
        connector.connect(ServerName::try_from("localhost").unwrap(), stream).await
    }
}

/// What comes until the other side closes, however it does.
async fn rest(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn p9_the_key_exchange_is_hybrid_where_the_client_can_and_both_versions_of_tls_are_spoken() {
    let cloud = Cloud::new().await;
    let served = serve(&cloud).await;
    let stream = served.connect().await;
    let spoken = stream.get_ref().1;
    let exchange = spoken.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(exchange, NamedGroup::X25519MLKEM768);
    assert_eq!(spoken.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));

    let older = speaking(&served.authority, &[&rustls::version::TLS12], Some(NamedGroup::X25519));
    let stream = served.connect_as(&older).await.unwrap();
    let suite = format!("{:?}", stream.get_ref().1.negotiated_cipher_suite().unwrap().suite());
    assert!(suite.starts_with("TLS_ECDHE_ECDSA_WITH_"), "{suite}");
    served.serving.abort();
}

#[tokio::test]
async fn a_client_that_sends_half_a_head_or_nothing_is_gone_after_ten_seconds() {
    let cloud = Cloud::new().await;
    let served = serve(&cloud).await;
    let (mut half, mut idle, mut silent) = (
        served.connect().await,
        served.connect().await,
        TcpStream::connect(served.address).await.unwrap(),
    );
    half.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ").await.unwrap();
    idle.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    idle.read_exact(&mut [0; 64]).await.unwrap();
    pause();
    let before = Instant::now();
    // One byte now and then does not help.
    for _ in 0..9 {
        sleep(Duration::from_secs(1)).await;
        half.write_all(b"a").await.unwrap();
    }
    assert!(!rest(&mut half).await.contains("200 OK"));
    rest(&mut idle).await;
    rest(&mut silent).await;
    let waited = before.elapsed();
    assert!((9..=12).contains(&waited.as_secs()), "{waited:?}");
    while served.guard.connections() > 0 {
        sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(served.guard.tally().count(Reason::Handshake), 1);
    served.serving.abort();
}

#[tokio::test]
async fn a_head_that_is_too_long_is_refused_in_one_shape_or_not_read() {
    let cloud = Cloud::new().await;
    let served = serve(&cloud).await;
    let ask = async |head: String| {
        let mut stream = served.connect().await;
        stream.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        rest(&mut stream).await
    };
    let long = "a".repeat(9 * 1024);
    let answer = ask(format!("GET /{long} HTTP/1.1\r\nHost: x")).await;
    assert!(answer.starts_with("HTTP/1.1 414") && answer.contains("error_description"), "{answer}");
    let answer = ask(format!("GET / HTTP/1.1\r\nHost: x\r\nA: {long}\r\nB: {long}")).await;
    assert!(answer.starts_with("HTTP/1.1 431") && answer.contains("error_description"), "{answer}");
    let answer = ask(format!("GET / HTTP/1.1\r\nHost: x\r\nA: {}", long.repeat(4))).await;
    assert!(answer.starts_with("HTTP/1.1 431"), "{answer}");
    served.serving.abort();
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_the_next_is_closed_at_once() {
    let cloud = Cloud::new().await;
    let two = NonZeroUsize::new(2).unwrap();
    let served =
        serve_within(&cloud, Limits { connections_an_address: two, ..Limits::default() }).await;
    let (first, _second) = (served.connect().await, served.connect().await);
    assert!(served.connect_as(&served.connector).await.is_err());
    assert_eq!(served.guard.tally().count(Reason::Connections), 1);
    // Another address has its own.
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let stream = socket.connect(served.address).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    served.connector.connect(name, stream).await.unwrap();
    drop(first);
    while served.guard.connections() > 1 {
        tokio::task::yield_now().await;
    }
    served.connect().await;
    served.serving.abort();
}

#[tokio::test]
async fn p9_the_api_answers_over_tls_alone_and_ends_when_the_node_does() {
    let cloud = Cloud::new().await;
    let Served { address, connector, serving, .. } = serve(&cloud).await;

    for name in ["127.0.0.1", "localhost"] {
        let name = ServerName::try_from(name).unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let mut stream = connector.connect(name, stream).await.unwrap();
        stream
            .write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .await
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200") && answer.ends_with("{\"ok\":true}"),
            "{answer}"
        );
    }

    let mut plain = TcpStream::connect(address).await.unwrap();
    plain.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await.unwrap();
    let mut answer = Vec::new();
    // A TLS alert or a closed connection: no HTTP.
    drop(plain.read_to_end(&mut answer).await);
    assert!(!answer.starts_with(b"HTTP"), "{answer:?}");

    cloud.shutdown.send(true).unwrap();
    serving.await.unwrap().unwrap();
    assert!(TcpStream::connect(address).await.is_err());
}
