//! In a build without the TCP service no RSA key can be looked at, and none is pinned.

use super::Candidate;
use crate::store::pin::PinError;
use crate::store::{Store, StoreError};
use crate::survey::RsaLook;
use pintle_protocol::DeviceId;
use std::collections::BTreeMap;

pub(crate) type Modulus = [u8; 128];

/// Keys that are known to be weak: none here.
#[derive(Clone, Default)]
pub struct KnownWeak {
    _none: (),
}

impl KnownWeak {
    /// Takes any list, for nothing.
    ///
    /// # Errors
    /// None.
    pub fn parse(_text: &[u8]) -> Result<Self, String> {
        Ok(Self { _none: () })
    }
}

pub(super) fn faults(
    _store: &Store,
    _known: &KnownWeak,
    keys: Vec<Candidate>,
) -> Result<BTreeMap<usize, PinError>, StoreError> {
    Ok(keys.into_iter().map(|key| (key.index, PinError::NoTcp)).collect())
}

const NO_TCP: &str = "this program was built without the TCP service, which alone has RSA keys";

pub(crate) fn look(_known: &KnownWeak, debian: bool, keys: &[(DeviceId, Modulus)]) -> RsaLook {
    let untried = (!keys.is_empty()).then(|| NO_TCP.to_owned());
    RsaLook { keys: keys.len(), debian, untried, ..RsaLook::default() }
}

pub(crate) fn own_key(_file: &[u8]) -> Result<(u32, Vec<u8>), String> {
    Err(NO_TCP.to_owned())
}
