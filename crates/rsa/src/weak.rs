//! Keys that nobody should pin: whoever knows how finds their private half.
//!
//! [`read_device_key`] and [`check`] look at one key, [`shared`] at many together. Each finding is a reason for a
//! person to read. They are about numbers that everybody may know, so nothing here takes care to hide what it sees.

mod arithmetic;
mod close;
mod debian;
mod large;
mod products;
mod roca;
pub mod shared;

pub use debian::{DebianList, ListError};

use crate::{KeyError, key_file};
use openssl::bn::{BigNum, BigNumContext, BigNumRef};
use openssl::error::ErrorStack;
use pintle_protocol::tcp::DevicePublicKey;

const DEVICE_BITS: u32 = 1024;
/// Below this, a factor is found by trying.
const SMALL: u32 = 10_000;

/// Why a key of the right shape protects nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Weakness {
    /// No product of two odd primes is even.
    #[error("its modulus is even, so it is no RSA key: it was damaged, or made up")]
    Even,
    /// Found by trying.
    #[error("{factor} divides its modulus: it was damaged, or made by a broken generator")]
    SmallFactor {
        /// The smallest.
        factor: u32,
    },
    /// Then the private exponent follows from the public one.
    #[error("its modulus is a prime, so everybody can compute the private key")]
    Prime,
    /// Found in Fermat's way.
    #[error("its two primes are so close to each other that they are found at once")]
    ClosePrimes,
    /// CVE-2017-15361.
    #[error("it has the fingerprint of keys from a broken chip library (ROCA, CVE-2017-15361)")]
    Roca,
    /// CVE-2008-0166.
    #[error("it is on the list of keys that Debian's broken random numbers made (CVE-2008-0166)")]
    Debian,
}

/// Reads the public key of a device, from PEM or DER (SubjectPublicKeyInfo or PKCS#1), and checks it.
///
/// # Errors
/// [`KeyError`] says what is wrong with it.
pub fn read_device_key(bytes: &[u8], debian: &DebianList) -> Result<DevicePublicKey, KeyError> {
    let key = key_file::read_public(bytes)?;
    key_file::check_shape(&key, DEVICE_BITS)?;
    check(&key.n().to_vec(), debian)?;
    let spki = key.public_key_to_der()?;
    DevicePublicKey::from_spki(&spki).map_err(|_| KeyError::Inconsistent)
}

/// Checks a modulus of any size, most significant byte first: some milliseconds of work.
///
/// # Errors
/// [`KeyError::Weak`] with the first weakness found.
pub fn check(modulus: &[u8], debian: &DebianList) -> Result<(), KeyError> {
    if debian.contains(modulus) {
        return Err(Weakness::Debian.into());
    }
    weakness(&*BigNum::from_slice(modulus)?)?.map_or(Ok(()), |weakness| Err(weakness.into()))
}

fn weakness(modulus: &BigNumRef) -> Result<Option<Weakness>, ErrorStack> {
    if modulus.is_even() {
        return Ok(Some(Weakness::Even));
    }
    if let Some(factor) = small_factor(modulus)? {
        return Ok(Some(Weakness::SmallFactor { factor }));
    }
    if roca::has_fingerprint(modulus)? {
        return Ok(Some(Weakness::Roca));
    }
    if modulus.is_prime(0, &mut *BigNumContext::new()?)? {
        return Ok(Some(Weakness::Prime));
    }
    Ok(close::are_factors_close(modulus)?.then_some(Weakness::ClosePrimes))
}

fn small_factor(modulus: &BigNumRef) -> Result<Option<u32>, ErrorStack> {
    for prime in arithmetic::odd_primes(SMALL) {
        if modulus.mod_word(prime)? == 0 {
            return Ok(Some(prime));
        }
    }
    Ok(None)
}
