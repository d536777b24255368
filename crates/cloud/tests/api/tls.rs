//! The listener: real TLS on loopback, against the authority that `init` makes.

use std::net::SocketAddr;
use std::sync::Arc;

use pintle_cloud::api::listener;
use pintle_cloud::certificate;
use pintle_cloud::clock::now_ms;
use pintle_cloud::config::Config;
use pintle_cloud::init::{self, InitOptions};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use super::harness::Cloud;

fn connector(ca: &std::path::Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

/// The cloud's API behind its listener, with a certificate of its own.
pub struct Served {
    pub address: SocketAddr,
    pub connector: TlsConnector,
    pub serving: JoinHandle<std::io::Result<()>>,
}

pub async fn serve(cloud: &Cloud) -> Served {
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
    let tls = certificate::server_config(&folder, &Config::default(), now_ms()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (router, over) = (cloud.router.clone(), cloud.shutdown.subscribe());
    let serving =
        tokio::spawn(listener::serve(listener, tls, router, listener::MAX_CONNECTIONS, over));
    Served { address, connector: connector(&folder.join("ca.pem")), serving }
}

#[tokio::test]
async fn p9_the_api_answers_over_tls_alone_and_ends_when_the_node_does() {
    let cloud = Cloud::new().await;
    let Served { address, connector, serving } = serve(&cloud).await;

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
