//! Finds what a path names: a device by id in either case or by the name its owner gave it, a product by number or slug.
//!
//! What is someone else's is answered like what does not exist, so that ids cannot be probed.

use pintle_protocol::DeviceId;

use super::error::ApiError;
use super::route::Unseen;
use crate::account::{AccountId, OrganizationId};
use crate::product::ProductId;
use crate::store::device::DeviceRow;
use crate::store::organization::OrganizationRow;
use crate::store::product::ProductRow;
use crate::store::{Store, StoreError};
use crate::weakened::{self, Weakness};

/// The owner's device of this id or name.
pub(super) async fn own_device(
    store: &Store,
    owner: AccountId,
    device: &str,
) -> Result<Option<DeviceRow>, StoreError> {
    if let Ok(id) = device.parse::<DeviceId>()
        && let Some(row) = store.devices().find(id).await?
    {
        let is_own = row.owner == Some(owner) || weakened::is(Weakness::OwnersUnchecked);
        return Ok(Some(row).filter(|_| is_own));
    }
    store.devices().find_by_name(owner, device).await
}

/// The product of this number or slug, whoever's it is.
pub(super) async fn product(
    store: &Store,
    product: &str,
) -> Result<Option<ProductRow>, StoreError> {
    match product.parse() {
        Ok(number) => store.products().find(ProductId(number)).await,
        Err(_) => store.products().find_by_slug(product).await,
    }
}

/// The organisation of this number or slug, whoever is in it.
pub(super) async fn organization(
    store: &Store,
    organization: &str,
) -> Result<Option<OrganizationRow>, StoreError> {
    match OrganizationId::parse(organization) {
        Some(id) => store.organizations().find(id).await,
        None => store.organizations().find_by_slug(organization).await,
    }
}

/// The device of a product with this id, or this name among its owner's.
pub(super) async fn member(
    store: &Store,
    product: &ProductRow,
    device: &str,
) -> Result<DeviceRow, ApiError> {
    let devices = store.devices();
    let row = match device.parse::<DeviceId>() {
        Ok(id) => devices.find(id).await?,
        Err(_) => devices.find_by_name(product.owner, device).await?,
    };
    let row = row.ok_or_else(not_of_product)?;
    let membership = store.product_devices().membership(row.id).await?;
    match membership {
        Some(known) if known.product == product.id => Ok(row),
        _ => Err(not_of_product()),
    }
}

pub(super) fn no_such_device(unseen: Unseen) -> ApiError {
    match unseen {
        Unseen::Missing => ApiError::no_such_device(),
        Unseen::Denied => ApiError::not_found("Permission Denied"),
    }
}

pub(super) fn no_such_product() -> ApiError {
    ApiError::not_found("Permission denied: there is no such product, or it is not yours to see.")
}

pub(super) fn no_such_organization() -> ApiError {
    let text = "Permission denied: there is no such organization, or it is not yours to see.";
    ApiError::not_found(text)
}

pub(super) fn not_of_product() -> ApiError {
    ApiError::not_found("Device not found for this product")
}
