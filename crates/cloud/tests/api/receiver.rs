//! A server that webhooks go to: takes requests over plain HTTP on loopback, remembers them, and answers by script.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// One request as it came.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub body: String,
}

impl Received {
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        let named = |line: &'_ str| line.to_lowercase().starts_with(&format!("{name}: "));
        let line = self.head.lines().find(|line| named(line))?;
        line.split_once(": ").map(|(_, value)| value)
    }
}

pub struct Receiver {
    pub address: SocketAddr,
    requests: mpsc::UnboundedReceiver<Received>,
    answers: Arc<Mutex<VecDeque<String>>>,
}

impl Receiver {
    /// Answers 200 and `ok` where nothing else is scripted.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (heard, requests) = mpsc::unbounded_channel();
        let answers = Arc::new(Mutex::new(VecDeque::new()));
        let script = Arc::clone(&answers);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, heard.clone(), Arc::clone(&script)));
            }
        });
        Self { address, requests, answers }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The next answer: the status line's end, further headers each with its line end, and the body.
    pub fn answer(&self, status: &str, headers: &str, body: &str) {
        let length = body.len();
        let text = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
        self.answers.lock().unwrap().push_back(text);
    }

    pub async fn next(&mut self) -> Received {
        self.requests.recv().await.unwrap()
    }

    /// Whether nothing came that was not asked for.
    pub fn is_quiet(&mut self) -> bool {
        self.requests.try_recv().is_err()
    }
}

async fn serve(
    mut stream: TcpStream,
    heard: mpsc::UnboundedSender<Received>,
    answers: Arc<Mutex<VecDeque<String>>>,
) {
    let mut bytes = Vec::new();
    let (head, mut body) = loop {
        if stream.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            break (head.to_owned(), body.to_owned());
        }
    };
    let mut received = Received { head, body: String::new() };
    let length = received.header("content-length").map_or(0, |length| length.parse().unwrap());
    while body.len() < length {
        let mut more = vec![0; length - body.len()];
        stream.read_exact(&mut more).await.unwrap();
        body.push_str(&String::from_utf8(more).unwrap());
    }
    received.body = body;
    let usual = || "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned();
    let answer = answers.lock().unwrap().pop_front().unwrap_or_else(usual);
    heard.send(received).unwrap();
    // Who asked may have gone.
    let _ = stream.write_all(answer.as_bytes()).await;
}
