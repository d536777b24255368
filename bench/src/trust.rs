//! TLS as clients of a node's API speak it: its local authority trusted, and no other.

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::path::Path;
use std::sync::Arc;

/// Trusts the authority of the certificate in this file.
pub fn in_authority(ca: &Path) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).expect("`init` made it")).expect("it is valid");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("the library supports what it says it does");
    Arc::new(config.with_root_certificates(roots).with_no_client_auth())
}
