//! The keys that one is sent secrets under: made or read here, registered at the server.

use crate::args::KeyAddArgs;
use crate::failure::Failure;
use crate::person::{Server, folder};
use crate::say::say;
use crate::signing::document::{Readers, create, read};
use pintle_cloud::secret::{Fingerprint, PrivateKey, RecipientKey};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The private key that is made here.
const FILE: &str = "secret.key";

/// Where the private key is that [`add`] makes.
pub fn default_key() -> Result<PathBuf, Failure> {
    Ok(folder()?.join(FILE))
}

/// The private key in a file.
pub fn private(path: &Path) -> Result<PrivateKey, Failure> {
    let read = PrivateKey::read(&read(path)?);
    read.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))
}

pub fn add(args: &KeyAddArgs) -> Result<(), Failure> {
    let server = Server::of_login()?;
    let (key, made) = match &args.public {
        Some(path) => {
            let key = RecipientKey::read(&read(path)?);
            (key.map_err(|error| Failure::usage(format!("{}: {error}", path.display())))?, None)
        }
        None => {
            let path = default_key()?;
            (made(&path)?.public().clone(), Some(path))
        }
    };
    server.post("/v1/secrets/keys", &json!({ "public_key": key.to_pem() }))?;
    let fingerprint = key.fingerprint();
    if args.json {
        let file = made.as_ref().map(|path| path.display().to_string());
        say!("{:#}", json!({ "fingerprint": fingerprint.hex(), "private_key": file }));
        return Ok(());
    }
    say!("Registered {} with the fingerprint", key.kind());
    say!("  {fingerprint}");
    say!("Tell it to whoever sends you secrets, by another way than this server.");
    if let Some(path) = made {
        say!("The private key is {}: without it nobody reads what is sent to you.", path.display());
    }
    Ok(())
}

/// The key that is there, or a new one.
fn made(path: &Path) -> Result<PrivateKey, Failure> {
    if path.exists() {
        return private(path);
    }
    let cannot =
        |why: &dyn std::fmt::Display| Failure::failed(format!("{}: {why}", path.display()));
    let key = PrivateKey::generate().map_err(super::failure)?;
    let text = key.to_pem().ok_or_else(|| Failure::failed("the new key cannot be written"))?;
    if let Some(folder) = path.parent() {
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
        made.map_err(|error| cannot(&error))?;
    }
    create(path, Readers::Owner, text.as_bytes())?;
    Ok(key)
}

pub fn list(as_json: bool) -> Result<(), Failure> {
    let answer = Server::of_login()?.get("/v1/secrets/keys")?;
    let keys = answer.get("keys").and_then(Value::as_array).cloned().unwrap_or_default();
    if as_json {
        say!("{:#}", Value::from(keys));
        return Ok(());
    }
    for key in keys {
        let text = |name: &str| key.get(name).and_then(Value::as_str).unwrap_or_default();
        let fingerprint: Result<Fingerprint, _> = text("fingerprint").parse();
        let Ok(fingerprint) = fingerprint else { continue };
        say!("{fingerprint}  {}  {}", text("algorithm"), text("added_at"));
    }
    Ok(())
}

pub fn remove(fingerprint: Fingerprint) -> Result<(), Failure> {
    Server::of_login()?.delete(&format!("/v1/secrets/keys/{}", fingerprint.hex()))?;
    say!("Removed: nothing more is sealed to it.");
    Ok(())
}
