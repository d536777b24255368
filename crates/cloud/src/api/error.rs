//! The one shape of an error: `{ok: false, error, error_description}`, and the one place that makes it.
//!
//! Clients take a status 401, or the words "access token" anywhere in a text, for "logged out" and delete what
//! they stored. So 401 stands for a bad token alone, and no other text holds those words.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use pintle_protocol::coap::Code;
use serde_json::json;

use crate::account::{AccountError, Freshness, LeaseError, ProofError};
use crate::device::AskError;
use crate::device::update::UpdateError;
use crate::guard::Refused;
use crate::product::Refusal;
use crate::store::StoreError;
use crate::store::pin::PinError;

mod oauth;

/// An error on its way to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    error: String,
    description: String,
    retry_after: Option<u64>,
    /// Whether the code is one of a standard's, to be said as it is.
    is_standard: bool,
    more: Option<(&'static str, String)>,
}

impl ApiError {
    /// An error whose short and long text are the same.
    pub(super) fn new(status: StatusCode, text: impl Into<String>) -> Self {
        let error = text.into();
        let description = error.clone();
        Self { status, description, error, retry_after: None, is_standard: false, more: None }
    }

    /// An error with a code for programs and a text for people.
    pub(super) fn coded(status: StatusCode, error: &str, description: impl Into<String>) -> Self {
        Self::new(status, description).named(error)
    }

    fn named(self, error: &str) -> Self {
        Self { error: error.to_owned(), ..self }
    }

    /// Adds a field that clients read beside the others.
    pub(super) fn with(self, field: &'static str, value: &str) -> Self {
        Self { more: Some((field, value.to_owned())), ..self }
    }

    pub(super) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn forbidden(text: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, text)
    }

    pub(super) fn not_found(text: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text)
    }

    /// No token, or one that is not valid. The only 401.
    pub(super) fn unauthorized() -> Self {
        Self::coded(
            StatusCode::UNAUTHORIZED,
            "invalid_token",
            "The access token provided is invalid.",
        )
    }

    /// Too many failed logins.
    pub(super) fn too_many_logins(wait: Duration) -> Self {
        let seconds = whole_seconds(wait);
        let text = match seconds {
            ..120 => format!("Too many failed logins. Try again in {seconds} seconds."),
            _ => format!("Too many failed logins. Try again in {} minutes.", seconds.div_ceil(60)),
        };
        let limited = Self::coded(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", text);
        Self { retry_after: Some(seconds), ..limited }
    }

    /// More requests than the quota allows.
    pub(super) fn too_many_requests(wait: Duration) -> Self {
        let seconds = whole_seconds(wait);
        let text = format!("Too many requests. Try again in {seconds} seconds.");
        let limited = Self::coded(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", text);
        Self { retry_after: Some(seconds), ..limited }
    }

    pub(super) fn busy(text: &str) -> Self {
        Self { retry_after: Some(5), ..Self::new(StatusCode::TOO_MANY_REQUESTS, text) }
    }

    pub(super) fn timed_out() -> Self {
        Self::coded(
            StatusCode::REQUEST_TIMEOUT,
            "timed out",
            "Timed out: the device did not answer.",
        )
    }

    pub(super) fn offline() -> Self {
        Self::coded(
            StatusCode::REQUEST_TIMEOUT,
            "timed out",
            "Timed out: the device is not connected.",
        )
    }

    pub(super) fn no_such_device() -> Self {
        Self::not_found("device not found")
    }

    pub(super) fn internal() -> Self {
        let text = "The server failed. Its log says why.";
        Self::coded(StatusCode::INTERNAL_SERVER_ERROR, "server_error", text)
    }

    fn disk(status: StatusCode, text: &str) -> Self {
        Self { retry_after: Some(10), ..Self::coded(status, "unavailable", text) }
    }

    /// An event for a webhook could not be written down.
    pub(super) fn not_durable() -> Self {
        let text = "The server's disk does not keep up: the event may be lost. Try again soon.";
        Self::disk(StatusCode::SERVICE_UNAVAILABLE, text)
    }

    fn unavailable() -> Self {
        let text = "The server cannot do this just now. Try again soon.";
        Self {
            retry_after: Some(1),
            ..Self::coded(StatusCode::SERVICE_UNAVAILABLE, "unavailable", text)
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let (mut error, mut description) = (self.error, self.description);
        if self.status != StatusCode::UNAUTHORIZED {
            description = unmistaken(description);
            error = if self.is_standard { error } else { unmistaken(error) };
        }
        let scheme = if self.is_standard {
            "Basic realm=\"clients\""
        } else {
            "Bearer error=\"invalid_token\""
        };
        let mut body = json!({
            "ok": false,
            "code": self.status.as_u16(),
            "error": error,
            "error_description": description,
            "errors": [description],
        });
        if let (Some((field, value)), Some(fields)) = (self.more, body.as_object_mut()) {
            fields.insert(field.to_owned(), value.into());
        }
        let mut response = (self.status, axum::Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(scheme));
        }
        response
    }
}

/// A text may repeat a name from the request. Where that would read as "logged out", the name is left out.
fn unmistaken(text: String) -> String {
    let small = text.to_lowercase();
    let logged_out = ["access token", "invalid_token", "expired_token"];
    if logged_out.iter().any(|words| small.contains(words)) {
        return "The request names something that is not here.".to_owned();
    }
    text
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        if error.is_of_disk() {
            // The store says it once for all.
            tracing::debug!(%error, "a request failed at the store");
        } else {
            tracing::error!(%error, "a request failed at the store");
        }
        match error {
            StoreError::Full => Self::disk(
                StatusCode::INSUFFICIENT_STORAGE,
                "The server's disk is full: nothing was changed. Reading goes on; try again when its operator has freed space.",
            ),
            StoreError::Unwritable(_) => Self::disk(
                StatusCode::SERVICE_UNAVAILABLE,
                "The server's disk refuses writes: nothing was changed. Reading goes on; try again when its operator has mended it.",
            ),
            StoreError::Busy | StoreError::Closed => Self::unavailable(),
            _ => Self::internal(),
        }
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::Customer => Self::oauth("invalid_grant", "User credentials are invalid"),
            AccountError::Busy => Self {
                retry_after: Some(2),
                ..Self::coded(StatusCode::SERVICE_UNAVAILABLE, "unavailable", sentence(&error))
            },
            AccountError::Name | AccountError::Password | AccountError::Weak(_) => {
                Self::bad_request(sentence(&error))
            }
            AccountError::Exists => Self::new(StatusCode::CONFLICT, sentence(&error)),
            error => {
                tracing::error!(%error, "a request failed at the accounts");
                Self::internal()
            }
        }
    }
}

impl From<ProofError> for ApiError {
    fn from(error: ProofError) -> Self {
        match error {
            ProofError::Account(error) => error.into(),
            ProofError::TooMany { seconds } => Self {
                retry_after: Some(seconds),
                ..Self::coded(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", sentence(&error))
            },
            ProofError::Enrolled => Self::new(StatusCode::CONFLICT, sentence(&error)),
            error => Self::coded(StatusCode::BAD_REQUEST, "invalid_grant", sentence(&error)),
        }
    }
}

/// What a dangerous act is refused with; `None` where the second factor is fresh.
pub(super) fn not_fresh(freshness: Freshness) -> Option<ApiError> {
    let (error, text) = match freshness {
        Freshness::Fresh => return None,
        Freshness::Stale => (
            "second_factor_stale",
            "This needs your second factor again: send its code as `otp` to POST /v1/user/step-up, or log in again, \
             then repeat this within ten minutes.",
        ),
        Freshness::NotEnrolled => (
            "second_factor_required",
            "This needs a second factor: turn one on for your account (GET and POST /v1/user/mfa-enable), then repeat \
             this within ten minutes.",
        ),
    };
    Some(ApiError::coded(StatusCode::FORBIDDEN, error, text))
}

impl From<LeaseError> for ApiError {
    fn from(error: LeaseError) -> Self {
        match error {
            LeaseError::TooMany { most } => Self::coded(
                StatusCode::TOO_MANY_REQUESTS,
                "too_many_requests",
                format!("You have {most} event streams open, the most you may: close one first."),
            ),
            LeaseError::Revoked => Self::unauthorized(),
            LeaseError::Account(error) => error.into(),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(error) => error.into(),
            Refusal::Internal => {
                tracing::error!(error = %refusal, "a request failed at a product");
                Self::internal()
            }
            Refusal::TooLarge => Self::new(StatusCode::PAYLOAD_TOO_LARGE, sentence(&refusal)),
            Refusal::Meanwhile(_) => Self::new(StatusCode::CONFLICT, sentence(&refusal)),
            refusal if refusal.is_not_found() => Self::not_found(sentence(&refusal)),
            refusal if refusal.is_forbidden() => Self::forbidden(sentence(&refusal)),
            refusal => Self::bad_request(sentence(&refusal)),
        }
    }
}

impl From<PinError> for ApiError {
    fn from(error: PinError) -> Self {
        match error {
            PinError::Store(error) => error.into(),
            // Which device holds the key is nobody's business but its owner's.
            PinError::KeyAlreadyPinned { .. } => Self::forbidden(
                "This key is pinned to another device already: every device needs a key of its own.",
            ),
            PinError::AnotherKeyPinned { .. } => Self::forbidden(
                "This device has another key pinned already. Changing a pin needs its owner with a fresh second factor (PUT \
                 /v1/keys/{device}), or an operator: `pintle pin set`.",
            ),
            PinError::Weak { why } => Self::forbidden(format!("This key is weak: {why}.")),
            PinError::NoTcp => {
                Self::bad_request("This server takes no RSA keys: it has no TCP service.")
            }
            // With whose is nobody's business.
            PinError::SharedFactor { .. } => Self::forbidden(
                "This key shares a prime factor with another one, so anyone can compute its private key: make a new one.",
            ),
            PinError::Foreign { .. } => {
                Self::forbidden("Permission denied: this is not your device.")
            }
        }
    }
}

impl From<UpdateError> for ApiError {
    fn from(error: UpdateError) -> Self {
        match error {
            UpdateError::Offline => Self::offline(),
            UpdateError::Silent | UpdateError::Ended => Self::timed_out(),
            UpdateError::Busy => Self {
                retry_after: Some(30),
                ..Self::new(StatusCode::TOO_MANY_REQUESTS, sentence(&error))
            },
            error => Self::bad_request(sentence(&error)),
        }
    }
}

impl From<Refused> for ApiError {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Wait(wait) => Self::too_many_logins(wait),
            Refused::Crowded => {
                Self::busy("Too many people are logging in. Try again in a moment.")
            }
        }
    }
}

/// Rounded up, and never none: a client that comes back at once is refused again.
fn whole_seconds(wait: Duration) -> u64 {
    u64::try_from(wait.as_millis().div_ceil(1_000)).unwrap_or(u64::MAX).max(1)
}

/// What went wrong as a sentence for people.
pub(super) fn sentence(error: &impl ToString) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first = letters.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if text.ends_with(['.', '?']) { "" } else { "." };
    format!("{first}{}{end}", letters.as_str())
}

impl From<AskError> for ApiError {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Offline => Self::offline(),
            AskError::TimedOut => Self::timed_out(),
            AskError::TooLarge { limit } => Self::new(
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("The argument is too long: this device takes at most {limit} bytes."),
            ),
            AskError::Busy => Self {
                retry_after: Some(1),
                ..Self::new(
                    StatusCode::TOO_MANY_REQUESTS,
                    "Too many requests to this device are waiting.",
                )
            },
            AskError::Refused(Code::NOT_FOUND) => {
                Self::not_found("The device does not know that name.")
            }
            error => Self::bad_request(format!("The device could not do it: {error}.")),
        }
    }
}
