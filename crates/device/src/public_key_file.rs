//! Public keys in files, as people have them: DER, PEM (RFC 7468 label `PUBLIC KEY`), or a server record of
//! real hardware, whose first bytes are the DER.

use crate::error::Error;
use crate::server_block::{self, BlockKind, ServerBlock};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use pintle_dtls::PublicKey;
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Larger files are no keys.
const LARGEST: u64 = 16 * 1024;
const BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const END: &str = "-----END PUBLIC KEY-----";

/// Reads the public key of a cloud (P-256): DER or PEM SubjectPublicKeyInfo, or a 320-byte server record.
///
/// # Errors
/// [`Error::File`] or [`Error::PublicKey`].
pub fn read_cloud_key(path: &Path) -> Result<PublicKey, Error> {
    let content = read(path)?;
    let der = pem_or_der(&content);
    PublicKey::from_spki(&der).ok().or_else(|| ServerBlock::udp_key(&der).ok()).ok_or(
        Error::PublicKey { path: path.to_path_buf(), expected: "a P-256 public key (91 bytes)" },
    )
}

/// Reads the public key of a cloud's TCP service (RSA-2048, exponent 65537): DER or PEM SubjectPublicKeyInfo, or a
/// 512-byte server record. Returns its 294 bytes of DER.
///
/// # Errors
/// [`Error::File`] or [`Error::PublicKey`].
pub fn read_rsa_cloud_key(path: &Path) -> Result<Vec<u8>, Error> {
    let mut der = pem_or_der(&read(path)?);
    if der.len() == BlockKind::Tcp.size() {
        der.truncate(server_block::RSA_SPKI);
    }
    if server_block::is_rsa_2048(&der) {
        return Ok(der);
    }
    Err(Error::PublicKey {
        path: path.to_path_buf(),
        expected: "an RSA-2048 public key (294 bytes)",
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(Error::file("open", path))?;
    file.take(LARGEST).read_to_end(&mut content).map_err(Error::file("read", path))?;
    Ok(content)
}

/// The DER inside a PEM file; anything else is returned as it is.
fn pem_or_der(content: &[u8]) -> Vec<u8> {
    let inside = std::str::from_utf8(content)
        .ok()
        .and_then(|text| text.split_once(BEGIN)?.1.split_once(END))
        .map(|(inside, _)| inside.split_ascii_whitespace().collect::<String>());
    inside.and_then(|inside| STANDARD.decode(inside).ok()).unwrap_or_else(|| content.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn key() -> PublicKey {
        let mut point = [7; 65];
        point[0] = 4;
        PublicKey::from_point(&point).unwrap()
    }

    fn in_file(content: &[u8]) -> Result<PublicKey, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fs::write(&path, content).unwrap();
        read_cloud_key(&path)
    }

    #[test]
    fn a_key_is_read_from_der_pem_and_a_server_record() {
        let block = ServerBlock::udp(&key(), "127.0.0.1", 5684).unwrap();
        let pem = format!("{BEGIN}\n{}\n{END}\n", STANDARD.encode(key().to_spki()));
        assert_eq!(in_file(&key().to_spki()).unwrap(), key());
        assert_eq!(in_file(pem.as_bytes()).unwrap(), key());
        assert_eq!(in_file(block.as_bytes()).unwrap(), key());
    }

    #[test]
    fn what_is_no_key_is_named_with_its_file() {
        let error = in_file(b"hello").unwrap_err().to_string();
        assert!(error.contains("key is not a P-256 public key"), "{error}");
    }
}
