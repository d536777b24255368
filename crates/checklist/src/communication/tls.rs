//! TLS as a scanner finds it: which versions, suites and groups a server takes, one first message a connection.
//!
//! No handshake is ever finished, no key is made, and nothing is sent but first messages.

use super::answer::{self, Answer, ServerHello};
use super::hello::{
    self, EXTENDED_MASTER_SECRET, HEARTBEAT, Hello, RENEGOTIATION_INFO, RENEGOTIATION_SCSV, SSL_3,
    TLS_1_0, TLS_1_1, TLS_1_2, TLS_1_3,
};
use super::suite::{self, GROUPS, MODERN};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// No answer is longer that is read, in bytes.
const LONGEST: usize = 64 << 10;
/// So many suites of a version are looked for at most.
const MOST_SUITES: usize = 80;

/// What a server takes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tls {
    /// Each version that it takes, with the numbers of its suites.
    pub versions: BTreeMap<Version, Vec<u16>>,
    /// The groups that it takes, by name.
    pub groups: Vec<String>,
    /// Whether it compresses.
    pub compresses: bool,
    /// Whether renegotiation is bound to the session, in versions that have one.
    pub bound_renegotiation: Option<bool>,
    /// Whether keys are bound to the whole handshake, in versions where that is an extension.
    pub extended_master_secret: Option<bool>,
    /// Whether it takes up heartbeats.
    pub heartbeats: bool,
    /// Whether it marks an answer in an older version than it can; nothing where it has one version alone.
    pub marks_downgrades: Option<bool>,
    /// Whether it answers HTTP without TLS on the same port.
    pub plain_http: bool,
}

/// A version, by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Version {
    /// SSL 2.0.
    #[serde(rename = "SSL 2.0")]
    Ssl2,
    /// SSL 3.0.
    #[serde(rename = "SSL 3.0")]
    Ssl3,
    /// TLS 1.0.
    #[serde(rename = "TLS 1.0")]
    Tls10,
    /// TLS 1.1.
    #[serde(rename = "TLS 1.1")]
    Tls11,
    /// TLS 1.2.
    #[serde(rename = "TLS 1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "TLS 1.3")]
    Tls13,
}

impl Version {
    const SCANNED: [(Self, u16); 5] = [
        (Self::Ssl3, SSL_3),
        (Self::Tls10, TLS_1_0),
        (Self::Tls11, TLS_1_1),
        (Self::Tls12, TLS_1_2),
        (Self::Tls13, TLS_1_3),
    ];

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ssl2 => "SSL 2.0",
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        }
    }
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Scanner {
    /// Where the server is.
    pub address: SocketAddr,
    /// What it is called, where that is a name and no address.
    pub name: Option<String>,
    /// How long an answer may take.
    pub patience: Duration,
}

impl Scanner {
    /// Finds out all of it.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub fn scan(&self) -> Result<Tls, String> {
        let mut tls = Tls { plain_http: self.ask(PLAIN)? == Answer::Http, ..Tls::default() };
        if self.ask(&hello::ssl_2())? == Answer::Ssl2 {
            tls.versions.insert(Version::Ssl2, Vec::new());
        }
        let every = suite::before_1_3();
        for (version, number) in Version::SCANNED {
            let all: &[u16] = if number == TLS_1_3 { &MODERN } else { &every };
            let taken = self.suites(number, all, &mut tls)?;
            if !taken.is_empty() {
                tls.versions.insert(version, taken);
            }
        }
        tls.groups = self.groups(&tls)?;
        if tls.versions.len() < 2 {
            tls.marks_downgrades = None;
        }
        Ok(tls)
    }

    /// Which suites are taken in a version: all are offered, then all but what was taken, and so on.
    fn suites(&self, version: u16, all: &[u16], tls: &mut Tls) -> Result<Vec<u16>, String> {
        let (mut left, mut taken) = (all.to_vec(), Vec::new());
        while taken.len() < MOST_SUITES {
            let mut offered = left.clone();
            offered.push(RENEGOTIATION_SCSV);
            match self.choice(version, &offered, &known_groups(), true)? {
                Some(hello) if left.contains(&hello.suite) => {
                    left.retain(|one| *one != hello.suite);
                    taken.push(hello.suite);
                    tls.note(version, &hello);
                }
                _ => break,
            }
        }
        taken.sort_unstable();
        Ok(taken)
    }

    /// Which groups are taken in the newest version.
    fn groups(&self, tls: &Tls) -> Result<Vec<String>, String> {
        let newest = tls.versions.keys().next_back().copied();
        let (version, suites) = match newest {
            Some(Version::Tls13) => (TLS_1_3, MODERN.to_vec()),
            Some(Version::Tls12) => (TLS_1_2, ephemeral(tls.versions.get(&Version::Tls12))),
            _ => return Ok(Vec::new()),
        };
        let mut taken = Vec::new();
        for group in GROUPS {
            if self.choice(version, &suites, &[group.number], false)?.is_some() {
                taken.push(group.name.to_owned());
            }
        }
        Ok(taken)
    }

    /// What the server chooses in this version; nothing where it takes another or none.
    fn choice(
        &self,
        version: u16,
        suites: &[u16],
        groups: &[u16],
        compression: bool,
    ) -> Result<Option<ServerHello>, String> {
        if suites.is_empty() {
            return Ok(None);
        }
        let name = self.name.as_deref();
        // TLS 1.3 forbids the offer of compression.
        let compression = compression && version < TLS_1_3;
        let hello = Hello { version, suites, groups, name, compression };
        Ok(match self.ask(&hello.bytes())? {
            Answer::Hello(hello) if hello.version == version => Some(hello),
            _ => None,
        })
    }

    /// One connection: sends, and reads until it is clear what came.
    fn ask(&self, bytes: &[u8]) -> Result<Answer, String> {
        let cannot = |why: std::io::Error| format!("no connection to the API: {why}");
        let mut stream =
            TcpStream::connect_timeout(&self.address, self.patience).map_err(cannot)?;
        stream.set_write_timeout(Some(self.patience)).map_err(cannot)?;
        let until = Instant::now() + self.patience;
        // Who is refused may be so before all was sent.
        let _ = stream.write_all(bytes);
        let (mut read, mut piece) = (Vec::new(), [0; 4096]);
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || read.len() > LONGEST {
                return Ok(Answer::Silence);
            }
            stream.set_read_timeout(Some(left)).map_err(cannot)?;
            match stream.read(&mut piece) {
                Ok(0) => return Ok(Answer::Closed),
                Ok(length) => read.extend(piece.iter().take(length)),
                Err(error) if is_over_time(&error) => return Ok(Answer::Silence),
                Err(_) => return Ok(Answer::Closed),
            }
            if let Some(answer) = answer::read(&read) {
                return Ok(answer);
            }
        }
    }
}

const PLAIN: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

fn is_over_time(error: &std::io::Error) -> bool {
    matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut)
}

fn known_groups() -> Vec<u16> {
    GROUPS.iter().map(|group| group.number).collect()
}

/// Suites of TLS 1.2 whose keys come from a group.
fn ephemeral(suites: Option<&Vec<u16>>) -> Vec<u16> {
    let of_curve = |one: &u16| *one >= 0xc000;
    suites.into_iter().flatten().copied().filter(of_curve).collect()
}

impl Tls {
    fn note(&mut self, version: u16, hello: &ServerHello) {
        let has = |kind: u16| hello.extensions.contains(&kind);
        self.compresses |= hello.compresses;
        self.heartbeats |= has(HEARTBEAT);
        if version >= TLS_1_3 {
            return;
        }
        let all = |known: &mut Option<bool>, now: bool| *known = Some(known.unwrap_or(true) && now);
        all(&mut self.bound_renegotiation, has(RENEGOTIATION_INFO));
        all(&mut self.marks_downgrades, hello.marked);
        if version > SSL_3 {
            all(&mut self.extended_master_secret, has(EXTENDED_MASTER_SECRET));
        }
    }
}
