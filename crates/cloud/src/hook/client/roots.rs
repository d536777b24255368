//! Which authorities a webhook's receiver may have its certificate from: the system's, and those that the operator
//! names. They are read when the first webhook is sent: a node without webhooks does not keep them.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Where systems keep the authorities that they trust; the first that is there counts.
const OF_SYSTEM: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// The authorities. Clones share them.
#[derive(Clone)]
pub struct Roots(Arc<Files>);

struct Files {
    own: Option<PathBuf>,
    config: OnceLock<Option<Arc<ClientConfig>>>,
}

impl Roots {
    /// Those of the system, and of this PEM file.
    #[must_use]
    pub fn new(own: Option<&Path>) -> Self {
        Self(Arc::new(Files { own: own.map(Path::to_owned), config: OnceLock::new() }))
    }

    /// Whether a file holds authorities.
    ///
    /// # Errors
    /// What the system says, or that there are none in it.
    pub fn check(path: &Path) -> io::Result<()> {
        let found =
            CertificateDer::pem_file_iter(path).map_err(io::Error::other)?.flatten().count();
        if found == 0 { Err(io::Error::other("no certificate is in it")) } else { Ok(()) }
    }

    /// How TLS is spoken with them; nothing where there are none.
    pub(super) fn config(&self) -> Option<Arc<ClientConfig>> {
        self.0.config.get_or_init(|| config(self.0.own.as_deref())).clone()
    }
}

fn config(own: Option<&Path>) -> Option<Arc<ClientConfig>> {
    let mut store = RootCertStore::empty();
    let of_system = OF_SYSTEM.iter().map(Path::new).find(|path| path.exists());
    for path in of_system.into_iter().chain(own) {
        let read = CertificateDer::pem_file_iter(path).map(|all| all.flatten().collect::<Vec<_>>());
        match read {
            // A bundle may hold one that is too old to be read: the others count.
            Ok(certificates) => drop(store.add_parsable_certificates(certificates)),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "no authorities for webhooks in this file");
            }
        }
    }
    if store.is_empty() {
        tracing::error!(
            "webhooks over HTTPS cannot be sent: this system has no list of authorities; [webhooks] ca_file may name one"
        );
        return None;
    }
    let provider = Arc::new(aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    Some(Arc::new(builder.with_root_certificates(store).with_no_client_auth()))
}
