//! Makes a data folder: keys, local authority, certificate, configuration, store, first operator.
//!
//! 1. Refuse a folder with anything in it.
//! 2. Build all of it in a folder of a random name, beside its place; or inside, where an empty folder is there
//!    already (it may be a mounted disk, or stand where we may not write).
//! 3. Sync it.
//! 4. Move it to its place: by one rename, or in an empty folder file by file, `config.toml` last.
//!
//! A failure removes what was built. A data folder is whole, or it has no `config.toml` and does not open.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _};
use pintle_dtls::PublicKey;
use serde::Serialize;
use zeroize::Zeroizing;

use crate::account::{AccountError, Accounts};
use crate::certificate::{self, CertificateError};
use crate::config::{self, Config};
use crate::node_key::{NodeKey, NodeKeyError};
use crate::private_file::{self, Readers};
use crate::public_key_pem;
use crate::store::{Store, StoreError};

mod place;

use place::Place;

/// The cloud's private key for devices: SEC1 DER.
pub const UDP_KEY_FILE: &str = "keys/udp.der";
/// The cloud's public key for devices: SPKI DER, the form devices are given.
pub const UDP_PUBLIC_FILE: &str = "udp_public.der";
/// The same in PEM.
pub const UDP_PUBLIC_PEM_FILE: &str = "udp_public.pem";

/// What `init` is told.
pub struct InitOptions {
    /// The first operator's name. It is not stored, only a keyed hash of it.
    pub user: String,
    /// The first operator's password.
    pub password: Zeroizing<String>,
    /// More host names and addresses for the certificate, beside localhost and this host's own name.
    pub names: Vec<String>,
    /// The contact for security reports, as `mailto:`, `https:` or `tel:`.
    pub contact: Option<String>,
    /// The time, in milliseconds since 1970.
    pub now_ms: i64,
}

/// Where things are in a new data folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InitSummary {
    /// The data folder.
    pub data: PathBuf,
    /// The cloud's public key for devices (SPKI DER).
    pub udp_public_key: PathBuf,
    /// Its fingerprint: SHA-256 of the SPKI, in hex.
    pub udp_fingerprint: String,
    /// The authority's certificate, for clients to trust.
    pub ca: PathBuf,
    /// The API's address, as everywhere in JSON: `127.0.0.1:8443`.
    pub api: String,
    /// The first operator's name, as typed.
    pub user: String,
    /// The configuration file.
    pub config: PathBuf,
    /// The node key: keep a copy of it away from the backups of this folder.
    pub node_key: PathBuf,
}

/// Why no data folder was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// There is a data folder already.
    #[error("{0} is a data folder already: choose another, or start it with `pintle serve`")]
    Already(PathBuf),
    /// There is something else in the way.
    #[error("{0} is not empty: choose a new folder")]
    NotEmpty(PathBuf),
    /// There is nowhere to put it.
    #[error("there is no folder {0} to make it in")]
    NoParent(PathBuf),
    /// A file cannot be made.
    #[error("{path}: {source}")]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The contact is no address.
    #[error("the contact must start with mailto:, https: or tel: and have no blanks")]
    Contact,
    /// The cryptographic library refused.
    #[error("the cryptographic library refused: no random bytes, or no memory")]
    Crypto,
    /// The certificate could not be made.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
    /// The node key could not be made.
    #[error(transparent)]
    NodeKey(#[from] NodeKeyError),
    /// The operator's account could not be made.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The store could not be made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl InitError {
    /// Whether the person who asked can mend it: what was typed, or the place it names.
    #[must_use]
    pub fn is_usage(&self) -> bool {
        match self {
            Self::Already(_) | Self::NotEmpty(_) | Self::NoParent(_) | Self::Contact => true,
            Self::Account(error) => matches!(error, AccountError::Name | AccountError::Password),
            Self::Certificate(error) => matches!(error, CertificateError::Name(_)),
            Self::File { source, .. } => place::is_bad_place(source),
            _ => false,
        }
    }
}

/// Makes the data folder `folder`. Blocks for about 100 ms. A failure leaves nothing behind.
pub fn create(folder: &Path, options: &InitOptions) -> Result<InitSummary, InitError> {
    refuse_taken(folder)?;
    if options.contact.as_deref().is_some_and(|contact| !config::is_contact(contact)) {
        return Err(InitError::Contact);
    }
    let place = Place::of(folder)?;
    let made = build(&place.building, options).and_then(|fingerprint| {
        sync(&place.building)?;
        place.take()?;
        Ok(fingerprint)
    });
    if made.is_err() {
        drop(fs::remove_dir_all(&place.building));
    }
    let fingerprint = made?;
    Ok(summary(folder, options, fingerprint))
}

/// Whether `folder` is a data folder.
#[must_use]
pub fn is_data_folder(folder: &Path) -> bool {
    folder.join(config::FILE_NAME).exists() || folder.join(crate::store::FILE_NAME).exists()
}

/// Refuses a place that holds something already.
///
/// # Errors
/// [`InitError::Already`], [`InitError::NotEmpty`], or what the system says.
pub fn refuse_taken(folder: &Path) -> Result<(), InitError> {
    if is_data_folder(folder) {
        return Err(InitError::Already(folder.to_owned()));
    }
    match fs::read_dir(folder) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(InitError::NotEmpty(folder.to_owned())),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(InitError::File { path: folder.to_owned(), source }),
    }
}

fn build(folder: &Path, options: &InitOptions) -> Result<String, InitError> {
    let keys = folder.join("keys");
    private_file::create_folder(&keys).map_err(file(&keys))?;
    let fingerprint = create_udp_key(folder)?;
    let node_key = NodeKey::generate()?;
    node_key.save(&folder.join(&Config::default().node.key_file))?;
    certificate::create(folder, &names(&options.names), options.now_ms)?;
    write(
        folder,
        config::FILE_NAME,
        Readers::Owner,
        config_text(options.contact.as_deref()).as_bytes(),
    )?;
    let store = Store::open(folder, &node_key)?;
    Accounts::new(store, &node_key).create_blocking(
        &options.user,
        &options.password,
        options.now_ms,
    )?;
    Ok(fingerprint)
}

fn create_udp_key(folder: &Path) -> Result<String, InitError> {
    let pair =
        EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).map_err(|_| InitError::Crypto)?;
    let private: EcPrivateKeyRfc5915Der<'_> =
        pair.private_key().as_der().map_err(|_| InitError::Crypto)?;
    let public: PublicKeyX509Der<'_> = pair.public_key().as_der().map_err(|_| InitError::Crypto)?;
    write(folder, UDP_KEY_FILE, Readers::Owner, private.as_ref())?;
    write(folder, UDP_PUBLIC_FILE, Readers::Everyone, public.as_ref())?;
    let key = PublicKey::from_spki(public.as_ref()).map_err(|_| InitError::Crypto)?;
    let pem = public_key_pem::write(&key);
    write(folder, UDP_PUBLIC_PEM_FILE, Readers::Everyone, pem.as_bytes())?;
    Ok(key.fingerprint().to_string())
}

fn names(more: &[String]) -> Vec<String> {
    let mut names: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let host = host_name().filter(|name| certificate::is_name(name));
    for name in host.into_iter().chain(more.iter().cloned()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn host_name() -> Option<String> {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").ok()?;
    Some(name.trim().to_owned())
}

fn config_text(contact: Option<&str>) -> String {
    let contact = contact.map_or_else(
        || "# contact = \"mailto:security@example.com\"".to_owned(),
        |contact| format!("contact = {}", toml::Value::from(contact)),
    );
    format!(
        "# Pintle's configuration. A line that starts with # is a comment; what is commented out shows the default.\n\
         # Relative paths start at this folder. Flags of `pintle serve` win over this file.\n\
         \n\
         [api]\n\
         # Where the HTTPS API listens. For other machines to reach it: \"0.0.0.0:8443\".\n\
         # listen = \"127.0.0.1:8443\"\n\
         # A certificate of your own instead of the local authority's: chain and key, both PEM.\n\
         # certificate = \"/etc/pintle/api.pem\"\n\
         # private_key = \"/etc/pintle/api.key\"\n\
         \n\
         [udp]\n\
         # Where devices come in. Device OS always uses port 5684.\n\
         # listen = \"0.0.0.0:5684\"\n\
         \n\
         [security]\n\
         # Whom to tell about a weakness: shown at /.well-known/security.txt.\n\
         {contact}\n\
         \n\
         [node]\n\
         # The node key opens everything sealed in the store. Keep it on another disk, out of the backups.\n\
         # key_file = \"keys/node.key\"\n"
    )
}

fn summary(folder: &Path, options: &InitOptions, udp_fingerprint: String) -> InitSummary {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let config = Config::default();
    InitSummary {
        udp_public_key: folder.join(UDP_PUBLIC_FILE),
        udp_fingerprint,
        ca: folder.join(certificate::CA_FILE),
        api: config.api.listen.to_string(),
        user: options.user.trim().to_owned(),
        config: folder.join(config::FILE_NAME),
        node_key: folder.join(config.node.key_file),
        data: folder,
    }
}

/// The files were synced when they were written, and the store by its engine; what is left are their names.
fn sync(folder: &Path) -> Result<(), InitError> {
    for path in [folder.join("keys"), folder.to_owned()] {
        private_file::sync_folder(&path).map_err(file(&path))?;
    }
    Ok(())
}

fn write(folder: &Path, name: &str, readers: Readers, content: &[u8]) -> Result<(), InitError> {
    let path = folder.join(name);
    private_file::create(&path, readers, content).map_err(file(&path))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    let path = path.to_owned();
    move |source| InitError::File { path, source }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn options(password: &str) -> InitOptions {
        InitOptions {
            user: "ada".into(),
            password: Zeroizing::new(password.into()),
            names: vec!["cloud.example.com".into()],
            contact: Some("mailto:security@example.com".into()),
            now_ms: 1_800_000_000_000,
        }
    }

    #[test]
    fn a_new_folder_is_whole_private_and_opens() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        let summary = create(&folder, &options("correct horse")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&folder), 0o700);
        assert_eq!(mode(&folder.join("keys")), 0o700);
        for key in fs::read_dir(folder.join("keys")).unwrap() {
            assert_eq!(mode(&key.unwrap().path()), 0o600);
        }
        assert_eq!(fs::read(&summary.udp_public_key).unwrap().len(), 91);
        let config = Config::load(&folder).unwrap();
        assert_eq!(
            config.security.contact.as_ref().unwrap().get_ref(),
            "mailto:security@example.com"
        );
        let node_key = NodeKey::load(&config.node.key_file).unwrap();
        let store = Store::open(&folder, &node_key).unwrap();
        let ada = Accounts::new(store.clone(), &node_key).name_hash(" Ada ");
        assert!(store.accounts().find(&ada.0).wait().unwrap().is_some());
        certificate::server_config(&folder, &config, 1_800_000_000_000).unwrap();
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["api"], "127.0.0.1:8443");
        assert_eq!(json["user"], "ada");
        assert!(json["ca"].as_str().unwrap().ends_with("ca.pem"));
    }

    #[test]
    fn a_data_folder_is_not_made_again() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        create(&folder, &options("correct horse")).unwrap();
        let before = fs::read(folder.join(UDP_KEY_FILE)).unwrap();
        assert!(matches!(create(&folder, &options("correct horse")), Err(InitError::Already(_))));
        assert_eq!(fs::read(folder.join(UDP_KEY_FILE)).unwrap(), before);
    }

    #[test]
    fn a_folder_with_other_things_in_it_is_refused_and_an_empty_one_taken() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("photo.jpg"), "x").unwrap();
        assert!(matches!(
            create(folder.path(), &options("correct horse")),
            Err(InitError::NotEmpty(_))
        ));
        fs::remove_file(folder.path().join("photo.jpg")).unwrap();
        create(folder.path(), &options("correct horse")).unwrap();
        // It was taken as it is: a mounted disk cannot be replaced.
        assert_eq!(fs::metadata(folder.path()).unwrap().permissions().mode() & 0o777, 0o700);
        let mut names: Vec<_> =
            fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        assert!(!names.iter().any(|name| name.to_string_lossy().starts_with('.')), "{names:?}");
        Config::load(folder.path()).unwrap();
        crate::folder::Folder::open(folder.path()).unwrap();
    }

    #[test]
    fn a_failed_init_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        // The password is looked at last, when everything else is built.
        assert!(matches!(
            create(&folder, &options("short")),
            Err(InitError::Account(AccountError::Password))
        ));
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
