//! The parts of a request's address, read so that what cannot be read is answered in the one shape of an error.

use axum::extract::{self, FromRequestParts};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::error::ApiError;

/// The variable parts of a path, percent-decoded.
pub(super) struct Path<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = extract::Path::<T>::from_request_parts(parts, state).await;
        read.map(|path| Self(path.0)).map_err(|_| ApiError::bad_request("The path is not UTF-8."))
    }
}

/// The last of the variable parts of a path, percent-decoded: handlers that serve a thing at several paths ask for it.
pub(super) struct Last(pub(super) String);

impl<S: Send + Sync> FromRequestParts<S> for Last {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = extract::RawPathParams::from_request_parts(parts, state).await;
        let read = read.map_err(|_| ApiError::bad_request("The path is not UTF-8."))?;
        let last = read.iter().last().map(|(_, value)| value.to_owned());
        last.map(Self).ok_or_else(ApiError::internal)
    }
}

/// What stands behind the question mark.
pub(super) struct Query<T>(pub(super) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let read = extract::Query::<T>::from_request_parts(parts, state).await;
        read.map(|query| Self(query.0))
            .map_err(|_| ApiError::bad_request("The query cannot be read."))
    }
}
