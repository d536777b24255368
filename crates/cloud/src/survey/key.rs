//! The quality of keys: the pinned ones, each parsed and fingerprinted anew, and the cloud's own.

use super::Pin;
use crate::device_key::DeviceKey;
use crate::init::{TCP_PUBLIC_FILE, UDP_PUBLIC_FILE};
use crate::pinning::{self, KnownWeak, Modulus};
use crate::priority::stand_back;
use crate::store::survey::PinnedKey;
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ParsedPublicKey};
use pintle_dtls::PublicKey;
use pintle_protocol::DeviceId;
use serde::Serialize;
use std::fs;
use std::path::Path;

/// What was looked for in all RSA keys.
#[derive(Debug, Default, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct RsaLook {
    /// Why they were not looked at.
    pub untried: Option<String>,
    pub keys: usize,
    /// Whether they were held against a list of Debian's weak keys.
    pub debian: bool,
    pub weak: Vec<WeakKey>,
    pub shared: Vec<WeakKey>,
}

/// A weak key.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct WeakKey {
    pub device: String,
    pub with: Option<String>,
    pub why: String,
}

/// A key of the cloud.
#[derive(Debug, Serialize)]
#[expect(missing_docs, reason = "the name of each says it")]
pub struct OwnKey {
    pub name: &'static str,
    pub kind: &'static str,
    pub bits: u32,
    pub fingerprint: String,
    pub fault: Option<String>,
}

/// Looks at all pinned keys. Blocks, and is in nobody's way.
pub(super) fn look(known: &KnownWeak, debian: bool, keys: Vec<PinnedKey>) -> (Vec<Pin>, RsaLook) {
    stand_back();
    let mut moduli: Vec<(DeviceId, Modulus)> = Vec::new();
    let pins = keys.into_iter().map(|key| {
        let read = DeviceKey::read(&key.spki);
        if let Ok(DeviceKey::Rsa1024(rsa)) = &read {
            moduli.push((key.device, *rsa.modulus()));
        }
        let fingerprint = hex(digest(&SHA256, &key.spki).as_ref());
        let fault = match read {
            Err(what) => Some(format!("what is stored as its key is none: {what}")),
            Ok(_) if fingerprint != key.fingerprint.to_string() => {
                Some("its key is stored under the fingerprint of another".to_owned())
            }
            Ok(found) if found.kind().as_str() != key.kind => {
                Some("its key is of another kind than the store says".to_owned())
            }
            Ok(DeviceKey::P256(point)) if !is_on_curve(&point) => {
                Some("its key is no point on the curve P-256".to_owned())
            }
            Ok(_) => None,
        };
        let device = key.device.to_string();
        Pin { device, kind: key.kind, fingerprint, by: key.by, at_ms: key.at_ms, fault }
    });
    let pins = pins.collect();
    (pins, pinning::look(known, debian, &moduli))
}

fn is_on_curve(key: &PublicKey) -> bool {
    ParsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, key.point().as_slice()).is_ok()
}

/// The cloud's own keys, as their public halves lie in the data folder.
pub(super) fn own(data: &Path) -> Vec<OwnKey> {
    let udp = fs::read(data.join(UDP_PUBLIC_FILE)).map_err(|error| error.to_string());
    let point = udp.and_then(|file| {
        let key = PublicKey::from_spki(&file).map_err(|error| error.to_string())?;
        let sound = is_on_curve(&key);
        sound.then_some((256, file)).ok_or_else(|| "it is no point on the curve".to_owned())
    });
    let mut all = vec![own_key("udp", "p256", point)];
    if let Ok(file) = fs::read(data.join(TCP_PUBLIC_FILE)) {
        all.push(own_key("tcp", "rsa", pinning::own_key(&file)));
    }
    all
}

fn own_key(
    name: &'static str,
    kind: &'static str,
    found: Result<(u32, Vec<u8>), String>,
) -> OwnKey {
    match found {
        Ok((bits, spki)) => {
            let fingerprint = hex(digest(&SHA256, &spki).as_ref());
            OwnKey { name, kind, bits, fingerprint, fault: None }
        }
        Err(why) => OwnKey { name, kind, bits: 0, fingerprint: String::new(), fault: Some(why) },
    }
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
