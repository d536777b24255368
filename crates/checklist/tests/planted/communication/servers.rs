//! Servers for the looks at communication: one that only pretends to speak TLS, so that it takes whatever it should not; one
//! that really does, with a certificate of any age; and a port for devices.

use pintle_dtls::server::{Admission, CookieJar};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// What a server takes that pretends.
#[derive(Clone, Copy)]
pub struct Takes {
    pub tls_1_0: bool,
    pub tls_1_3: bool,
    /// Of versions before 1.3.
    pub suite: u16,
    /// The one group of TLS 1.3.
    pub group: u16,
    pub marks: bool,
    pub compresses: bool,
    /// Of answers before 1.3.
    pub extensions: &'static [u16],
    pub plain: bool,
}

impl Default for Takes {
    fn default() -> Self {
        Self {
            tls_1_0: false,
            tls_1_3: true,
            suite: 0xc02f,
            group: 0x11ec,
            marks: true,
            compresses: false,
            extensions: &[23, 0xff01],
            plain: false,
        }
    }
}

const REFUSED: &[u8] = &[21, 3, 3, 0, 2, 2, 40];

/// A server that pretends; it ends with the test.
pub fn tls(takes: Takes) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            pretend(stream, takes);
        }
    });
    address
}

fn pretend(mut stream: TcpStream, takes: Takes) {
    let (mut read, mut piece) = (Vec::new(), [0; 4096]);
    let whole = loop {
        let Ok(length @ 1..) = stream.read(&mut piece) else { return };
        read.extend_from_slice(&piece[..length]);
        if read.starts_with(b"GET") || read[0] == 0x80 {
            break read;
        }
        if read.len() >= 5 && read.len() >= 5 + usize::from(u16::from_be_bytes([read[3], read[4]]))
        {
            break read;
        }
    };
    let answer = match whole[0] {
        b'G' if takes.plain => b"HTTP/1.1 200 OK\r\n\r\n".to_vec(),
        22 => Offered::read(&whole).answer(takes),
        _ => REFUSED.to_vec(),
    };
    let _ = stream.write_all(&answer);
}

struct Offered {
    version: u16,
    suites: Vec<u16>,
    groups: Vec<u16>,
    compression: bool,
}

impl Offered {
    fn read(hello: &[u8]) -> Self {
        let word = |at: usize| u16::from_be_bytes([hello[at], hello[at + 1]]);
        let words = |at: usize, length: usize| -> Vec<u16> {
            (0..length / 2).map(|n| word(at + 2 * n)).collect()
        };
        // Record and message have 9 bytes of head, the random ends at 43, and there is no session.
        let length = usize::from(word(44));
        let suites = words(46, length);
        let at = 46 + length;
        let compression = hello[at] > 1;
        let mut at = at + 1 + usize::from(hello[at]);
        let mut offered = Self { version: word(9), suites, groups: Vec::new(), compression };
        if at < hello.len() {
            at += 2;
        }
        while at < hello.len() {
            let (kind, length) = (word(at), usize::from(word(at + 2)));
            match kind {
                10 => offered.groups = words(at + 6, length - 2),
                43 => offered.version = word(at + 5),
                _ => {}
            }
            at += 4 + length;
        }
        offered
    }

    fn answer(&self, takes: Takes) -> Vec<u8> {
        let taken = match self.version {
            0x0304 => takes.tls_1_3 && self.groups.contains(&takes.group),
            0x0303 => self.suites.contains(&takes.suite),
            0x0301 => takes.tls_1_0 && self.suites.contains(&takes.suite),
            _ => false,
        };
        if self.version == 0x0304 && taken {
            let Some(suite) = self.suites.iter().find(|one| [0x1301, 0x1302].contains(*one)) else {
                return REFUSED.to_vec();
            };
            let [high, low] = takes.group.to_be_bytes();
            return server_hello(
                0x0303,
                *suite,
                [7; 32],
                false,
                &[(43, &[3, 4]), (51, &[high, low])],
            );
        }
        if !taken {
            return REFUSED.to_vec();
        }
        let mut random = [7; 32];
        if takes.marks {
            random[24..].copy_from_slice(b"DOWNGRD\x01");
        }
        let extensions: Vec<_> = takes.extensions.iter().map(|kind| (*kind, &[][..])).collect();
        let compresses = takes.compresses && self.compression;
        server_hello(self.version, takes.suite, random, compresses, &extensions)
    }
}

fn server_hello(
    version: u16,
    suite: u16,
    random: [u8; 32],
    compresses: bool,
    extensions: &[(u16, &[u8])],
) -> Vec<u8> {
    let word = |number: usize| u16::try_from(number).unwrap().to_be_bytes();
    let mut body = version.to_be_bytes().to_vec();
    body.extend(random);
    body.push(0);
    body.extend(suite.to_be_bytes());
    body.push(u8::from(compresses));
    let all: Vec<u8> = extensions
        .iter()
        .flat_map(|(kind, content)| {
            [kind.to_be_bytes().as_slice(), &word(content.len()), content].concat()
        })
        .collect();
    body.extend(word(all.len()));
    body.extend(all);
    let message = [&[2, 0], word(body.len()).as_slice(), &body].concat();
    [&[22, 3, 3], word(message.len()).as_slice(), &message].concat()
}

/// An authority, and a server with a certificate of it.
pub struct Authority {
    folder: tempfile::TempDir,
    authority: CertificateDer<'static>,
    authority_key: Vec<u8>,
    leaf: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    /// With a server's certificate for `localhost` from then on, for so many days.
    pub fn new(begins: i64, days: u64) -> Self {
        let begins = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::try_from(begins).unwrap());
        let ends = begins + Duration::from_secs(days * 24 * 60 * 60);
        let (authority_key, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let params = |name: &str, authority: bool| {
            let mut params = CertificateParams::new([name.to_owned()]).unwrap();
            (params.not_before, params.not_after) = (begins.into(), ends.into());
            if authority {
                params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            }
            params
        };
        let authority = params("localhost", true).self_signed(&authority_key).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        let issuer = Issuer::new(params("localhost", true), &authority_key);
        let leaf = params("localhost", false).signed_by(&key, &issuer).unwrap();
        Self {
            folder,
            authority: authority.der().clone(),
            authority_key: authority_key.serialize_der(),
            leaf: leaf.der().clone(),
            key: key.serialize_der(),
        }
    }

    /// The authority's own certificate in the place of the server's.
    pub fn shows_itself(self) -> Self {
        Self { leaf: self.authority.clone(), key: self.authority_key.clone(), ..self }
    }

    /// The authority's certificate in PEM.
    pub fn file(&self) -> &'static Path {
        let file = self.folder.path().join("ca.pem");
        Box::leak(file.into_boxed_path())
    }

    /// A server with it; it ends with the test.
    pub fn serve(&self) -> SocketAddr {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let key = PrivateKeyDer::try_from(self.key.clone()).unwrap();
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.leaf.clone()], key)
            .unwrap();
        let config = Arc::new(config);
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
                while tls.is_handshaking() && tls.complete_io(&mut stream).is_ok() {}
            }
        });
        address
    }
}

/// A port for devices: one that asks for a proof and says nothing else, or one that answers everything at length.
pub fn port(talks: bool) -> SocketAddr {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    std::thread::spawn(move || {
        let jar = CookieJar::new([9; 32]);
        let mut buffer = [0; 2048];
        while let Ok((length, from)) = socket.recv_from(&mut buffer) {
            let datagram = &buffer[..length];
            if talks {
                let _ = socket.send_to(&[datagram, b"and more than that"].concat(), from);
            } else if let Admission::Challenge(challenge) = jar.admit(b"somewhere", datagram) {
                let _ = socket.send_to(challenge.as_bytes(), from);
            }
        }
    });
    address
}
