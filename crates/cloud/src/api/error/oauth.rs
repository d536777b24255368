//! The errors of OAuth (RFC 6749 5.2): their codes are a standard's, and are said as they are.

use axum::http::StatusCode;

use super::ApiError;

/// Whether it is unknown or did not prove itself is not told apart.
const UNPROVEN: &str = "The client is not known here, or its secret is wrong.";

impl ApiError {
    /// An error with one of the codes of OAuth.
    pub(in crate::api) fn oauth(code: &str, description: impl Into<String>) -> Self {
        Self { is_standard: true, ..Self::coded(StatusCode::BAD_REQUEST, code, description) }
    }

    /// A client did not prove itself, in the body: a status that clients do not take for being logged out.
    pub(in crate::api) fn invalid_client() -> Self {
        Self::oauth("invalid_client", UNPROVEN)
    }

    /// The same in a header of the scheme Basic: the one other 401. The clients that log out on 401 never send that header.
    pub(in crate::api) fn client_unproven() -> Self {
        let status = StatusCode::UNAUTHORIZED;
        Self { is_standard: true, ..Self::coded(status, "invalid_client", UNPROVEN) }
    }

    /// What went wrong, for a page to show.
    pub(in crate::api) fn description(&self) -> &str {
        &self.description
    }

    /// The code for programs.
    pub(in crate::api) fn code(&self) -> &str {
        &self.error
    }

    /// The status it is answered with.
    pub(in crate::api) fn status(&self) -> StatusCode {
        self.status
    }
}
