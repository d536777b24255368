//! A manufacturing batch: a CSV file of device ids and public keys.
//!
//! Columns `device_id,public_key,platform_id,owner`, by name; the last two may be empty or missing.
//! A key, P-256 or RSA, is base64 of its SPKI, or the name of a PEM or DER file beside the CSV. One bad line names
//! itself, and nothing of the file is taken.

use crate::account::AccountId;
use crate::device_key::DeviceKey;
use crate::store::pin::{NewPin, PinnedBy};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pintle_protocol::DeviceId;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// One pin as an operator gives it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PinLine {
    /// Where it stands in the file; 0 for a single pin.
    pub line: u64,
    /// The device id, 24 hex digits.
    pub device: String,
    /// The key, P-256 or RSA: base64 of its SPKI.
    pub key: String,
    /// The platform, where known.
    pub platform_id: Option<u16>,
    /// The name of the account that gets the device.
    pub owner: Option<String>,
}

/// Why a batch was not read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BatchFileError {
    /// The file cannot be read, or is no CSV.
    #[error("{}: {source}; nothing was imported", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: csv::Error,
    },
    /// A column is missing.
    #[error("{}: no column `{column}`; the first line must name device_id,public_key,platform_id,owner", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
    },
    /// A line is bad.
    #[error("{}, line {line}: {why}; nothing was imported", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The line, counted from 1.
        line: u64,
        /// What is wrong with it.
        why: String,
    },
}

/// Reads a batch; every line is checked.
///
/// # Errors
/// [`BatchFileError`], naming the first bad line.
pub fn read_batch(path: &Path) -> Result<Vec<PinLine>, BatchFileError> {
    let file = |source| BatchFileError::File { path: path.into(), source };
    // With one kind of line end, so that lines are counted as an editor does.
    let text = fs::read(path).map_err(|source| file(source.into()))?;
    let text: Vec<u8> = text
        .iter()
        .enumerate()
        .filter(|(at, byte)| **byte != b'\r' || text.get(at + 1) != Some(&b'\n'))
        .map(|(_, byte)| *byte)
        .collect();
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).flexible(true).from_reader(text.as_slice());
    let headers = reader.headers().map_err(file)?.clone();
    let column = |name| headers.iter().position(|header| header == name);
    let needed = |name| {
        column(name).ok_or_else(|| BatchFileError::Column { path: path.into(), column: name })
    };
    let (device, key) = (needed("device_id")?, needed("public_key")?);
    let (platform, owner) = (column("platform_id"), column("owner"));
    let folder = path.parent().unwrap_or(Path::new(""));
    let (mut pins, mut lines) = (Vec::new(), HashMap::new());
    for record in reader.records() {
        let record = record.map_err(file)?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |column: Option<usize>| {
            column.and_then(|column| record.get(column)).filter(|text| !text.is_empty())
        };
        let bad = |why| BatchFileError::Line { path: path.into(), line, why };
        if record.len() != headers.len() {
            let (found, named) = (record.len(), headers.len());
            return Err(bad(format!("it has {found} fields, and the first line names {named}")));
        }
        let pin = read_line(line, &field, (device, key, platform, owner), folder).map_err(bad)?;
        if let Some(first) = lines.insert(pin.device.to_ascii_lowercase(), line) {
            return Err(bad(format!("device {} is on line {first} already", pin.device)));
        }
        pins.push(pin);
    }
    Ok(pins)
}

type Columns = (usize, usize, Option<usize>, Option<usize>);

fn read_line<'a>(
    line: u64,
    field: &impl Fn(Option<usize>) -> Option<&'a str>,
    (device, key, platform, owner): Columns,
    folder: &Path,
) -> Result<PinLine, String> {
    let device = field(Some(device)).ok_or("no device_id")?;
    device.parse::<DeviceId>().map_err(|_| format!("device_id `{device}` is not 24 hex digits"))?;
    let key = field(Some(key)).ok_or("no public_key")?;
    let key = read_key(key, folder)?;
    let platform_id = field(platform)
        .map(|text| {
            text.parse()
                .map_err(|_| format!("platform_id `{text}` is not a number from 0 to 65535"))
        })
        .transpose()?;
    let owner = field(owner).map(str::to_owned);
    Ok(PinLine { line, device: device.into(), key: base64_of(&key), platform_id, owner })
}

/// A key given as base64 of its SPKI, or as the name of a file.
fn read_key(text: &str, folder: &Path) -> Result<DeviceKey, String> {
    let path = folder.join(text);
    if path.is_file() {
        return read_key_file(&path);
    }
    // What is DER in base64 begins so, as long as any key.
    match STANDARD.decode(text) {
        Ok(spki) if text.starts_with('M') => {
            DeviceKey::read(&spki).map_err(|what| format!("public_key: {what}"))
        }
        _ => Err("public_key is neither base64 of an SPKI nor the name of a file here".into()),
    }
}

/// Reads a public key from a PEM or DER file.
pub(super) fn read_key_file(path: &Path) -> Result<DeviceKey, String> {
    let bytes = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    DeviceKey::read(&bytes).map_err(|what| format!("{}: {what}", path.display()))
}

fn base64_of(key: &DeviceKey) -> String {
    STANDARD.encode(key.to_spki())
}

impl PinLine {
    /// A single pin, with the key from a PEM or DER file.
    ///
    /// # Errors
    /// What is wrong with the file, for a person.
    pub fn from_file(device: &str, key: &Path, owner: Option<String>) -> Result<Self, String> {
        let key = base64_of(&read_key_file(key)?);
        Ok(Self { line: 0, device: device.into(), key, platform_id: None, owner })
    }

    /// A pin of a batch that was made and not read; `line` counts within it.
    #[must_use]
    pub fn made(
        line: u64,
        device: DeviceId,
        key: &DeviceKey,
        platform_id: Option<u16>,
        owner: Option<String>,
    ) -> Self {
        Self { line, device: device.to_string(), key: base64_of(key), platform_id, owner }
    }

    pub(super) fn check(
        &self,
        owner: Option<AccountId>,
        by: PinnedBy,
        at_ms: i64,
    ) -> Result<NewPin, String> {
        let device = self.device.parse();
        let device =
            device.map_err(|_| format!("`{}` is not a device id: 24 hex digits", self.device))?;
        let spki = STANDARD.decode(&self.key).map_err(|_| "the key is not base64")?;
        let key = DeviceKey::read(&spki).map_err(|what| format!("the key: {what}"))?;
        Ok(NewPin { device, key, platform_id: self.platform_id, owner, by, at_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDaBnEPpr23xjB1+Xnp36mC3KeN+6xRW/RqsDfF3a0Dmsfa4ek\
                       ixLJO082X29Gm+CS4v0aRW9oGraixTqMVC4QQ==";

    fn batch(text: &str) -> Result<Vec<PinLine>, BatchFileError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("batch.csv");
        fs::write(&path, text).unwrap();
        read_batch(&path)
    }

    #[test]
    fn a_batch_is_read_by_column_name() {
        let key = KEY.replace(' ', "");
        let pins = batch(&format!(
            "public_key,device_id,owner,platform_id\n{key},0123456789abcdef01234567,ann,12\n{key},0123456789ABCDEF01234568,,\n"
        ))
        .unwrap();
        assert_eq!((pins[0].platform_id, pins[0].owner.as_deref()), (Some(12), Some("ann")));
        assert_eq!((pins[1].platform_id, pins[1].owner.as_deref(), pins[1].line), (None, None, 3));
    }

    #[test]
    fn a_bad_line_is_named() {
        let key = KEY.replace(' ', "");
        let good = format!("device_id,public_key\n0123456789abcdef01234567,{key}\n");
        for (bad, why) in [
            (format!("{good}xyz,{key}\n"), "24 hex digits"),
            (format!("{good}0123456789abcdef01234568,AAAA\n"), "neither base64"),
            (format!("{good}0123456789abcdef01234568,\n"), "no public_key"),
            (format!("{good}0123456789ABCDEF01234567,{key}\n"), "on line 2 already"),
            (format!("{good}0123456789abcdef01234568\n"), "1 fields"),
            (format!("{good}0123456789abcdef01234568,\n").replace('\n', "\r\n"), "no public_key"),
        ] {
            let error = batch(&bad).unwrap_err().to_string();
            assert!(error.contains("line 3") && error.contains(why), "{error}");
        }
        assert!(batch("id,key\n").unwrap_err().to_string().contains("device_id"));
    }
}
