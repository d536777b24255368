//! In a build without the TCP service no RSA key can be looked at, and none is pinned.

use super::Candidate;
use crate::store::pin::PinError;
use crate::store::{Store, StoreError};
use std::collections::BTreeMap;

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
