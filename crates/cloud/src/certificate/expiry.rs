//! When a certificate ends: what `service check` warns of.
//!
//! No X.509 parser is brought in for one date: the verifier is asked about the far future, and its refusal names it.

use super::{CertificateError, SERVER_FILE};
use crate::config::Config;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError as Refusal, Error, RootCertStore};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The year 9999, beyond which no certificate can name a date (RFC 5280 4.1.2.5).
const FAR_FUTURE: Duration = Duration::from_secs(253_402_300_800);

/// The file with the API's certificate: the operator's, or the node's own.
pub fn chain_file(folder: &Path, config: &Config) -> PathBuf {
    match config.api.given_certificate() {
        Some((chain, _)) => chain.to_owned(),
        None => folder.join(SERVER_FILE),
    }
}

/// When the first certificate of a PEM file ends, in milliseconds since 1970.
///
/// # Errors
/// [`CertificateError::Given`] where it cannot be read or is none.
pub fn ends_at_ms(chain: &Path) -> Result<i64, CertificateError> {
    let wrong = |reason: String| CertificateError::Given { path: chain.to_owned(), reason };
    let leaf = leaf(chain)?;
    let leaf = ParsedCertificate::try_from(&leaf).map_err(|error| wrong(error.to_string()))?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let verdict = verify_server_cert_signed_by_trust_anchor(
        &leaf,
        &RootCertStore::empty(),
        &[],
        UnixTime::since_unix_epoch(FAR_FUTURE),
        provider.signature_verification_algorithms.all,
    );
    match verdict {
        Err(Error::InvalidCertificate(Refusal::ExpiredContext { not_after, .. })) => {
            Ok(i64::try_from(not_after.as_secs()).unwrap_or(i64::MAX).saturating_mul(1_000))
        }
        Err(error) => Err(wrong(error.to_string())),
        Ok(()) => Err(wrong("it names no end".to_owned())),
    }
}

/// The first certificate of a PEM file: the one that the API shows.
///
/// # Errors
/// [`CertificateError::Given`].
pub fn leaf(chain: &Path) -> Result<CertificateDer<'static>, CertificateError> {
    CertificateDer::from_pem_file(chain).map_err(|error| CertificateError::Given {
        path: chain.to_owned(),
        reason: format!("no certificate in PEM form ({error})"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::{DAY_MS, SERVER_DAYS, create};

    #[test]
    fn the_end_of_a_certificate_is_the_day_it_was_made_for() {
        let (folder, now) = (tempfile::tempdir().unwrap(), 1_800_000_000_000);
        std::fs::create_dir(folder.path().join("keys")).unwrap();
        create(folder.path(), &["localhost".into()], now).unwrap();
        let chain = chain_file(folder.path(), &Config::default());
        assert_eq!(ends_at_ms(&chain).unwrap(), now + SERVER_DAYS * DAY_MS);
    }

    #[test]
    fn a_file_without_a_certificate_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let chain = folder.path().join("none.pem");
        assert!(ends_at_ms(&chain).unwrap_err().to_string().contains("none.pem"));
    }
}
