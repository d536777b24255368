//! Connections to the API: TCP from an address of one's choice, TLS, and time that is bounded.

use super::NoAnswer;
use super::answer::Answer;
use crate::course::Course;
use crate::target::Target;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, SockaddrIn, bind, connect, socket};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4, TcpStream, ToSocketAddrs};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// For a step on the wire, where the course has more.
const PATIENCE: Duration = Duration::from_secs(5);
/// No more is read of a text, in bytes.
const LONGEST_TEXT: usize = 256 << 10;
/// Where systems keep the certificate authorities that they trust.
const SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Where an API is, and whom it is trusted by. Its name is looked up once, so that all of an attack goes to one address.
#[derive(Clone)]
pub struct Place {
    address: SocketAddr,
    host: String,
    name: ServerName<'static>,
    tls: Arc<ClientConfig>,
    street: u8,
}

impl Place {
    /// The target's API; `seed` chooses among the addresses of loopback to come from.
    ///
    /// # Errors
    /// For a person: what is missing or cannot be read.
    pub fn of(target: &Target, seed: u64) -> Result<Self, String> {
        let url = target.api.as_deref().ok_or("the target has no API")?;
        let host = url.strip_prefix("https://").map(|rest| rest.trim_end_matches('/'));
        let host = host.ok_or_else(|| format!("{url} is no API: it begins with https://"))?;
        let with_port = if has_port(host) { host.to_owned() } else { format!("{host}:443") };
        let found = with_port.to_socket_addrs().map(|mut found| found.next());
        let address = found.ok().flatten().ok_or_else(|| format!("{host} has no address"))?;
        let bare = with_port.rsplit_once(':').map_or(host, |(bare, _)| bare);
        let name = ServerName::try_from(bare.trim_matches(['[', ']']).to_owned());
        let name = name.map_err(|_| format!("{host} is no name of a server"))?;
        let tls = Arc::new(tls(target.authority.as_deref())?);
        let street = u8::try_from(seed % 200).unwrap_or_default() + 40;
        Ok(Self { address, host: host.to_owned(), name, tls, street })
    }

    /// What stands in the header `Host`.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Where it is.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// A connection without TLS.
    ///
    /// # Errors
    /// What the system says.
    pub fn dial_plain(&self, lane: u16, within: Duration) -> io::Result<TcpStream> {
        let within = within.min(PATIENCE).max(Duration::from_millis(1));
        let stream = match self.address {
            SocketAddr::V4(to) if to.ip().is_loopback() => from_address(self.source(lane), to)?,
            to => TcpStream::connect_timeout(&to, within)?,
        };
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(within))?;
        stream.set_write_timeout(Some(within))?;
        Ok(stream)
    }

    /// A connection with TLS.
    ///
    /// # Errors
    /// For a person.
    pub fn dial(&self, lane: u16, within: Duration) -> Result<Connection, String> {
        let stream = self.dial_plain(lane, within).map_err(|error| error.to_string())?;
        let tls = ClientConnection::new(Arc::clone(&self.tls), self.name.clone());
        let tls = tls.map_err(|error| error.to_string())?;
        let mut stream = StreamOwned::new(tls, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock).map_err(|error| error.to_string())?;
        }
        Ok(Connection { stream })
    }

    fn source(&self, lane: u16) -> Ipv4Addr {
        let [high, low] = lane.to_be_bytes();
        Ipv4Addr::new(127, self.street, high, low.max(1))
    }
}

/// An open connection with TLS.
pub struct Connection {
    stream: StreamOwned<ClientConnection, TcpStream>,
}

impl Connection {
    /// Sends bytes, whatever they are.
    ///
    /// # Errors
    /// What the system says.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.write_all(bytes)?;
        self.stream.flush()
    }

    /// Reads an answer.
    ///
    /// # Errors
    /// What the system says, or that it is no HTTP.
    pub fn read(&mut self, bodiless: bool) -> io::Result<Answer> {
        Answer::read(&mut self.stream, bodiless)
    }

    /// Waits so long for the other side to end the connection; whether it did. What it says meanwhile is passed over.
    pub fn ends_within(&mut self, time: Duration) -> bool {
        let until = Instant::now() + time;
        let mut piece = [0; 4_096];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.sock.set_read_timeout(Some(left)).is_err() {
                return false;
            }
            match self.stream.read(&mut piece) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return !is_over_time(&error),
            }
        }
    }

    /// What comes until it holds this text, the other side ends, or the time is over; no more than 256 KiB.
    pub fn read_text_until(&mut self, text: &str, time: Duration) -> String {
        let until = Instant::now() + time;
        let (mut read, mut piece) = (String::new(), [0; 4_096]);
        while !read.contains(text) && read.len() < LONGEST_TEXT {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() || self.stream.sock.set_read_timeout(Some(left)).is_err() {
                break;
            }
            match self.stream.read(&mut piece) {
                Ok(length @ 1..) => {
                    read.push_str(&String::from_utf8_lossy(
                        piece.get(..length).unwrap_or_default(),
                    ));
                }
                Ok(0) | Err(_) => break,
            }
        }
        read
    }

    /// Asks and reads the answer.
    pub(super) fn exchange(
        &mut self,
        course: &Course,
        bytes: &[u8],
        bodiless: bool,
    ) -> Result<Answer, NoAnswer> {
        let within = course.time_left().min(PATIENCE).max(Duration::from_millis(1));
        let bounded = self.stream.sock.set_read_timeout(Some(within));
        // Who is refused may hear so before all was sent.
        let sent = bounded.and_then(|()| self.send(bytes));
        match (self.read(bodiless), sent) {
            (Ok(answer), _) => Ok(answer),
            (Err(error), _) if error.kind() == io::ErrorKind::InvalidData => Err(NoAnswer::NotHttp),
            (Err(error), Ok(())) if is_over_time(&error) => Err(NoAnswer::Late),
            (Err(_), Err(error)) | (Err(error), Ok(())) => Err(NoAnswer::Ended(error.to_string())),
        }
    }
}

fn is_over_time(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn has_port(host: &str) -> bool {
    let after = host.rsplit(']').next().unwrap_or(host);
    after.contains(':')
}

fn from_address(source: Ipv4Addr, to: SocketAddrV4) -> io::Result<TcpStream> {
    let own = socket(AddressFamily::Inet, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(own.as_raw_fd(), &SockaddrIn::from(SocketAddrV4::new(source, 0)))?;
    connect(own.as_raw_fd(), &SockaddrIn::from(to))?;
    Ok(TcpStream::from(own))
}

fn tls(authority: Option<&Path>) -> Result<ClientConfig, String> {
    let path = authority.map(Path::to_owned).or_else(of_system);
    let path =
        path.ok_or("this system keeps no certificate authorities: the target must name one")?;
    let cannot = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let mut roots = RootCertStore::empty();
    let read = CertificateDer::pem_file_iter(&path).map_err(|error| cannot(&error))?;
    for certificate in read.flatten() {
        roots.add(certificate).map_err(|error| cannot(&error))?;
    }
    if roots.is_empty() {
        return Err(cannot(&"there is no certificate in it"));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let versions = versions.map_err(|error| error.to_string())?;
    Ok(versions.with_root_certificates(roots).with_no_client_auth())
}

fn of_system() -> Option<PathBuf> {
    SYSTEM.iter().map(PathBuf::from).find(|path| path.is_file())
}

/// Whether this is this machine itself.
#[must_use]
pub fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => {
            address.is_loopback() || address.to_ipv4_mapped().is_some_and(|old| old.is_loopback())
        }
    }
}
