//! `/v1/products` and `/v1/orgs`: there are none yet, said in the form clients expect.

use axum::Json;
use serde_json::{Value, json};

use super::error::ApiError;
use crate::account::Caller;

/// `GET /v1/products`, `GET /v1/user/products`.
pub(super) async fn list(_: Caller) -> Json<Value> {
    Json(json!({ "products": [] }))
}

/// `GET /v1/orgs`.
pub(super) async fn organizations(_: Caller) -> Json<Value> {
    Json(json!({ "organizations": [] }))
}

/// Anything under `/v1/products/{product}` and `/v1/orgs/{organization}`.
pub(super) async fn denied(_: Caller) -> ApiError {
    ApiError::forbidden("Permission denied")
}
