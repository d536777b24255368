//! Request bodies: JSON and forms are taken alike, everywhere, into named fields.

use std::future::poll_fn;
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use serde_json::{Map, Value};

use super::MAX_BODY;
use super::error::ApiError;
use crate::weakened::{self, Weakness};

/// Bytes of a body that are taken only to be dropped, at most.
const MAX_DROPPED: usize = 4 << 20;
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

    /// The first of these names as a number; clients send it as text, too.
    pub(super) fn number<N: FromStr>(&self, names: &[&str]) -> Result<Option<N>, ApiError> {
        let bad = || {
            let name = names.first().copied().unwrap_or_default();
            ApiError::bad_request(format!("The field {name} is no number, or out of range."))
        };
        let bad = || match weakened::is(Weakness::FailuresUnhandled) {
            true => ApiError::internal(),
            false => bad(),
        };
        self.text(names).map(|text| text.trim().parse().map_err(|_| bad())).transpose()
    }

    /// The fields of an object in this field, where it is one; otherwise these.
    pub(super) fn under(mut self, name: &str) -> Self {
        match self.0.remove(name) {
            Some(Value::Object(fields)) => Self(fields),
            _ => self,
        }
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
            "multipart/form-data" => {
                Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "No file can be sent here."))
            }
            "application/x-www-form-urlencoded" => Ok(form(&body)),
            "application/json" => json(&body),
            // Clients that name no type send one of the two.
            _ if body.trim_ascii_start().starts_with(b"{") => json(&body),
            _ => Ok(form(&body)),
        }
    }
}

async fn read(request: Request) -> Result<Bytes, ApiError> {
    match tokio::time::timeout(BODY_WITHIN, bounded(request.into_body())).await {
        Ok(Some(body)) => Ok(body),
        Ok(None) => Err(ApiError::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The request is too large: this server takes at most {MAX_BODY} bytes."),
        )),
        Err(_) => Err(ApiError::new(
            StatusCode::REQUEST_TIMEOUT,
            "The body of the request did not come in time.",
        )),
    }
}

/// Takes a body that nobody wants, up to a bound.
pub(super) async fn drop_all(mut body: Body) {
    let mut seen = 0_usize;
    let all = async {
        while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
        {
            seen = seen.saturating_add(frame.into_data().map_or(0, |data| data.len()));
            if seen > MAX_DROPPED {
                return;
            }
        }
    };
    // One that does not come in time is left where it is.
    let _ = tokio::time::timeout(BODY_WITHIN, all).await;
}

/// The body, or `None` if it is too large: then the rest is taken and dropped, since a client that is still
/// sending when the connection closes never reads the answer.
async fn bounded(mut body: Body) -> Option<Bytes> {
    let most = if weakened::is(Weakness::BodiesUnbounded) { MAX_DROPPED } else { MAX_BODY };
    let (mut kept, mut seen) = (BytesMut::new(), 0_usize);
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        // An error means that the client went away: nobody reads the answer.
        let Ok(data) = frame.ok()?.into_data() else { continue };
        seen = seen.saturating_add(data.len());
        if seen > MAX_DROPPED {
            return None;
        }
        if seen <= most {
            kept.extend_from_slice(&data);
        }
    }
    (seen <= most).then(|| kept.freeze())
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
