//! `/v1/orgs`: the caller's organisations, of which there are none.

use axum::Json;
use serde_json::{Value, json};

use super::Fleet;
use super::route::{Needs, Route, get};
use crate::account::Caller;

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![get("/v1/orgs", Needs::Token, list).says("Lists the caller's organisations.")]
}

/// `GET /v1/orgs`.
async fn list(_: Caller) -> Json<Value> {
    Json(json!({ "organizations": [] }))
}
