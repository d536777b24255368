//! Reads a server's private key from what people have: SEC 1 (RFC 5915), PKCS#1 (RFC 8017) or PKCS#8 (RFC 5208), as
//! DER or PEM, and says of everything else what it is.

use crate::der::{self, INTEGER, OBJECT_ID, OCTET_STRING, SEQUENCE};
use crate::pem;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use std::fs::File;
use std::io::Read;
use std::path::Path;
use zeroize::Zeroizing;

/// No key file is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// `[0]` of an `ECPrivateKey`: its curve.
const CURVE: u8 = 0xa0;

const LOCKED: &str = "it is locked with a passphrase: unlock it (openssl pkey -in FILE -out NEW), and remove the unlocked copy afterwards";
const NO_KEY: &str = "it holds no private key: PEM or DER, as SEC 1, PKCS#1 or PKCS#8";

/// The content of a key file.
pub(super) fn read(path: &Path) -> Result<Zeroizing<Vec<u8>>, String> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(8 << 10));
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    match bytes.len() as u64 > LONGEST {
        true => Err("it is too long for a key".to_owned()),
        false => Ok(bytes),
    }
}

/// What kind of private key some DER is.
enum Kind {
    Rsa,
    P256,
    OtherCurve,
    Other,
}

/// The DER in a key file, which may be text around it.
fn unwrap(bytes: &[u8]) -> Result<Zeroizing<Vec<u8>>, String> {
    if !pem::is_pem(bytes) {
        return Ok(Zeroizing::new(bytes.to_vec()));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| NO_KEY)?;
    let mut blocks = pem::blocks(text);
    let private = blocks.iter().position(|block| block.label.ends_with("PRIVATE KEY"));
    let Some(block) = private.map(|place| blocks.swap_remove(place)) else {
        let is_public = blocks.iter().any(|block| block.label.ends_with("PUBLIC KEY"));
        let what =
            if is_public { "it holds a public key: the private one is needed" } else { NO_KEY };
        return Err(what.to_owned());
    };
    match block.is_locked {
        true => Err(LOCKED.to_owned()),
        false => block.der.ok_or_else(|| NO_KEY.to_owned()),
    }
}

fn kind(bytes: &[u8]) -> Option<Kind> {
    let (fields, _) = der::element(bytes, SEQUENCE)?;
    let (version, after) = der::element(fields, INTEGER)?;
    if let ([1], Some((_, after))) = (version, der::element(after, OCTET_STRING)) {
        let curve = der::element(after, CURVE).map(|(curve, _)| der::only(curve, OBJECT_ID));
        return Some(curve.map_or(Kind::P256, |curve| kind_of_curve(curve)));
    }
    if let Some((algorithm, _)) = der::element(after, SEQUENCE) {
        let (name, parameters) = der::element(algorithm, OBJECT_ID)?;
        return Some(match name {
            der::RSA => Kind::Rsa,
            der::EC => kind_of_curve(der::only(parameters, OBJECT_ID)),
            _ => Kind::Other,
        });
    }
    der::element(after, INTEGER).map(|_| Kind::Rsa)
}

fn kind_of_curve(curve: Option<&[u8]>) -> Kind {
    if curve == Some(der::P256) { Kind::P256 } else { Kind::OtherCurve }
}

/// The key for devices on UDP.
pub(super) fn p256(bytes: &[u8]) -> Result<EcdsaKeyPair, String> {
    let bytes = unwrap(bytes)?;
    match kind(&bytes) {
        Some(Kind::P256) => {}
        Some(Kind::OtherCurve) => {
            return Err("its curve is not P-256, the one that devices on UDP take".to_owned());
        }
        Some(Kind::Rsa) => {
            return Err(
                "it is an RSA key, for devices on the TCP service: give it as --import-tcp-key"
                    .to_owned(),
            );
        }
        Some(Kind::Other) => return Err("it is neither a P-256 key nor an RSA key".to_owned()),
        None => return Err(NO_KEY.to_owned()),
    }
    let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_ASN1_SIGNING, whole(&bytes));
    pair.map_err(|_| "it is damaged: its numbers do not belong together".to_owned())
}

/// The first element, without what a dump of a flash page has behind it.
fn whole(bytes: &[u8]) -> &[u8] {
    let rest = der::element(bytes, SEQUENCE).map_or(0, |(_, rest)| rest.len());
    bytes.get(..bytes.len() - rest).unwrap_or(bytes)
}

/// A private key as PKCS#1, and the public one as SPKI.
type RsaPair = (Zeroizing<Vec<u8>>, Vec<u8>);

/// A new key for devices on the TCP service.
#[cfg(feature = "tcp")]
pub(super) fn new_rsa() -> Result<RsaPair, String> {
    let key = pintle_rsa::CloudKey::generate().map_err(|error| error.to_string())?;
    rsa_pair(&key)
}

#[cfg(feature = "tcp")]
fn rsa_pair(key: &pintle_rsa::CloudKey) -> Result<RsaPair, String> {
    let der = key.to_der().map_err(|error| error.to_string())?;
    Ok((der, key.public().as_spki().to_vec()))
}

#[cfg(feature = "tcp")]
fn read_rsa(der: &[u8]) -> Result<RsaPair, String> {
    rsa_pair(&pintle_rsa::CloudKey::read(der).map_err(|error| error.to_string())?)
}

#[cfg(not(feature = "tcp"))]
pub(super) fn new_rsa() -> Result<RsaPair, String> {
    Err("this program was built without the TCP service".to_owned())
}

#[cfg(not(feature = "tcp"))]
fn read_rsa(_: &[u8]) -> Result<RsaPair, String> {
    new_rsa()
}

/// The key for devices on the TCP service.
pub(super) fn rsa(bytes: &[u8]) -> Result<RsaPair, String> {
    let bytes = unwrap(bytes)?;
    match kind(&bytes) {
        Some(Kind::Rsa) => {}
        Some(Kind::P256 | Kind::OtherCurve) => {
            return Err(
                "it is an elliptic-curve key, for devices on UDP: give it as --import-udp-key"
                    .to_owned(),
            );
        }
        Some(Kind::Other) => return Err("it is neither an RSA key nor a P-256 key".to_owned()),
        None => return Err(NO_KEY.to_owned()),
    }
    read_rsa(whole(&bytes))
}
