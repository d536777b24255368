//! Asks a node's API whether it is ready, as a client would: over TLS, and only of the certificate it should show.
//!
//! The certificate is compared byte for byte with the one in the folder, so that a node which still serves an old one
//! is found out; whether clients trust its issuer is not asked. Blocks.

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, ClientConnection, DigitallySignedStruct, Error,
    SignatureScheme, StreamOwned,
};
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;
use thiserror::Error as ThisError;

/// The longest answer that is read, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Why the API did not show itself ready.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum ProbeError {
    /// Nobody is there, or it broke off.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// Another certificate than the one in the file.
    #[error("it shows another certificate than the one in the file")]
    OtherCertificate,
    /// It is no API of ours, or not ready.
    #[error("it answered {0:?}")]
    NotReady(String),
}

/// Asks `GET /readyz` of the API on `address`, which has to show `certificate`. Each step may take `within`.
///
/// # Errors
/// [`ProbeError`].
pub fn ready(
    address: SocketAddr,
    certificate: CertificateDer<'static>,
    within: Duration,
) -> Result<(), ProbeError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let pinned = Arc::new(Pinned { certificate, provider: Arc::clone(&provider) });
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .dangerous()
        .with_custom_certificate_verifier(pinned)
        .with_no_client_auth();
    let name = ServerName::IpAddress(address.ip().into());
    let client = ClientConnection::new(Arc::new(config), name).map_err(io::Error::other)?;
    let socket = TcpStream::connect_timeout(&address, within)?;
    socket.set_read_timeout(Some(within))?;
    socket.set_write_timeout(Some(within))?;
    judge(&exchange(StreamOwned::new(client, socket))?)
}

fn exchange(mut stream: StreamOwned<ClientConnection, TcpStream>) -> Result<String, ProbeError> {
    let request = b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
    stream.write_all(request).map_err(explain)?;
    let mut answer = Vec::new();
    match stream.take(LONGEST).read_to_end(&mut answer) {
        // Ended without TLS's own goodbye: what came is judged.
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(explain(error)),
        _ => Ok(String::from_utf8_lossy(&answer).into_owned()),
    }
}

fn judge(answer: &str) -> Result<(), ProbeError> {
    let status = answer.lines().next().unwrap_or_default();
    match status.split(' ').nth(1) {
        Some("200") => Ok(()),
        _ => Err(ProbeError::NotReady(status.chars().take(80).collect())),
    }
}

fn explain(error: io::Error) -> ProbeError {
    let refusal = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    match refusal {
        Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)) => {
            ProbeError::OtherCertificate
        }
        _ => error.into(),
    }
}

/// Trusts one certificate, whoever signed it and whenever it ends; that its key is there is verified as ever.
#[derive(Debug)]
struct Pinned {
    certificate: CertificateDer<'static>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match *end_entity == self.certificate {
            true => Ok(ServerCertVerified::assertion()),
            false => Err(CertificateError::ApplicationVerificationFailure.into()),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let known = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
