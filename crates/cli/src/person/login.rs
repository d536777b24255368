//! The login that the command line keeps: `login.json` in `~/.config/pintle` (mode 0600 in a folder of mode 0700), with the
//! server, its CA and the token. `pintle login` writes it.

use super::refreshing::now;
use crate::failure::Failure;
use serde_json::{Value, json};
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The file with the login.
const FILE: &str = "login.json";
/// No login is larger, in bytes.
const LARGEST: u64 = 16 * 1024;

/// A login: where, whom to trust there, and the proof. No `Debug`: it holds tokens.
pub struct Login {
    /// `https://` and a host, no slash at the end.
    pub server: String,
    /// The certificate authority of the server (PEM); the system's where there is none.
    pub ca: Option<PathBuf>,
    /// The access token.
    pub token: Zeroizing<String>,
    /// What a new access token is had for, where the server gave one.
    pub refresh: Option<Zeroizing<String>>,
    /// When the access token ends, in seconds since 1970, where the server said so.
    pub good_until: Option<i64>,
    /// What this machine called itself.
    pub client: String,
}

/// `$XDG_CONFIG_HOME/pintle`, or `~/.config/pintle`.
pub fn folder() -> Result<PathBuf, Failure> {
    let set = |name: &str| {
        let path = std::env::var_os(name).map(PathBuf::from);
        path.filter(|path| path.is_absolute())
    };
    let config = set("XDG_CONFIG_HOME").or_else(|| Some(set("HOME")?.join(".config")));
    let config = config.ok_or_else(|| Failure::usage("no home folder: HOME is not set"))?;
    Ok(config.join("pintle"))
}

impl Login {
    /// A login at a server, as this client, which has no token yet.
    pub fn new(server: &str, ca: Option<PathBuf>, client: &str) -> Self {
        let (server, client) = (server.to_owned(), client.to_owned());
        let token = Zeroizing::default();
        Self { server, ca, token, refresh: None, good_until: None, client }
    }

    /// Takes the tokens of an answer (RFC 6749 5.1).
    pub fn take(&mut self, answer: &Value) -> Result<(), Failure> {
        let field = |name: &str| answer.get(name).and_then(Value::as_str);
        let secret = |name: &str| field(name).map(|text| Zeroizing::new(text.to_owned()));
        self.token = secret("access_token")
            .ok_or_else(|| Failure::failed("the server's answer has no token in it"))?;
        self.refresh = secret("refresh_token");
        let seconds =
            answer.get("expires_in").and_then(Value::as_i64).filter(|seconds| *seconds > 0);
        self.good_until = seconds.map(|seconds| now().saturating_add(seconds));
        Ok(())
    }

    /// The login that is kept.
    pub fn load() -> Result<Self, Failure> {
        let path = folder()?.join(FILE);
        let text = match read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Failure::usage("nobody is logged in here: `pintle login` first"));
            }
            Err(error) => return Err(failed(&path, &error)),
        };
        let damaged = || Failure::usage(format!("{} is damaged: log in again", path.display()));
        let json: Value = serde_json::from_str(&text).map_err(|_| damaged())?;
        let field = |name: &str| json.get(name).and_then(Value::as_str);
        let secret = |name: &str| field(name).map(|text| Zeroizing::new(text.to_owned()));
        Ok(Self {
            server: field("server").ok_or_else(damaged)?.to_owned(),
            ca: field("ca").map(PathBuf::from),
            token: secret("access_token").ok_or_else(damaged)?,
            refresh: secret("refresh_token"),
            good_until: json.get("good_until").and_then(Value::as_i64),
            client: field("client").unwrap_or("pintle").to_owned(),
        })
    }

    /// Keeps it, instead of the one that is kept.
    pub fn save(&self) -> Result<(), Failure> {
        let path = folder()?.join(FILE);
        let json = json!({
            "server": self.server,
            "ca": self.ca,
            "access_token": self.token.as_str(),
            "refresh_token": self.refresh.as_ref().map(|token| token.as_str()),
            "good_until": self.good_until,
            "client": self.client,
        });
        let text = Zeroizing::new(json.to_string());
        keep(&path, text.as_bytes()).map_err(|error| failed(&path, &error))
    }

    /// Forgets the login that is kept; false if there is none.
    pub fn forget() -> Result<bool, Failure> {
        let path = folder()?.join(FILE);
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(&path, &error)),
        }
    }
}

/// Replaces a file that only its owner may read, in one step, making its folder where there is none.
pub fn keep(path: &Path, content: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let fresh = path.with_extension("new");
    match fs::remove_file(&fresh) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&fresh)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

fn read(path: &Path) -> io::Result<Zeroizing<String>> {
    use std::io::Read as _;
    let mut text = Zeroizing::new(String::with_capacity(LARGEST as usize));
    fs::File::open(path)?.take(LARGEST).read_to_string(&mut text)?;
    Ok(text)
}

fn failed(path: &Path, error: &io::Error) -> Failure {
    Failure::failed(format!("{}: {error}", path.display()))
}
