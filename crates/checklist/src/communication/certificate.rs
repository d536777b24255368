//! The certificate that the API shows: what is in it, and whether its authority is the one that clients are given.
//!
//! The chain is taken from a real handshake with whoever is there; nothing is said over that connection.

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};
use serde::Serialize;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::public_key::PublicKey;

/// A certificate, as a client sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Certificate {
    /// When it begins, in seconds since 1970.
    pub begins: i64,
    /// When it ends, in seconds since 1970.
    pub ends: i64,
    /// The kind of its key: `RSA` or `EC`, or the identifier of another.
    pub key: String,
    /// The bits of its key.
    pub bits: usize,
    /// The identifier of the algorithm that it was signed with.
    pub signed_with: String,
    /// Whether it may sign others.
    pub is_authority: bool,
    /// Why a client that trusts the target's authority refuses it for the name asked for, on its first day and its last;
    /// nothing where it takes it.
    pub refused: Option<String>,
}

/// A handshake takes this long where the other side is busy.
pub const LEAST_PATIENCE: Duration = Duration::from_secs(5);

/// Where a certificate is shown.
#[derive(Clone, Debug)]
pub struct Place<'a> {
    /// Where the server is.
    pub address: SocketAddr,
    /// What clients call it.
    pub host: &'a str,
    /// The authority that clients are given, as PEM.
    pub authority: Option<&'a Path>,
    /// How long a step may take.
    pub patience: Duration,
}

impl Place<'_> {
    /// Looks at it.
    ///
    /// # Errors
    /// No connection, no certificate, or one that cannot be read.
    pub fn look(&self) -> Result<Certificate, String> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let name = ServerName::try_from(self.host.to_owned());
        let name = name.map_err(|_| format!("{} is no name of a server", self.host))?;
        let chain = self.chain(&provider, &name)?;
        let leaf = chain.first().ok_or("the server showed no certificate")?;
        let mut found = Certificate::read(leaf)?;
        found.refused = self.refusal(&provider, &name, &chain, found.begins);
        Ok(found)
    }

    fn chain(
        &self,
        provider: &Arc<CryptoProvider>,
        name: &ServerName<'static>,
    ) -> Result<Vec<CertificateDer<'static>>, String> {
        let text = |error: &dyn std::fmt::Display| format!("no handshake with the API: {error}");
        let config = ClientConfig::builder_with_provider(Arc::clone(provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| text(&error))?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(Anybody(Arc::clone(provider))))
            .with_no_client_auth();
        let mut stream = TcpStream::connect_timeout(&self.address, self.patience)
            .map_err(|error| text(&error))?;
        stream.set_read_timeout(Some(self.patience)).map_err(|error| text(&error))?;
        let tls = ClientConnection::new(Arc::new(config), name.clone());
        let mut tls = tls.map_err(|error| text(&error))?;
        while tls.is_handshaking() {
            tls.complete_io(&mut stream).map_err(|error| text(&error))?;
        }
        let chain = tls.peer_certificates().unwrap_or_default();
        Ok(chain.iter().map(|one| one.clone().into_owned()).collect())
    }

    /// Why a client refuses the chain, at a time when the leaf is valid: how long it still is, is another question.
    fn refusal(
        &self,
        provider: &Arc<CryptoProvider>,
        name: &ServerName<'static>,
        chain: &[CertificateDer<'static>],
        begins: i64,
    ) -> Option<String> {
        let roots = match self.authority.map(roots_of) {
            None => return Some("no authority is named that clients could trust".to_owned()),
            Some(Err(why)) => return Some(why),
            Some(Ok(roots)) => roots,
        };
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
        let verifier = match verifier.build() {
            Ok(verifier) => verifier,
            Err(why) => return Some(why.to_string()),
        };
        let (leaf, others) = chain.split_first()?;
        let at = Duration::from_secs(u64::try_from(begins).unwrap_or(0).saturating_add(1));
        let at = UnixTime::since_unix_epoch(at);
        let verified = verifier.verify_server_cert(leaf, others, name, &[], at);
        verified.err().map(|why| why.to_string())
    }
}

fn roots_of(path: &Path) -> Result<RootCertStore, String> {
    let cannot = |why: &dyn std::fmt::Display| format!("{}: {why}", path.display());
    let mut roots = RootCertStore::empty();
    for one in CertificateDer::pem_file_iter(path).map_err(|error| cannot(&error))? {
        let one = one.map_err(|error| cannot(&error))?;
        roots.add(one).map_err(|error| cannot(&error))?;
    }
    Ok(roots)
}

impl Certificate {
    /// Reads one.
    ///
    /// # Errors
    /// It is none.
    pub fn read(der: &[u8]) -> Result<Self, String> {
        let (_, read) = X509Certificate::from_der(der)
            .map_err(|why| format!("the server's certificate cannot be read: {why}"))?;
        let validity = read.validity();
        let spki = read.public_key();
        let (key, bits) = match spki.parsed() {
            Ok(PublicKey::RSA(key)) => ("RSA".to_owned(), key.key_size()),
            Ok(PublicKey::EC(point)) => ("EC".to_owned(), point.key_size()),
            // Ed25519 and its like have one length.
            _ => (spki.algorithm.algorithm.to_id_string(), spki.subject_public_key.data.len() * 8),
        };
        Ok(Self {
            begins: validity.not_before.timestamp(),
            ends: validity.not_after.timestamp(),
            key,
            bits,
            signed_with: read.signature_algorithm.algorithm.to_id_string(),
            is_authority: read.is_ca(),
            refused: None,
        })
    }
}

/// Takes whatever is shown: it is looked at afterwards.
#[derive(Debug)]
struct Anybody(Arc<CryptoProvider>);

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
