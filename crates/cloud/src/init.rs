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

use serde::Serialize;
use zeroize::Zeroizing;

use crate::account::{AccountError, Accounts};
use crate::audit::{Act, PublicKey, Who};
use crate::certificate::{self, CertificateError};
use crate::config::{self, Config};
use crate::folder::{self, FolderError};
use crate::node_key::{NodeKey, NodeKeyError};
use crate::private_file::{self, Readers};
use crate::store::milestone::{Milestone, reached};
use crate::store::{Store, StoreError, Transaction};

mod config_text;
mod key_file;
mod keys;
mod names;
mod place;

pub use keys::{CloudKeys, TcpKey, UdpKey};
pub(crate) use place::Place;

/// The cloud's private key for devices: SEC1 DER.
pub const UDP_KEY_FILE: &str = "keys/udp.der";
/// The cloud's public key for devices: SPKI DER, the form devices are given.
pub const UDP_PUBLIC_FILE: &str = "udp_public.der";
/// The same in PEM.
pub const UDP_PUBLIC_PEM_FILE: &str = "udp_public.pem";
/// The cloud's private key for devices on the TCP service, where there is one: RSA-2048, PKCS#1 DER.
pub const TCP_KEY_FILE: &str = "keys/tcp.der";
/// The cloud's public key for devices on the TCP service: SPKI DER, the form devices are given.
pub const TCP_PUBLIC_FILE: &str = "tcp_public.der";
/// The same in PEM.
pub const TCP_PUBLIC_PEM_FILE: &str = "tcp_public.pem";

/// The first public key of the audit log, in hex.
pub const AUDIT_PUBLIC_FILE: &str = "audit_public.txt";

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
    /// Where the node key is to lie: better outside the data folder. `keys/node.key` in it if not given.
    pub node_key: Option<PathBuf>,
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
    /// The cloud's public key for devices on the TCP service (SPKI DER), where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_public_key: Option<PathBuf>,
    /// Its fingerprint.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tcp_fingerprint: Option<String>,
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
    /// The first public key of the audit log, in hex: what `pintle audit verify --key` starts from.
    pub audit_key: String,
}

/// A key for the TCP service that was added to a data folder.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TcpKeySummary {
    /// The data folder.
    pub data: PathBuf,
    /// The cloud's public key for devices on the TCP service (SPKI DER).
    pub tcp_public_key: PathBuf,
    /// Its fingerprint: SHA-256 of the SPKI, in hex.
    pub tcp_fingerprint: String,
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
    /// The folder has a key for the TCP service.
    #[error("{0} is there already, and devices may have it pinned: it is not replaced")]
    HasTcpKey(PathBuf),
    /// A key for the TCP service cannot be made.
    #[error("no key for the TCP service was made: {0}")]
    NoTcpKey(String),
    /// A key to be taken over cannot be.
    #[error("{path}: {why}")]
    Key {
        /// Its file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The data folder cannot be opened.
    #[error(transparent)]
    Folder(#[from] FolderError),
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
            Self::HasTcpKey(_) | Self::Key { .. } | Self::NoTcpKey(_) => true,
            Self::Folder(error) => error.is_usage(),
            Self::NodeKey(error) => matches!(error, NodeKeyError::File { .. }),
            Self::Account(error) => matches!(error, AccountError::Name | AccountError::Password),
            Self::Certificate(error) => matches!(error, CertificateError::Name(_)),
            Self::File { source, .. } => place::is_bad_place(source),
            _ => false,
        }
    }
}

/// Makes the data folder `folder`. Blocks for about 100 ms. A failure leaves nothing behind.
pub fn create(folder: &Path, options: &InitOptions) -> Result<InitSummary, InitError> {
    create_with(folder, options, CloudKeys::default())
}

/// Makes the data folder `folder` with these keys. Blocks for about 100 ms. A failure leaves nothing behind.
///
/// # Errors
/// [`InitError`].
pub fn create_with(
    folder: &Path,
    options: &InitOptions,
    keys: CloudKeys,
) -> Result<InitSummary, InitError> {
    refuse_taken(folder)?;
    if options.contact.as_deref().is_some_and(|contact| !config::is_contact(contact)) {
        return Err(InitError::Contact);
    }
    let place = Place::of(folder)?;
    let node_key = NodeKey::generate()?;
    let given = options.node_key.as_deref().map(std::path::absolute).transpose();
    let given = given.map_err(file(folder))?;
    let key_file = given.clone().unwrap_or_else(|| place.building.join(default_key_file()));
    let made =
        build(&place.building, options, keys, &node_key, &key_file).and_then(|fingerprints| {
            sync(&place.building)?;
            place.take()?;
            Ok(fingerprints)
        });
    if made.is_err() {
        drop(fs::remove_dir_all(&place.building));
        if let Some(path) = given.filter(|path| is_the_key(path, &node_key)) {
            drop(fs::remove_file(path));
        }
    }
    Ok(summary(folder, options, made?))
}

/// Adds a key for the TCP service to a data folder that no node has open.
///
/// # Errors
/// [`InitError`]; the folder is as it was then.
pub fn add_tcp_key(
    folder: &Path,
    make: impl FnOnce() -> Result<TcpKey, InitError>,
) -> Result<TcpKeySummary, InitError> {
    if !is_data_folder(folder) {
        return Err(FolderError::NotOne(folder.to_owned()).into());
    }
    let _lock = folder::lock(folder)?;
    let path = folder.join(TCP_KEY_FILE);
    if path.exists() {
        return Err(InitError::HasTcpKey(path));
    }
    let tcp_fingerprint = make()?.write(folder)?;
    let data = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    Ok(TcpKeySummary { tcp_public_key: data.join(TCP_PUBLIC_FILE), tcp_fingerprint, data })
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

/// What a person has to know of the keys that were made.
struct Fingerprints {
    udp: String,
    tcp: Option<String>,
    audit: PublicKey,
}

fn build(
    folder: &Path,
    options: &InitOptions,
    given: CloudKeys,
    node_key: &NodeKey,
    key_file: &Path,
) -> Result<Fingerprints, InitError> {
    let keys = folder.join("keys");
    private_file::create_folder(&keys).map_err(file(&keys))?;
    let udp = given.udp.map_or_else(UdpKey::generate, Ok)?.write(folder)?;
    let tcp = given.tcp.map(|key| key.write(folder)).transpose()?;
    node_key.save(key_file)?;
    private_file::sync_folder(key_file.parent().unwrap_or(folder)).map_err(file(key_file))?;
    certificate::create(folder, &names::of_host(&options.names), options.now_ms)?;
    write(
        folder,
        config::FILE_NAME,
        Readers::Owner,
        config_text::write(options.contact.as_deref(), options.node_key.as_deref()).as_bytes(),
    )?;
    let store = Store::open(folder, node_key)?;
    let audit = begin_audit(folder, &store, options.now_ms)?;
    Accounts::new(store, node_key).create_blocking(
        &options.user,
        &options.password,
        options.now_ms,
    )?;
    Ok(Fingerprints { udp, tcp, audit })
}

/// Writes the first entry of the audit log; its first key.
fn begin_audit(folder: &Path, store: &Store, now_ms: i64) -> Result<PublicKey, InitError> {
    let made = Transaction::from(reached(Milestone::Began, now_ms));
    store.enqueue(made.noting(Act::new("node.made", Who::Operator, now_ms)))?;
    store.flush().wait()?;
    let key = store.audit_head().ok_or(StoreError::Closed)?.key;
    write(folder, AUDIT_PUBLIC_FILE, Readers::Everyone, format!("{key}\n").as_bytes())?;
    Ok(key)
}

fn default_key_file() -> PathBuf {
    Config::default().node.key_file
}

/// Whether the key was written there: what lay there before is never removed.
fn is_the_key(path: &Path, key: &NodeKey) -> bool {
    NodeKey::load(path).is_ok_and(|found| found.mark() == key.mark())
}

fn summary(folder: &Path, options: &InitOptions, fingerprints: Fingerprints) -> InitSummary {
    let Fingerprints { udp: udp_fingerprint, tcp: tcp_fingerprint, audit } = fingerprints;
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let config = Config::default();
    InitSummary {
        udp_public_key: folder.join(UDP_PUBLIC_FILE),
        udp_fingerprint,
        tcp_public_key: tcp_fingerprint.as_ref().map(|_| folder.join(TCP_PUBLIC_FILE)),
        tcp_fingerprint,
        ca: folder.join(certificate::CA_FILE),
        api: config.api.listen.to_string(),
        user: options.user.trim().to_owned(),
        config: folder.join(config::FILE_NAME),
        node_key: options
            .node_key
            .as_deref()
            .and_then(|path| std::path::absolute(path).ok())
            .unwrap_or_else(|| folder.join(config.node.key_file)),
        audit_key: audit.to_string(),
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

fn replace(folder: &Path, name: &str, readers: Readers, content: &[u8]) -> Result<(), InitError> {
    let path = folder.join(name);
    private_file::replace(&path, readers, content).map_err(file(&path))
}

fn file(path: &Path) -> impl FnOnce(io::Error) -> InitError {
    let path = path.to_owned();
    move |source| InitError::File { path, source }
}

#[cfg(test)]
mod tests;
