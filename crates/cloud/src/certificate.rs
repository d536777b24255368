//! The certificate of the HTTPS API: a small authority of the node's own, or one the operator gives.
//!
//! `init` makes the authority (ten years) and a server certificate (90 days); the server certificate is made again when
//! it ends within 30 days, at a start and while the node runs ([`Held`]). The day it ends is written above the PEM block (RFC 7468 lets text
//! stand there), so no X.509 parser is needed to know it. The authority signs for this node alone.

use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use rcgen::string::Ia5String;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, SanType,
};
use time::OffsetDateTime;
use zeroize::Zeroizing;

use crate::private_file::{self, Readers};

mod expiry;
mod held;

pub use expiry::{chain_file, ends_at_ms, leaf};
pub use held::Held;

/// The authority's certificate, for clients to trust.
pub const CA_FILE: &str = "ca.pem";
/// The authority's key.
pub const CA_KEY_FILE: &str = "keys/ca.key";
/// The server's certificate.
pub const SERVER_FILE: &str = "api.pem";
/// The server's key.
pub const SERVER_KEY_FILE: &str = "keys/api.key";
/// The names in the server's certificate, one a line.
pub const NAMES_FILE: &str = "api.names";

const DAY_MS: i64 = 24 * 3_600 * 1_000;
const CA_DAYS: i64 = 3_650;
/// As short as is customary where renewing is nobody's work.
const SERVER_DAYS: i64 = 90;
const RENEW_DAYS: i64 = 30;
const EXPIRY_LINE: &str = "# ends at (ms since 1970): ";

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// A file cannot be read or written.
    #[error("{path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A name cannot stand in a certificate.
    #[error("{0:?} is neither an IP address nor a host name")]
    Name(String),
    /// A certificate could not be made.
    #[error("the certificate could not be made: {0}")]
    Make(#[from] rcgen::Error),
    /// A given certificate or key is of no use.
    #[error("{path}: {reason}")]
    Given {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
}

/// Makes the authority, its first server certificate and the list of names, in a new data folder.
pub(crate) fn create(folder: &Path, names: &[String], now_ms: i64) -> Result<(), CertificateError> {
    let key = KeyPair::generate()?;
    write_new(folder, CA_KEY_FILE, Readers::Owner, Zeroizing::new(key.serialize_pem()).as_bytes())?;
    let certificate = authority(&key, now_ms).self_signed(&key)?;
    write_new(folder, CA_FILE, Readers::Everyone, certificate.pem().as_bytes())?;
    write_new(folder, NAMES_FILE, Readers::Everyone, (names.join("\n") + "\n").as_bytes())?;
    issue(folder, names, key, now_ms)
}

/// Makes the server certificate again if it ends within 30 days; true if it did.
pub fn renew_if_due(folder: &Path, now_ms: i64) -> Result<bool, CertificateError> {
    let server = folder.join(SERVER_FILE);
    if let Ok(text) = fs::read_to_string(&server)
        && ends_at(&text).is_some_and(|end| end - RENEW_DAYS * DAY_MS > now_ms)
    {
        return Ok(false);
    }
    let pem = Zeroizing::new(read(&folder.join(CA_KEY_FILE))?);
    let names = read(&folder.join(NAMES_FILE))?;
    let names: Vec<_> = names.lines().filter(|name| !name.is_empty()).map(str::to_owned).collect();
    issue(folder, &names, KeyPair::from_pem(&pem)?, now_ms)?;
    Ok(true)
}

fn authority(key: &KeyPair, now_ms: i64) -> CertificateParams {
    let mut params = CertificateParams::default();
    set_dates(&mut params, now_ms, CA_DAYS);
    // The name is made of the key, so that the authority can be put together again from its key alone, and two
    // nodes' authorities differ.
    let mark = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.public_key_raw());
    let mark: String = mark.as_ref().iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, format!("Pintle local authority {mark}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

fn issue(
    folder: &Path,
    names: &[String],
    ca_key: KeyPair,
    now_ms: i64,
) -> Result<(), CertificateError> {
    let issuer = Issuer::new(authority(&ca_key, now_ms), ca_key);
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    set_dates(&mut params, now_ms, SERVER_DAYS);
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Pintle API");
    params.subject_alt_names =
        names.iter().map(|name| alternative(name)).collect::<Result<_, _>>()?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let certificate = params.signed_by(&key, &issuer)?;
    let text = format!("{EXPIRY_LINE}{}\n{}", now_ms + SERVER_DAYS * DAY_MS, certificate.pem());
    // The key goes first: a crash between the two is seen at the next start, which makes both again.
    let server = folder.join(SERVER_FILE);
    remove(&server)?;
    replace(
        &folder.join(SERVER_KEY_FILE),
        Readers::Owner,
        Zeroizing::new(key.serialize_pem()).as_bytes(),
    )?;
    replace(&server, Readers::Everyone, text.as_bytes())
}

fn set_dates(params: &mut CertificateParams, now_ms: i64, days: i64) {
    // A day back, for clocks that are late.
    let at = |ms: i64| {
        OffsetDateTime::from_unix_timestamp(ms / 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
    };
    params.not_before = at(now_ms - DAY_MS);
    params.not_after = at(now_ms + days * DAY_MS);
}

/// Whether a certificate can carry this name.
pub(crate) fn is_name(name: &str) -> bool {
    alternative(name).is_ok()
}

fn alternative(name: &str) -> Result<SanType, CertificateError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let label = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_*".contains(&b))
    };
    match Ia5String::try_from(name) {
        Ok(host) if name.len() <= 253 && name.split('.').all(label) => Ok(SanType::DnsName(host)),
        _ => Err(CertificateError::Name(name.to_owned())),
    }
}

fn ends_at(text: &str) -> Option<i64> {
    text.lines().find_map(|line| line.strip_prefix(EXPIRY_LINE))?.trim().parse().ok()
}

fn read(path: &Path) -> Result<String, CertificateError> {
    fs::read_to_string(path)
        .map_err(|source| CertificateError::File { path: path.to_owned(), source })
}

fn write_new(
    folder: &Path,
    name: &str,
    readers: Readers,
    content: &[u8],
) -> Result<(), CertificateError> {
    let path = folder.join(name);
    private_file::create(&path, readers, content)
        .map_err(|source| CertificateError::File { path, source })
}

fn replace(path: &Path, readers: Readers, content: &[u8]) -> Result<(), CertificateError> {
    private_file::replace(path, readers, content)
        .map_err(|source| CertificateError::File { path: path.to_owned(), source })
}

fn remove(path: &Path) -> Result<(), CertificateError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(CertificateError::File { path: path.to_owned(), source })
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    pub(super) const NOW: i64 = 1_800_000_000_000;

    pub(super) fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("keys")).unwrap();
        create(folder.path(), &["localhost".into(), "127.0.0.1".into(), "::1".into()], NOW)
            .unwrap();
        folder
    }

    #[test]
    fn the_server_certificate_is_renewed_only_when_it_is_due() {
        let folder = folder();
        let first = fs::read(folder.path().join(SERVER_FILE)).unwrap();
        assert!(!renew_if_due(folder.path(), NOW + 59 * DAY_MS).unwrap());
        assert_eq!(fs::read(folder.path().join(SERVER_FILE)).unwrap(), first);
        assert!(renew_if_due(folder.path(), NOW + 61 * DAY_MS).unwrap());
        assert_ne!(fs::read(folder.path().join(SERVER_FILE)).unwrap(), first);
        Held::open(folder.path(), &Config::default(), NOW + 61 * DAY_MS).unwrap();
    }

    #[test]
    fn a_certificate_lost_between_key_and_file_is_made_again() {
        let folder = folder();
        fs::remove_file(folder.path().join(SERVER_FILE)).unwrap();
        Held::open(folder.path(), &Config::default(), NOW).unwrap();
    }

    #[test]
    fn a_name_that_is_none_is_refused() {
        assert!(matches!(alternative("not a host"), Err(CertificateError::Name(_))));
        assert!(matches!(alternative("ünicode.example"), Err(CertificateError::Name(_))));
        assert!(alternative("cloud.example.com").is_ok());
    }

    #[test]
    fn a_given_key_of_another_certificate_is_refused() {
        let (one, other) = (folder(), folder());
        let text = format!(
            "[api]\ncertificate = {:?}\nprivate_key = {:?}\n",
            one.path().join(SERVER_FILE),
            other.path().join(SERVER_KEY_FILE)
        );
        let config = Config::parse(&text, Path::new("config.toml")).unwrap();
        let error = Held::open(one.path(), &config, NOW).unwrap_err().to_string();
        assert!(error.contains("do not go together"), "{error}");
    }
}
