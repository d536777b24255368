//! Finds the device a path means: by id in either case, or by the name its owner gave it.
//!
//! A device of someone else is "not found" like one that does not exist, so that ids cannot be probed.

use pintle_protocol::DeviceId;

use super::error::ApiError;
use crate::account::AccountId;
use crate::store::Store;
use crate::store::device::DeviceRow;

/// The owner's device of this id or name.
pub(super) async fn own_device(
    store: &Store,
    owner: AccountId,
    device: &str,
) -> Result<DeviceRow, ApiError> {
    find(store, owner, device).await?.ok_or_else(ApiError::no_such_device)
}

/// The same, where clients expect to be refused rather than to be told that nothing was found.
pub(super) async fn own_device_to_change(
    store: &Store,
    owner: AccountId,
    device: &str,
) -> Result<DeviceRow, ApiError> {
    find(store, owner, device).await?.ok_or_else(|| ApiError::forbidden("Permission Denied"))
}

async fn find(
    store: &Store,
    owner: AccountId,
    device: &str,
) -> Result<Option<DeviceRow>, ApiError> {
    if let Ok(id) = device.parse::<DeviceId>()
        && let Some(row) = store.devices().find(id).await?
    {
        return Ok(Some(row).filter(|row| row.owner == Some(owner)));
    }
    Ok(store.devices().find_by_name(owner, device).await?)
}
