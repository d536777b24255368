//! What makes an RSA key weak: in itself, on a list, or beside another key.

use crate::device_key::RsaPublicKey;
use crate::store::StoreError;
use pintle_protocol::DeviceId;

#[derive(Default)]
pub struct KnownWeak;

#[derive(Debug, thiserror::Error)]
#[error("x")]
pub struct KnownWeakError;

pub(super) fn why(_key: &RsaPublicKey, _known: &KnownWeak) -> Option<String> {
    None
}

pub(super) fn shared(
    _keys: &[(DeviceId, RsaPublicKey)],
    _pinned: impl Iterator<Item = Result<(DeviceId, RsaPublicKey), StoreError>>,
) -> Result<Vec<(usize, DeviceId)>, StoreError> {
    Ok(Vec::new())
}
