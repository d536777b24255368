//! `config.toml` of a data folder: what can be set, its defaults, and errors that name the line.
//!
//! Unknown keys are errors, so a misspelt setting is never silently ignored. Relative paths are taken from the
//! data folder. It holds no secrets, only where they are.

use std::fs;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU8;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::guard::Limits;
use crate::hook::egress::Network;

mod oauth;

pub use oauth::Oauth;

/// The name of the configuration file in a data folder.
pub const FILE_NAME: &str = "config.toml";

/// Everything the configuration says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// `[api]`: the HTTPS side.
    pub api: Api,
    /// `[udp]`: the door for devices.
    pub udp: Udp,
    /// `[tcp]`: the door for devices that speak only the TCP service.
    pub tcp: Tcp,
    /// `[outbox]`: events kept for a durable consumer.
    pub outbox: Outbox,
    /// `[webhooks]`: where webhooks may go.
    pub webhooks: Webhooks,
    /// `[security]`: what the world is told.
    pub security: Security,
    /// `[oauth]`: which logins there are, and how long tokens live.
    pub oauth: Oauth,
    /// `[node]`: this node's own files.
    pub node: Node,
    /// `[accounts]`: people.
    pub accounts: Accounts,
    /// `[audit]`: where heads of the audit log are kept, and for how long its entries are.
    pub audit: crate::audit::Settings,
    /// `[metrics]`: what the node counts, for a monitor.
    pub metrics: Metrics,
    /// `[limits]`: how much one address, one account and all together may.
    pub limits: Limits,
}

/// `[api]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Api {
    /// `listen`: address and port of the HTTPS API. Default `127.0.0.1:8443`.
    pub listen: SocketAddr,
    /// `certificate`: a PEM file with a certificate chain to use instead of the local CA's.
    pub certificate: Option<Spanned<PathBuf>>,
    /// `private_key`: the PEM file with that certificate's key. Both are read again when they change.
    pub private_key: Option<Spanned<PathBuf>>,
    /// `redirect`: address and port of a listener on plain HTTP that answers 308 to HTTPS and nothing else. Default: none.
    pub redirect: Option<SocketAddr>,
}

impl Default for Api {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8443)),
            certificate: None,
            private_key: None,
            redirect: None,
        }
    }
}

impl Api {
    /// Certificate and key given by the operator, if both are.
    #[must_use]
    pub fn given_certificate(&self) -> Option<(&Path, &Path)> {
        let certificate = self.certificate.as_ref()?;
        let private_key = self.private_key.as_ref()?;
        Some((certificate.get_ref(), private_key.get_ref()))
    }
}

/// `[udp]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Udp {
    /// `listen`: address and port for devices. Default `0.0.0.0:5684`.
    pub listen: SocketAddr,
    /// `shards`: how many threads serve devices, 1 to 64. Default: one a processor core. It may change from
    /// one start to the next; no device notices.
    pub shards: Option<NonZeroU8>,
}

impl Default for Udp {
    fn default() -> Self {
        Self { listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5684)), shards: None }
    }
}

/// `[tcp]`: a door with weaknesses of its own, which no server can mend; see `SECURITY.md`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tcp {
    /// `enabled`: whether it is there at all. Default: no.
    pub enabled: bool,
    /// `listen`: address and port for devices. Default `0.0.0.0:5683`.
    pub listen: SocketAddr,
    /// `rsa_threads`: how many threads do the private-key work of handshakes, 1 to 64; whatever there are, other
    /// work goes first. Default: one a processor core.
    pub rsa_threads: Option<NonZeroU8>,
}

impl Default for Tcp {
    fn default() -> Self {
        let listen = SocketAddr::from((Ipv4Addr::UNSPECIFIED, 5683));
        Self { enabled: false, listen, rsa_threads: None }
    }
}

/// `[outbox]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Outbox {
    /// `prefixes`: events whose names begin with one of these are kept, sealed, until a consumer took them
    /// (`pintle outbox take`), over crashes too. Default: none.
    pub prefixes: Vec<String>,
}

/// `[webhooks]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Webhooks {
    /// `allow`: networks and addresses that webhooks may reach though they are not on the public internet, such as
    /// `["10.1.0.0/16"]`. Default: none.
    pub allow: Vec<Network>,
    /// `plain_http`: whether webhooks may go over HTTP without TLS. Default: no.
    pub plain_http: bool,
    /// `ca_file`: a PEM file of authorities that webhooks trust beside those of the system. Default: none.
    pub ca_file: Option<PathBuf>,
}

/// `[security]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Security {
    /// `contact`: a `mailto:`, `https:` or `tel:` address for `/.well-known/security.txt` (RFC 9116).
    pub contact: Option<Spanned<String>>,
    /// `weak_keys`: a list of Debian's weak keys (`blacklist.RSA-1024` of its package openssl-blacklist); no key on it
    /// is pinned. Default: none.
    pub weak_keys: Option<PathBuf>,
}

/// `[accounts]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// `registration`: whether anyone may make an account (`POST /v1/users`). Default: no, only the operator does.
    pub registration: bool,
    /// `hashing_threads`: how many threads hash passwords, 19 MiB each while they do. Default: half of the cores.
    pub hashing_threads: Option<NonZeroU8>,
}

/// `[node]`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Node {
    /// `key_file`: the node key. Default `keys/node.key` in the data folder; better on another disk.
    pub key_file: PathBuf,
}

impl Default for Node {
    fn default() -> Self {
        Self { key_file: PathBuf::from("keys/node.key") }
    }
}

/// `[metrics]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Metrics {
    /// `listen`: address and port of a listener on plain HTTP for `/metrics`, which nobody needs a password for: keep
    /// it on loopback or in a network of your own. Default: none.
    pub listen: Option<SocketAddr>,
}

/// Why a configuration was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{path}: {source}")]
    File {
        /// The configuration file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A line says something it may not.
    #[error("{path}, line {line}: {message}")]
    Line {
        /// The configuration file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong, and what may stand there.
        message: String,
    },
}

impl Config {
    /// Reads `config.toml` of a data folder; paths in the result are absolute or start at `folder`.
    pub fn load(folder: &Path) -> Result<Self, ConfigError> {
        let path = folder.join(FILE_NAME);
        let text = fs::read_to_string(&path)
            .map_err(|source| ConfigError::File { path: path.clone(), source })?;
        Ok(Self::parse(&text, &path)?.rooted_at(folder))
    }

    /// Parses the text of a configuration; `path` is for messages alone.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let wrong = |offset: usize, message: String| ConfigError::Line {
            path: path.to_owned(),
            line: line_of(text, offset),
            message,
        };
        let config: Self = toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            wrong(start, error.message().trim().replace('\n', " "))
        })?;
        config.check().map_err(|(offset, message)| wrong(offset, message))?;
        Ok(config)
    }

    fn check(&self) -> Result<(), (usize, String)> {
        self.oauth.check()?;
        match (&self.api.certificate, &self.api.private_key) {
            (Some(lonely), None) => {
                return Err((
                    lonely.span().start,
                    "certificate needs private_key beside it".to_owned(),
                ));
            }
            (None, Some(lonely)) => {
                return Err((
                    lonely.span().start,
                    "private_key needs certificate beside it".to_owned(),
                ));
            }
            _ => {}
        }
        match &self.security.contact {
            Some(contact) if !is_contact(contact.get_ref()) => Err((
                contact.span().start,
                "contact must be one line that starts with mailto:, https: or tel:".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn rooted_at(mut self, folder: &Path) -> Self {
        self.node.key_file = folder.join(&self.node.key_file);
        for path in [&mut self.security.weak_keys, &mut self.audit.heads].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        if let Some(authorities) = &mut self.webhooks.ca_file {
            *authorities = folder.join(&*authorities);
        }
        for path in [&mut self.api.certificate, &mut self.api.private_key].into_iter().flatten() {
            let rooted = folder.join(path.get_ref());
            *path.get_mut() = rooted;
        }
        self
    }
}

/// RFC 9116 2.5.3: a contact is a URI, and it stays on its line.
pub(crate) fn is_contact(contact: &str) -> bool {
    let known = ["mailto:", "https:", "tel:"].iter().any(|scheme| contact.starts_with(scheme));
    known && !contact.chars().any(|c| c.is_control() || c.is_whitespace())
}

fn line_of(text: &str, offset: usize) -> usize {
    1 + text.bytes().take(offset).filter(|byte| *byte == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Config::parse(text, Path::new("config.toml")).unwrap_err().to_string()
    }

    #[test]
    fn an_empty_file_gives_the_defaults() {
        let config = Config::parse("", Path::new("config.toml")).unwrap();
        assert_eq!(config, Config::default());
        assert_eq!(config.api.listen.to_string(), "127.0.0.1:8443");
        assert_eq!(config.udp.listen.to_string(), "0.0.0.0:5684");
        assert_eq!(config.tcp.listen.to_string(), "0.0.0.0:5683");
        assert!(!config.tcp.enabled, "it is there only for who asks");
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line() {
        let message = error("[api]\nlisten = \"127.0.0.1:1\"\n\n[udp]\nlistne = \"x\"\n");
        assert!(message.starts_with("config.toml, line 5:"), "{message}");
        assert!(message.contains("listne"), "{message}");
    }

    #[test]
    fn an_unknown_table_is_named_with_its_line() {
        let message = error("[api]\n[upd]\n");
        assert!(message.starts_with("config.toml, line 2:"), "{message}");
        assert!(message.contains("upd"), "{message}");
    }

    #[test]
    fn a_wrong_value_is_named_with_its_line() {
        let message = error("# a comment\n[udp]\nlisten = \"everywhere\"\n");
        assert!(message.starts_with("config.toml, line 3:"), "{message}");
    }

    #[test]
    fn broken_toml_is_named_with_its_line() {
        let message = error("[api]\nlisten = \n");
        assert!(message.starts_with("config.toml, line 2:"), "{message}");
    }

    #[test]
    fn a_certificate_without_its_key_is_refused() {
        let message = error("[api]\n\ncertificate = \"a.pem\"\n");
        assert!(message.contains("line 3") && message.contains("private_key"), "{message}");
    }

    #[test]
    fn a_contact_that_would_break_the_line_is_refused() {
        let message = error("[security]\ncontact = \"mailto:a@b\\nEvil: yes\"\n");
        assert!(message.contains("line 2"), "{message}");
    }

    #[test]
    fn relative_paths_start_at_the_data_folder() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(FILE_NAME), "[node]\nkey_file = \"/elsewhere/node.key\"\n")
            .unwrap();
        assert_eq!(
            Config::load(folder.path()).unwrap().node.key_file,
            Path::new("/elsewhere/node.key")
        );
        fs::write(folder.path().join(FILE_NAME), "").unwrap();
        assert_eq!(
            Config::load(folder.path()).unwrap().node.key_file,
            folder.path().join("keys/node.key")
        );
    }
}
