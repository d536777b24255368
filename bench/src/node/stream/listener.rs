//! A client of the API that reads events: over HTTPS and HTTP/1.1, one connection a stream.

use crate::node::process::{Folder, OPERATOR, PASSWORD};
use crate::trust;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// How the names of a fleet's events begin.
const NAMES: &str = "fleet";
/// How long a node may be silent.
const SILENCE: Duration = Duration::from_secs(60);

/// One who may read the operator's events, also after a restart of the node.
pub struct Reader {
    trust: Arc<ClientConfig>,
    token: String,
}

impl Reader {
    /// Logs in.
    pub fn login(folder: &Folder, api: SocketAddr) -> Self {
        let trust = trust::in_authority(&folder.authority());
        let form = format!(
            "grant_type=password&client_id=particle&client_secret=particle&username={OPERATOR}&password={}",
            PASSWORD.replace(' ', "+")
        );
        let mut wire = connect(&trust, api);
        write!(
            wire,
            "POST /oauth/token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        )
        .expect("the node listens");
        let mut answer = String::new();
        // The node may close without a goodbye.
        let _ = wire.read_to_string(&mut answer);
        let token = token(&answer).expect("the operator logs in").to_owned();
        Self { trust, token }
    }

    /// Opens a stream of what the operator's devices publish, without what the node says of them.
    pub fn open(&self, api: SocketAddr) -> Events {
        let mut wire = connect(&self.trust, api);
        write!(
            wire,
            "GET /v1/devices/events/{NAMES} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n\r\n",
            self.token
        )
        .expect("the node listens");
        let mut head = Vec::new();
        while !head.ends_with(b":ok\n\n\r\n") {
            let mut byte = [0];
            wire.read_exact(&mut byte).expect("the node opens a stream");
            head.extend(byte);
        }
        Events { wire }
    }
}

impl Reader {
    /// Uploads a file that a device is to be flashed with; what the node says to it is still to come.
    pub fn upload(&self, api: SocketAddr, device: &str, file: &[u8]) -> Option<Answer> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"firmware.bin\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let length = head.len() + file.len() + tail.len();
        let mut wire = connect(&self.trust, api);
        let request = format!(
            "PUT /v1/devices/{device} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\nContent-Type: multipart/form-data; boundary={BOUNDARY}\r\n\
             Content-Length: {length}\r\n\r\n{head}",
            self.token
        );
        let said = [request.as_bytes(), file, tail.as_bytes()];
        said.iter().try_for_each(|part| wire.write_all(part)).ok()?;
        Some(Answer(wire))
    }

    /// The ids of all devices of fleets that the operator has.
    pub fn devices(&self, api: SocketAddr) -> Vec<String> {
        let mut wire = connect(&self.trust, api);
        write!(
            wire,
            "GET /v1/devices HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
             Authorization: Bearer {}\r\n\r\n",
            self.token
        )
        .expect("the node listens");
        let mut answer = String::new();
        let _ = wire.read_to_string(&mut answer);
        let parts = answer.split("\"id\":\"").skip(1);
        let ids = parts.filter_map(|part| part.get(..24)).filter(|id| id.starts_with(FLEET));
        let mut ids: Vec<String> = ids.map(str::to_owned).collect();
        ids.sort();
        ids.dedup();
        ids
    }
}

/// How the ids of a fleet begin.
const FLEET: &str = "f1ee70";
/// Is in no file of ours.
const BOUNDARY: &str = "pintle-bench-7d1f0c3ae95b";

/// What the node will say: it waits for the device.
pub struct Answer(Wire);

impl Answer {
    /// Whether it began. It may say no while it is busy.
    pub fn is_yes(mut self) -> bool {
        let mut answer = String::new();
        // The node may close without a goodbye.
        let _ = self.0.read_to_string(&mut answer);
        answer.starts_with("HTTP/1.1 200")
    }
}

type Wire = StreamOwned<ClientConnection, TcpStream>;

fn connect(trust: &Arc<ClientConfig>, api: SocketAddr) -> Wire {
    let stream = TcpStream::connect(api).expect("the node listens");
    stream.set_nodelay(true).expect("a socket has this option");
    stream.set_read_timeout(Some(SILENCE)).expect("a socket has this option");
    let name = ServerName::try_from("localhost").expect("a name");
    let tls = ClientConnection::new(Arc::clone(trust), name).expect("a client's state");
    StreamOwned::new(tls, stream)
}

fn token(answer: &str) -> Option<&str> {
    let (_, rest) = answer.split_once("\"access_token\":\"")?;
    Some(rest.split_once('"')?.0)
}

/// An open stream.
pub struct Events {
    wire: Wire,
}

impl Events {
    /// Waits for the next event.
    pub fn next(&mut self) {
        while self.read().expect("an event comes") == 0 {}
    }

    /// Counts all that come from now on, until the node ends.
    pub fn count(mut self) -> Count {
        let counted = Arc::new(AtomicU64::new(0));
        let count = Arc::clone(&counted);
        thread::spawn(move || {
            while let Some(events) = self.read() {
                count.fetch_add(events, Ordering::Relaxed);
            }
        });
        Count { counted }
    }

    /// Events in what comes next: each has one object of JSON, and nothing else has an opening brace.
    fn read(&mut self) -> Option<u64> {
        let mut buffer = [0; 32 * 1024];
        let read = self.wire.read(&mut buffer).ok().filter(|read| *read > 0)?;
        Some(buffer.iter().take(read).filter(|byte| **byte == b'{').count() as u64)
    }
}

/// How many events came.
pub struct Count {
    counted: Arc<AtomicU64>,
}

impl Count {
    /// Waits so long at most for so many; how many there are.
    pub fn reach(&self, events: u64, within: Duration) -> u64 {
        let until = Instant::now() + within;
        loop {
            let counted = self.counted.load(Ordering::Relaxed);
            if counted >= events || Instant::now() > until {
                return counted;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_the_answer_to_a_login() {
        let answer = "HTTP/1.1 200 OK\r\n\r\n{\"token_type\":\"bearer\",\"access_token\":\"abc\",\"expires_in\":1}";
        assert_eq!(token(answer), Some("abc"));
        assert_eq!(token("HTTP/1.1 400 Bad Request\r\n\r\n{\"error\":\"invalid_grant\"}"), None);
    }
}
