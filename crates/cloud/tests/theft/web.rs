//! A person with a browser: HTTPS from an address of its own.

use super::planted::ADDRESS;
use pintle_cloud::init::InitSummary;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;
use tokio_rustls::TlsConnector;

/// Where the API is, and whom to trust.
pub struct Web {
    api: SocketAddr,
    connector: TlsConnector,
}

/// An answer: its status, and its body.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Web {
    pub fn of(api: SocketAddr, summary: &InitSummary) -> Self {
        Self { api, connector: connector(&summary.ca) }
    }

    pub async fn get(&self, path: &str, token: &str) -> Answer {
        let head = format!("GET {path} HTTP/1.1\r\nAuthorization: Bearer {token}\r\n");
        self.ask(head, b"").await
    }

    /// Logs in; the token where that works.
    pub async fn log_in(&self, name: &str, password: &str) -> Option<String> {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("grant_type", "password").append_pair("client_id", "particle");
        form.append_pair("client_secret", "particle");
        let form = form.append_pair("username", name).append_pair("password", password).finish();
        let head =
            "POST /oauth/token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded\r\n";
        let answer = self.ask(head.to_owned(), form.as_bytes()).await;
        let body: serde_json::Value = serde_json::from_slice(&answer.body).ok()?;
        let token = body.get("access_token")?.as_str()?;
        (answer.status == 200).then(|| token.to_owned())
    }

    async fn ask(&self, head: String, body: &[u8]) -> Answer {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(SocketAddr::new(ADDRESS.parse().unwrap(), 0)).unwrap();
        let stream = socket.connect(self.api).await.unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = self.connector.connect(name, stream).await.unwrap();
        let length = body.len();
        let head = format!(
            "{head}Host: localhost\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(&[head.as_bytes(), body].concat()).await.unwrap();
        let mut bytes = Vec::new();
        // However the connection is ended, what came before counts.
        let _ = stream.read_to_end(&mut bytes).await;
        let end =
            bytes.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
        let status = std::str::from_utf8(&bytes[9..12]).unwrap().parse().unwrap();
        Answer { status, body: bytes[end + 4..].to_vec() }
    }
}

fn connector(ca: &Path) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}
