//! `GET /v1/openapi.json`: the description of the API (OpenAPI 3.1), made from the table of routes, so that it cannot say
//! anything else than the router does.

use std::sync::OnceLock;

use axum::http::header;
use axum::response::IntoResponse;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::Fleet;
use super::route::{Entry, Needs, Route, get};
use super::routes::entries;

mod answers;
mod operation;

/// Made when it is first asked for; it is the same for every kind of fleet.
static DESCRIPTION: OnceLock<Bytes> = OnceLock::new();

pub(super) fn routes<F: Fleet>() -> Vec<Route<F>> {
    vec![
        get("/v1/openapi.json", Needs::Nothing, show::<F>)
            .says("Describes this API, as OpenAPI 3.1."),
    ]
}

async fn show<F: Fleet>() -> impl IntoResponse {
    let made = || Bytes::from(describe(&entries::<F>()).to_string());
    let body = DESCRIPTION.get_or_init(made).clone();
    ([(header::CONTENT_TYPE, "application/json")], body)
}

/// The description of these routes.
#[must_use]
pub fn describe(entries: &[Entry]) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for entry in entries {
        // One that takes the rest of a path has a star, which OpenAPI does not know.
        let path = entry.path.replace("{*", "{");
        let item = paths.entry(path).or_insert_with(|| json!({}));
        if let Some(item) = item.as_object_mut() {
            item.insert(entry.method.as_str().to_lowercase(), operation::of(entry));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Pintle",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The HTTPS API of a Pintle node. Requests may be JSON or forms alike; numbers and switches may be \
                written as text. Every error has the one shape of `Error`.",
            "license": { "name": "Apache-2.0 OR MIT", "identifier": "Apache-2.0 OR MIT" },
        },
        "paths": paths,
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `POST /oauth/token`. What a route needs of its scopes is listed with the route.",
                },
            },
            "schemas": { "Error": answers::error() },
            "responses": answers::errors(entries),
        },
    })
}
