//! Request bodies: JSON and forms are taken alike, everywhere, into named fields.

use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use serde_json::{Map, Value};

use super::MAX_BODY;
use super::error::ApiError;

/// For a whole body to come, so that nobody keeps a connection with a byte now and then.
const BODY_WITHIN: Duration = Duration::from_secs(20);

/// The fields of a request body; empty when there is none.
#[derive(Debug, Default)]
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    /// The first of these names that is there and not null.
    pub(super) fn get(&self, names: &[&str]) -> Option<&Value> {
        names.iter().find_map(|name| self.0.get(*name)).filter(|value| !value.is_null())
    }

    /// The first of these names as text; numbers and booleans are written out, lists and objects stay JSON.
    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        self.get(names).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    }

    /// The first of these names as yes or no. Clients send `true`, `1` and `"1"`.
    pub(super) fn flag(&self, names: &[&str]) -> Option<bool> {
        self.text(names).map(|text| matches!(text.as_str(), "1" | "true" | "on" | "yes"))
    }

    /// Whether the body has this field, null or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }
}

impl<S: Sync> FromRequest<S> for Fields {
    type Rejection = ApiError;

    async fn from_request(request: Request, _: &S) -> Result<Self, ApiError> {
        let kind =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind
            .unwrap_or_default()
            .split(';')
            .next()
            .unwrap_or_default()
            .trim()
            .to_ascii_lowercase();
        let body = read(request).await?;
        match kind.as_str() {
            "multipart/form-data" => Err(ApiError::new(
                StatusCode::NOT_IMPLEMENTED,
                "This server takes no files yet: flashing and uploads come with a later release.",
            )),
            "application/x-www-form-urlencoded" => Ok(form(&body)),
            "application/json" => json(&body),
            // Clients that name no type send one of the two.
            _ if body.trim_ascii_start().starts_with(b"{") => json(&body),
            _ => Ok(form(&body)),
        }
    }
}

async fn read(request: Request) -> Result<bytes::Bytes, ApiError> {
    let too_large = || {
        let text = format!("The request is too large: this server takes at most {MAX_BODY} bytes.");
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
    };
    let length = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse().ok());
    if length.is_some_and(|length: u64| length > MAX_BODY as u64) {
        return Err(too_large());
    }
    let body: Body = request.into_body();
    // The body also ends in an error when the client goes away, but then nobody reads the answer.
    match tokio::time::timeout(BODY_WITHIN, to_bytes(body, MAX_BODY)).await {
        Ok(read) => read.map_err(|_| too_large()),
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "The body of the request did not come in time.",
        )),
    }
}

fn form(body: &[u8]) -> Fields {
    let pairs = form_urlencoded::parse(body);
    Fields(
        pairs.map(|(name, value)| (name.into_owned(), Value::String(value.into_owned()))).collect(),
    )
}

fn json(body: &[u8]) -> Result<Fields, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(Fields::default());
    }
    match serde_json::from_slice(body) {
        Ok(Value::Object(fields)) => Ok(Fields(fields)),
        Ok(_) => Err(ApiError::bad_request("The body must be a JSON object.")),
        Err(error) => Err(ApiError::bad_request(format!("The body is not valid JSON: {error}."))),
    }
}
