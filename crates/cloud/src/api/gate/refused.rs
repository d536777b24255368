//! Why the gate lets a request not through, to its caller and to the audit log.

use axum::http::StatusCode;

use crate::account::{Freshness, Scope};
use crate::api::error::{ApiError, not_fresh};

/// A request that is not let through.
pub(super) struct Refused {
    /// What the audit log keeps; nothing where it was no refusal, but a failure.
    pub(super) why: Option<&'static str>,
    /// What the caller is told.
    pub(super) error: Box<ApiError>,
}

impl Refused {
    fn new(why: &'static str, code: &str, text: String) -> Self {
        let error = Box::new(ApiError::coded(StatusCode::FORBIDDEN, code, text));
        Self { why: Some(why), error }
    }

    /// The token is not good for it.
    pub(super) fn scope(scope: Scope) -> Self {
        let text = format!("This token is not good for {scope}: use one that has this scope.");
        Self::new("scope", "insufficient_scope", text)
    }

    /// The role is not enough for it.
    pub(super) fn role(scope: Scope) -> Self {
        let text = format!(
            "Permission denied: your role here does not include {scope}. An administrator can give you another one."
        );
        Self::new("role", "forbidden", text)
    }

    /// A program asks for what only people have.
    pub(super) fn not_a_person() -> Self {
        let text = "API users are not allowed to call this endpoint";
        Self::new("not a person", "unauthorized", text.to_owned())
    }

    /// The caller may not see it, or it is not there.
    pub(super) fn unseen(error: ApiError) -> Self {
        Self { why: Some("unseen"), error: Box::new(error) }
    }

    /// The second factor is not fresh; `None` where it is.
    pub(super) fn not_fresh(freshness: Freshness) -> Option<Self> {
        let why = match freshness {
            Freshness::NotEnrolled => "no second factor",
            Freshness::Fresh | Freshness::Stale => "stale second factor",
        };
        Some(Self { why: Some(why), error: Box::new(not_fresh(freshness)?) })
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self { why: None, error: Box::new(error) }
    }
}
