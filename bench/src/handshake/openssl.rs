//! OpenSSL's DTLS over queues of datagrams. It wraps no raw keys, so both ends show self-signed certificates.

use super::IN_STEP;
use crate::clock::Stopwatch;
use openssl::asn1::Asn1Time;
use openssl::bn::BigNum;
use openssl::ec::{EcGroup, EcKey};
use openssl::error::ErrorStack;
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::sign::Signer;
use openssl::ssl::{
    ErrorCode, Ssl, SslContext, SslContextBuilder, SslMethod, SslOptions, SslSessionCacheMode,
    SslStream, SslVerifyMode, SslVersion,
};
use openssl::x509::store::X509StoreBuilder;
use openssl::x509::{X509, X509Name};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::rc::Rc;

/// The suite of our own handshakes. OpenSSL counts the short tag as 64 bits, which needs level 0.
const SUITE: &str = "ECDHE-ECDSA-AES128-CCM8:@SECLEVEL=0";
const MTU: u32 = 1200;
const SOURCE: &[u8] = &[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 192, 0, 2, 7, 0xc0, 0];
/// Flights from the first hello to the server's Finished, and some to spare.
const MOST_TURNS: usize = 12;

type Queue = Rc<RefCell<VecDeque<Vec<u8>>>>;

/// One end of a network that loses nothing.
struct Wire {
    incoming: Queue,
    outgoing: Queue,
}

impl Read for Wire {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let datagram = self.incoming.borrow_mut().pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        (&datagram[..]).read(out)
    }
}

impl Write for Wire {
    fn write(&mut self, datagram: &[u8]) -> io::Result<usize> {
        self.outgoing.borrow_mut().push_back(datagram.to_vec());
        Ok(datagram.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A server and a client that trust each other.
pub struct Bench {
    server: SslContext,
    client: SslContext,
}

impl Bench {
    /// With fresh keys and certificates.
    pub fn new() -> Self {
        Self::contexts().expect("OpenSSL's contexts")
    }

    fn contexts() -> Result<Self, ErrorStack> {
        let (server, client) = (Identity::new()?, Identity::new()?);
        Ok(Self {
            server: serving(context(SslMethod::dtls_server(), &server, &client)?)?,
            client: context(SslMethod::dtls_client(), &client, &server)?.build(),
        })
    }

    /// One group, flight by flight; only the server's calls are on the clock.
    pub fn group(&self, watch: &mut Stopwatch) {
        let wires: Vec<(Wire, Wire)> = (0..IN_STEP).map(|_| wires()).collect();
        let (near, far): (Vec<Wire>, Vec<Wire>) = wires.into_iter().unzip();
        let mut clients: Vec<_> = far.into_iter().map(|wire| stream(&self.client, wire)).collect();
        let mut servers: Vec<_> =
            watch.time(|| near.into_iter().map(|wire| stream(&self.server, wire)).collect());
        for _ in 0..MOST_TURNS {
            let connected = clients.iter_mut().all_step(SslStream::connect);
            if connected {
                return;
            }
            watch.time(|| servers.iter_mut().all_step(SslStream::accept));
        }
        panic!("OpenSSL's handshake does not end");
    }
}

/// Lets every stream of a group do what it can.
trait AllStep<'a>: Iterator<Item = &'a mut SslStream<Wire>> + Sized {
    /// Whether all of them are done.
    fn all_step(
        self,
        step: impl Fn(&mut SslStream<Wire>) -> Result<(), openssl::ssl::Error>,
    ) -> bool {
        self.fold(true, |done, stream| match step(stream) {
            Ok(()) => done,
            Err(error) if error.code() == ErrorCode::WANT_READ => false,
            Err(error) => panic!("OpenSSL: {error}"),
        })
    }
}

impl<'a, I: Iterator<Item = &'a mut SslStream<Wire>>> AllStep<'a> for I {}

fn wires() -> (Wire, Wire) {
    let (up, down) = (Queue::default(), Queue::default());
    let near = Wire { incoming: Rc::clone(&up), outgoing: Rc::clone(&down) };
    (near, Wire { incoming: down, outgoing: up })
}

fn stream(context: &SslContext, wire: Wire) -> SslStream<Wire> {
    let mut ssl = Ssl::new(context).expect("OpenSSL's connection");
    ssl.set_mtu(MTU).expect("a datagram's size");
    SslStream::new(ssl, wire).expect("OpenSSL's stream")
}

/// What both ends have in common.
fn context(
    method: SslMethod,
    own: &Identity,
    other: &Identity,
) -> Result<SslContextBuilder, ErrorStack> {
    let mut context = SslContext::builder(method)?;
    context.set_min_proto_version(Some(SslVersion::DTLS1_2))?;
    context.set_max_proto_version(Some(SslVersion::DTLS1_2))?;
    context.set_cipher_list(SUITE)?;
    context.set_groups_list("P-256")?;
    context.set_options(SslOptions::NO_QUERY_MTU | SslOptions::NO_TICKET);
    context.set_session_cache_mode(SslSessionCacheMode::OFF);
    context.set_private_key(&own.key)?;
    context.set_certificate(&own.certificate)?;
    let mut trusted = X509StoreBuilder::new()?;
    trusted.add_cert(other.certificate.clone())?;
    context.set_cert_store(trusted.build());
    context.set_verify(SslVerifyMode::PEER | SslVerifyMode::FAIL_IF_NO_PEER_CERT);
    Ok(context)
}

/// With a cookie exchange of one HMAC-SHA256 each way, as ours.
fn serving(mut context: SslContextBuilder) -> Result<SslContext, ErrorStack> {
    context.set_session_id_context(b"bench")?;
    context.set_options(SslOptions::COOKIE_EXCHANGE);
    let secret = PKey::hmac(&[5; 32])?;
    let same = secret.clone();
    context.set_cookie_generate_cb(move |_, out| {
        Signer::new(MessageDigest::sha256(), &secret)?.sign_oneshot(out, SOURCE)
    });
    context.set_cookie_verify_cb(move |_, cookie| {
        Signer::new(MessageDigest::sha256(), &same)
            .and_then(|mut signer| signer.sign_oneshot_to_vec(SOURCE))
            .is_ok_and(|expected| {
                expected.len() == cookie.len() && openssl::memcmp::eq(&expected, cookie)
            })
    });
    Ok(context.build())
}

/// A key and the certificate that it signed for itself.
struct Identity {
    key: PKey<Private>,
    certificate: X509,
}

impl Identity {
    fn new() -> Result<Self, ErrorStack> {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1)?;
        let key = PKey::from_ec_key(EcKey::generate(&group)?)?;
        let mut name = X509Name::builder()?;
        name.append_entry_by_nid(Nid::COMMONNAME, "bench")?;
        let name = name.build();
        let mut certificate = X509::builder()?;
        certificate.set_version(2)?;
        let serial = BigNum::from_u32(1)?.to_asn1_integer()?;
        certificate.set_serial_number(&serial)?;
        certificate.set_subject_name(&name)?;
        certificate.set_issuer_name(&name)?;
        certificate.set_not_before(Asn1Time::days_from_now(0)?.as_ref())?;
        certificate.set_not_after(Asn1Time::days_from_now(1)?.as_ref())?;
        certificate.set_pubkey(&key)?;
        certificate.sign(&key, MessageDigest::sha256())?;
        Ok(Self { key, certificate: certificate.build() })
    }
}
