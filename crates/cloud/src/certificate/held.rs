//! The certificate that the API shows, and a new one in its place without a restart.
//!
//! Both files are looked at now and then. When one has changed, both are read again; a pair that does not go together
//! is left alone and said once, and the old one stays: most likely the other file is still on its way.

use std::fmt;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::{CertificateError, SERVER_FILE, SERVER_KEY_FILE, renew_if_due};
use crate::config::Config;

/// Key exchanges, the best first: a hybrid that also withstands a quantum computer of later years (X25519 and
/// ML-KEM-768), then elliptic curves alone.
const EXCHANGES: [&dyn SupportedKxGroup; 4] = [
    aws_lc_rs::kx_group::X25519MLKEM768,
    aws_lc_rs::kx_group::X25519,
    aws_lc_rs::kx_group::SECP256R1,
    aws_lc_rs::kx_group::SECP384R1,
];

/// What tells a file from what it was: when it was written (seconds, nanoseconds), its length, its number on the disk.
type Mark = (i64, i64, u64, u64);

/// A certificate and its key, in files. Clones are the same.
#[derive(Clone)]
pub struct Held(Arc<Inner>);

struct Inner {
    /// The data folder, where the certificate is the node's own.
    own: Option<PathBuf>,
    chain: PathBuf,
    key: PathBuf,
    shown: RwLock<Arc<CertifiedKey>>,
    /// The files as they were when they were last read, whatever came of it.
    read: Mutex<(Mark, Mark)>,
}

impl fmt::Debug for Held {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Held({})", self.0.chain.display())
    }
}

impl Held {
    /// Reads the certificate given in the configuration, or the node's own, renewed if due.
    ///
    /// # Errors
    /// [`CertificateError`]
    pub fn open(folder: &Path, config: &Config, now_ms: i64) -> Result<Self, CertificateError> {
        let (own, chain, key) = match config.api.given_certificate() {
            Some((chain, key)) => (None, chain.to_owned(), key.to_owned()),
            None => {
                renew_if_due(folder, now_ms)?;
                (Some(folder.to_owned()), folder.join(SERVER_FILE), folder.join(SERVER_KEY_FILE))
            }
        };
        let read = (mark(&chain)?, mark(&key)?);
        let shown = RwLock::new(Arc::new(load(&chain, &key)?));
        Ok(Self(Arc::new(Inner { own, chain, key, shown, read: Mutex::new(read) })))
    }

    /// The TLS settings of the API, which always show the certificate that is held.
    ///
    /// # Errors
    /// [`CertificateError::Given`]: never, as long as the cryptographic library has what it says.
    pub fn server_config(&self) -> Result<Arc<ServerConfig>, CertificateError> {
        let refuse = |error: rustls::Error| CertificateError::Given {
            path: self.0.chain.clone(),
            reason: error.to_string(),
        };
        // TLS 1.2 and 1.3: the library has nothing older, and no suite without authenticated encryption and
        // forward secrecy.
        let builder = ServerConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .map_err(refuse)?;
        let mut config = builder.with_no_client_auth().with_cert_resolver(Arc::new(self.clone()));
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// Looks whether the certificate is due or its files have changed; true where another is shown from now on.
    ///
    /// # Errors
    /// [`CertificateError`], once for each change: the one before stays.
    pub fn look(&self, now_ms: i64) -> Result<bool, CertificateError> {
        if let Some(folder) = &self.0.own {
            renew_if_due(folder, now_ms)?;
        }
        let now = (mark(&self.0.chain)?, mark(&self.0.key)?);
        {
            let mut read = self.0.read.lock().unwrap_or_else(PoisonError::into_inner);
            if std::mem::replace(&mut *read, now) == now {
                return Ok(false);
            }
        }
        let fresh = Arc::new(load(&self.0.chain, &self.0.key)?);
        *self.0.shown.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }
}

impl ResolvesServerCert for Held {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.shown.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

fn provider() -> CryptoProvider {
    CryptoProvider { kx_groups: EXCHANGES.to_vec(), ..aws_lc_rs::default_provider() }
}

fn load(chain: &Path, key: &Path) -> Result<CertifiedKey, CertificateError> {
    let given =
        |path: &Path, reason: String| CertificateError::Given { path: path.to_owned(), reason };
    let certificates = CertificateDer::pem_file_iter(chain)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| given(chain, format!("no certificate in PEM form ({error})")))?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| given(key, format!("no private key in PEM form ({error})")))?;
    CertifiedKey::from_der(certificates, private, &provider())
        .map_err(|error| given(chain, format!("certificate and key do not go together ({error})")))
}

fn mark(path: &Path) -> Result<Mark, CertificateError> {
    let file = fs::metadata(path)
        .map_err(|source| CertificateError::File { path: path.to_owned(), source })?;
    Ok((file.mtime(), file.mtime_nsec(), file.len(), file.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::tests::{NOW, folder};
    use crate::certificate::{DAY_MS, leaf};

    fn shown(held: &Held) -> CertificateDer<'static> {
        held.0.shown.read().unwrap().cert[0].clone()
    }

    #[test]
    fn a_new_pair_is_shown_without_a_restart_and_half_of_one_is_not() {
        let (place, other) = (folder(), folder());
        let text = format!(
            "[api]\ncertificate = {:?}\nprivate_key = {:?}\n",
            place.path().join(SERVER_FILE),
            place.path().join(SERVER_KEY_FILE)
        );
        let config = Config::parse(&text, Path::new("config.toml")).unwrap();
        let held = Held::open(place.path(), &config, NOW).unwrap();
        let first = shown(&held);
        assert!(!held.look(NOW).unwrap());

        fs::copy(other.path().join(SERVER_FILE), place.path().join(SERVER_FILE)).unwrap();
        let error = held.look(NOW).unwrap_err().to_string();
        assert!(error.contains("do not go together"), "{error}");
        assert!(!held.look(NOW).unwrap(), "it is said once");
        assert_eq!(shown(&held), first);

        fs::copy(other.path().join(SERVER_KEY_FILE), place.path().join(SERVER_KEY_FILE)).unwrap();
        assert!(held.look(NOW).unwrap());
        assert_eq!(shown(&held), leaf(&other.path().join(SERVER_FILE)).unwrap());
    }

    #[test]
    fn the_nodes_own_certificate_is_renewed_while_it_runs() {
        let place = folder();
        let held = Held::open(place.path(), &Config::default(), NOW).unwrap();
        let first = shown(&held);
        assert!(!held.look(NOW + 59 * DAY_MS).unwrap());
        assert!(held.look(NOW + 61 * DAY_MS).unwrap());
        assert_ne!(shown(&held), first);
    }
}
