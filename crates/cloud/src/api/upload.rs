//! Bodies with files in them (`multipart/form-data`, RFC 7578): read whole, within bounds, before anything is done.
//!
//! An upload that is cut off, too large or too slow is answered as such, and nothing of it is kept.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::multipart::{Field, Multipart};
use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use super::MAX_BODY;
use super::body::Fields;
use super::error::ApiError;
use crate::product::MAX_IMAGE;

/// The most bytes of all parts together.
const MAX_FORM: usize = MAX_IMAGE + MAX_BODY;
/// Bytes beyond that are taken only to be dropped, at most: a client that is still sending when the connection closes
/// never reads the answer.
const MAX_DROPPED: usize = MAX_FORM + (16 << 20);
/// The most parts.
const MAX_PARTS: usize = 64;
/// For a whole body to come.
const WITHIN: Duration = Duration::from_secs(5 * 60);
/// For the next bytes to come.
const NEXT_WITHIN: Duration = Duration::from_secs(20);

/// A part with a file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// The part's name.
    pub(super) name: String,
    /// The file's.
    pub(super) file_name: String,
    /// Its bytes.
    pub(super) bytes: Bytes,
}

/// The parts of a body.
#[derive(Debug, Default)]
pub(super) struct Form {
    files: Vec<File>,
    texts: BTreeMap<String, String>,
}

/// A body in any of the forms that clients send.
pub(super) enum Content {
    /// JSON, or a form without files.
    Fields(Fields),
    /// A form with files.
    Form(Form),
}

impl Form {
    /// The first of these files that is there.
    pub(super) fn file(&self, names: &[&str]) -> Option<&File> {
        names.iter().find_map(|name| self.files.iter().find(|file| file.name == *name))
    }

    /// A part that is text, whether it came as a file or not.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        self.texts.get(name).map(String::as_str)
    }

    /// A part that is text, as yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        self.text(name).map(|text| matches!(text, "1" | "true" | "on" | "yes"))
    }

    /// A part with bytes: a file, or text in base64.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
        if let Some(file) = self.file(&[name]) {
            return Ok(Some(file.bytes.to_vec()));
        }
        self.text(name).map(|text| from_base64(name, text)).transpose()
    }

    async fn read(mut parts: Multipart) -> Result<Self, ApiError> {
        let (mut form, mut seen) = (Self::default(), 0);
        for _ in 0..MAX_PARTS {
            let next = tokio::time::timeout(NEXT_WITHIN, parts.next_field()).await;
            let Some(field) = next.map_err(|_| too_slow())?.map_err(|_| cut())? else {
                return Ok(form);
            };
            form.take(field, &mut seen).await?;
        }
        Err(ApiError::bad_request("The request has too many parts."))
    }

    async fn take(&mut self, mut field: Field<'_>, seen: &mut usize) -> Result<(), ApiError> {
        let name = field.name().unwrap_or_default().to_owned();
        let file_name = field.file_name().map(str::to_owned);
        let mut bytes = BytesMut::new();
        loop {
            let chunk = tokio::time::timeout(NEXT_WITHIN, field.chunk()).await;
            let Some(chunk) = chunk.map_err(|_| too_slow())?.map_err(|_| cut())? else { break };
            *seen = seen.saturating_add(chunk.len());
            if *seen > MAX_DROPPED {
                return Err(too_large());
            }
            if *seen <= MAX_FORM {
                bytes.extend_from_slice(&chunk);
            }
        }
        if *seen > MAX_FORM {
            return Err(too_large());
        }
        match file_name {
            Some(file_name) => self.files.push(File { name, file_name, bytes: bytes.freeze() }),
            None => {
                let text = String::from_utf8(bytes.to_vec());
                let bad = |_| ApiError::bad_request(format!("The field {name:?} is not text."));
                let text = text.map_err(bad)?;
                self.texts.insert(name, text);
            }
        }
        Ok(())
    }
}

impl Content {
    /// A field that is text.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        match self {
            Self::Fields(fields) => fields.text(&[name]),
            Self::Form(form) => form.text(name).map(str::to_owned),
        }
    }

    /// A field as yes or no.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        match self {
            Self::Fields(fields) => fields.flag(&[name]),
            Self::Form(form) => form.flag(name),
        }
    }

    /// A field with bytes: a file, or text in base64.
    pub(super) fn bytes(&self, name: &str) -> Result<Option<Vec<u8>>, ApiError> {
        match self {
            Self::Fields(fields) => {
                fields.text(&[name]).map(|text| from_base64(name, &text)).transpose()
            }
            Self::Form(form) => form.bytes(name),
        }
    }
}

fn from_base64(name: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    let bad = |_| ApiError::bad_request(format!("The field {name} is neither a file nor base64."));
    STANDARD.decode(text.trim()).map_err(bad)
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let parts = Multipart::from_request(request, state).await.map_err(|_| {
            ApiError::bad_request("The body must be multipart/form-data with its boundary.")
        })?;
        tokio::time::timeout(WITHIN, Self::read(parts)).await.map_err(|_| too_slow())?
    }
}

impl<S: Send + Sync> FromRequest<S> for Content {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        if kind.trim_start().to_ascii_lowercase().starts_with("multipart/form-data") {
            return Ok(Self::Form(Form::from_request(request, state).await?));
        }
        Ok(Self::Fields(Fields::from_request(request, state).await?))
    }
}

fn cut() -> ApiError {
    ApiError::bad_request("The upload was cut off or is not well formed: nothing of it was kept.")
}

fn too_slow() -> ApiError {
    ApiError::new(
        StatusCode::REQUEST_TIMEOUT,
        "The upload did not come in time: nothing of it was kept.",
    )
}

fn too_large() -> ApiError {
    let text =
        format!("The upload is too large: this server takes files of at most {MAX_IMAGE} bytes.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}
