//! Whose webhooks a route is about: those of the caller, or of the product that its path names.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::account::{AccountId, Caller};
use crate::api::error::ApiError;
use crate::api::this::This;
use crate::product::ProductId;
use crate::store::product::ProductRow;

/// Whose they are. The gate let the caller through to them.
pub(super) struct Whose {
    pub(super) caller: Caller,
    pub(super) owner: AccountId,
    pub(super) product: Option<ProductRow>,
}

impl Whose {
    pub(super) fn product_id(&self) -> Option<ProductId> {
        self.product.as_ref().map(|product| product.id)
    }
}

impl<S: Sync> FromRequestParts<S> for Whose {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let product = parts.extensions.get::<This<ProductRow>>().cloned().map(|This(row)| row);
        let owner = product.as_ref().map_or(caller.account, |product| product.owner);
        Ok(Self { caller, owner, product })
    }
}
