//! A client of the API: HTTP/1.1 over TLS, one request after the other on one connection.

use crate::node::process::{Folder, OPERATOR, PASSWORD};
use crate::trust;
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How a client finds a node, and trusts it. Cheap to clone.
#[derive(Clone)]
pub struct Way {
    trust: Arc<ClientConfig>,
    api: SocketAddr,
}

/// A connection.
pub struct Client {
    wire: TlsStream<TcpStream>,
    read: Vec<u8>,
}

/// The status and the body.
pub type Answer = (u16, String);

impl Way {
    pub fn new(folder: &Folder, api: SocketAddr) -> Self {
        Self { trust: trust::in_authority(&folder.authority()), api }
    }

    /// Connects; a busy node may take a while.
    pub async fn connect(&self) -> Client {
        let wire = TcpStream::connect(self.api).await.expect("the node listens");
        wire.set_nodelay(true).expect("a socket has this option");
        let name = ServerName::try_from("localhost").expect("a name");
        let wire = TlsConnector::from(Arc::clone(&self.trust)).connect(name, wire).await;
        Client { wire: wire.expect("the node speaks TLS"), read: Vec::new() }
    }

    /// A token of the operator.
    pub async fn login(&self) -> String {
        let (status, body) = self.connect().await.login().await;
        assert_eq!(status, 200, "the operator logs in: {body}");
        let (_, rest) = body.split_once("\"access_token\":\"").expect("there is a token");
        rest.split('"').next().expect("it ends").to_owned()
    }
}

impl Client {
    /// Logs in once more.
    pub async fn login(&mut self) -> Answer {
        let form = format!(
            "grant_type=password&client_id=particle&client_secret=particle&username={OPERATOR}&password={}",
            PASSWORD.replace(' ', "+")
        );
        self.ask("POST /oauth/token", "", &form).await
    }

    /// Asks, and waits for all of the answer.
    pub async fn ask(&mut self, what: &str, token: &str, form: &str) -> Answer {
        self.send(what, token, form).await;
        self.answer().await
    }

    /// Asks only.
    pub async fn send(&mut self, what: &str, token: &str, form: &str) {
        let authorization = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "{what} HTTP/1.1\r\nHost: localhost\r\n{authorization}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.wire.write_all(request.as_bytes()).await.expect("the node listens");
    }

    async fn answer(&mut self) -> Answer {
        loop {
            if let Some((answer, length)) = whole(&self.read) {
                self.read.drain(..length);
                return answer;
            }
            let read = self.wire.read_buf(&mut self.read).await.expect("the node answers");
            assert!(read > 0, "the node answers before it closes");
        }
    }

    /// Reads until these bytes have come, and forgets all up to their end.
    pub async fn until(&mut self, end: &[u8]) {
        loop {
            let found = self.read.windows(end.len()).position(|window| window == end);
            if let Some(at) = found {
                self.read.drain(..at + end.len());
                return;
            }
            let read = self.wire.read_buf(&mut self.read).await.expect("the stream goes on");
            assert!(read > 0, "the stream does not end");
        }
    }
}

/// An answer with a Content-Length, once all of it is there, and how long it is.
fn whole(bytes: &[u8]) -> Option<(Answer, usize)> {
    let head = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let text = std::str::from_utf8(bytes.get(..head)?).expect("a head is text");
    let status = text.get(9..12)?.parse().expect("a status is a number");
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    let length: usize =
        length.expect("the node says how long an answer is").parse().expect("a number");
    let end = head + 4 + length;
    let body = bytes.get(head + 4..end)?;
    Some(((status, String::from_utf8_lossy(body).into_owned()), end))
}

#[cfg(test)]
mod tests {
    use super::whole;

    #[test]
    fn an_answer_is_whole_when_all_of_its_body_is_there() {
        let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP";
        assert_eq!(whole(bytes), Some(((200, "{}".to_owned()), 40)));
        assert_eq!(whole(&bytes[..39]), None);
        assert_eq!(whole(&bytes[..30]), None);
    }
}
