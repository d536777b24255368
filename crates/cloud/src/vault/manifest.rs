//! What a backup says of itself: which node key it belongs to, and what its files hold; under a keyed hash, so that no
//! other store is slipped into it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use aws_lc_rs::digest::{Context, SHA256};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;

use crate::node_key::{Label, NodeKey};

/// The format of backups that this release makes.
const FORMAT: u32 = 1;

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Content {
    /// Its length in bytes.
    pub(super) size: u64,
    /// Its SHA-256, in hex.
    pub(super) sha256: String,
}

/// What a backup says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Manifest {
    format: u32,
    /// The release that made it.
    pub(super) release: String,
    /// When, in milliseconds since 1970.
    pub(super) made_at_ms: i64,
    /// The first bytes of the node key's mark, in hex.
    node_key: String,
    /// The store.
    pub(super) store: Content,
    /// The other files, sealed.
    pub(super) files: Content,
}

/// A manifest with its keyed hash, in hex.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Signed {
    backup: Manifest,
    tag: String,
}

/// Why a manifest is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It is none.
    NotOne,
    /// It was made by a later release.
    Later,
    /// It belongs to another node key.
    OtherKey,
    /// It was changed.
    Changed,
}

impl Manifest {
    pub(super) fn new(key: &NodeKey, made_at_ms: i64, store: Content, files: Content) -> Self {
        let release = env!("CARGO_PKG_VERSION").to_owned();
        Self { format: FORMAT, release, made_at_ms, node_key: hex(&key.short_mark()), store, files }
    }

    /// The text of the file.
    pub(super) fn write(&self, key: &NodeKey) -> io::Result<Vec<u8>> {
        let tag = hex(&key.tag(Label::BACKUP_MANIFEST, &serde_json::to_vec(self)?));
        let mut text = serde_json::to_vec_pretty(&Signed { backup: self.clone(), tag })?;
        text.push(b'\n');
        Ok(text)
    }

    /// Reads the text of the file; it is believed only where this node key wrote it.
    pub(super) fn read(text: &[u8], key: &NodeKey) -> Result<Self, Refused> {
        let signed: Signed =
            serde_json::from_slice(text).map_err(|_| {
                match serde_json::from_slice::<Outline>(text) {
                    Ok(outline) if outline.backup.format > FORMAT => Refused::Later,
                    _ => Refused::NotOne,
                }
            })?;
        let manifest = signed.backup;
        if manifest.format > FORMAT {
            return Err(Refused::Later);
        }
        if manifest.node_key != hex(&key.short_mark()) {
            return Err(Refused::OtherKey);
        }
        let bytes = serde_json::to_vec(&manifest).map_err(|_| Refused::NotOne)?;
        let tag = hex(&key.tag(Label::BACKUP_MANIFEST, &bytes));
        let same = tag.as_bytes().ct_eq(signed.tag.as_bytes());
        if bool::from(same) { Ok(manifest) } else { Err(Refused::Changed) }
    }
}

/// What every later format will have.
#[derive(Deserialize)]
struct Outline {
    backup: FormatOnly,
}

#[derive(Deserialize)]
struct FormatOnly {
    format: u32,
}

/// What a file holds. Blocks while all of it is read.
pub(super) fn content(path: &Path) -> io::Result<Content> {
    let mut file = File::open(path)?;
    let (mut hash, mut size) = (Context::new(&SHA256), 0);
    let mut buffer = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(Content { size, sha256: hex(hash.finish().as_ref()) });
        }
        hash.update(buffer.get(..read).unwrap_or_default());
        size += read as u64;
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    fn key(n: u8) -> NodeKey {
        NodeKey::from_bytes(Zeroizing::new([n; 32]))
    }

    #[test]
    fn a_manifest_is_believed_only_as_its_node_key_wrote_it() {
        let content = |size| Content { size, sha256: "00".into() };
        let manifest = Manifest::new(&key(1), 1_800_000_000_000, content(5), content(6));
        let text = manifest.write(&key(1)).unwrap();
        assert_eq!(Manifest::read(&text, &key(1)).unwrap(), manifest);
        assert_eq!(Manifest::read(&text, &key(2)), Err(Refused::OtherKey));
        let text = String::from_utf8(text).unwrap();
        let changed = text.replace("\"size\": 5", "\"size\": 7");
        assert_eq!(Manifest::read(changed.as_bytes(), &key(1)), Err(Refused::Changed));
        let later = text.replace("\"format\": 1", "\"format\": 2");
        assert_eq!(Manifest::read(later.as_bytes(), &key(1)), Err(Refused::Later));
        let later = br#"{"backup":{"format":2,"parts":[]},"tag":""}"#;
        assert_eq!(Manifest::read(later, &key(1)), Err(Refused::Later));
        assert_eq!(Manifest::read(b"{}", &key(1)), Err(Refused::NotOne));
    }
}
