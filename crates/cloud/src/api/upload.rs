//! Files from people: `multipart/form-data` (RFC 7578), as clients send it, in pieces and without a length.
//!
//! A form is read whole before anything is done with it, up to [`MAX_FILE`] bytes, and a few at a time for the whole
//! node, so that uploads have bounded memory and one that is cut off leaves nothing. What is refused is still taken to
//! its end, up to a bound: a client that is still sending never reads the answer.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use super::body::Fields;
use super::error::ApiError;
use super::{ApiState, Fleet, MAX_BODY};
use crate::product::MAX_IMAGE;

/// The longest file that is taken, in bytes.
pub const MAX_FILE: usize = MAX_IMAGE;
/// Uploads at once.
pub(super) const MOST: usize = 8;
/// The most bytes of all parts together.
const MAX_PARTS_BYTES: usize = MAX_FILE + MAX_BODY;
/// The most bytes of a whole form. What is beyond is not taken, whoever sends it.
const MAX_FORM: usize = 2 * MAX_FILE;
/// The most parts of a form.
const MAX_PARTS: usize = 32;
/// For a whole form to come.
const WITHIN: Duration = Duration::from_secs(300);
/// For the next bytes of it to come.
const PIECE_WITHIN: Duration = Duration::from_secs(20);

/// A part with a file.
#[derive(Clone, Debug)]
pub(super) struct File {
    /// The part's name.
    pub(super) name: String,
    /// The file's.
    pub(super) file_name: String,
    /// Its bytes.
    pub(super) bytes: Bytes,
    /// Whether it is said to be, or looks like, a zip archive.
    pub(super) is_zip: bool,
}

/// The first file of a form.
#[derive(Debug, Default)]
pub(super) struct Uploaded {
    /// Its bytes.
    pub file: Vec<u8>,
    /// Whether it is said to be, or looks like, a zip archive.
    pub is_zip: bool,
}

/// The parts of a form.
#[derive(Debug, Default)]
pub(super) struct Form {
    files: Vec<File>,
    texts: BTreeMap<String, String>,
}

/// A body in any of the shapes that clients send.
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

    /// A part that is text.
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

    async fn read(mut form: Multipart) -> Result<Self, ApiError> {
        let (mut read, mut seen) = (Self::default(), 0_usize);
        for _ in 0..MAX_PARTS {
            let next = in_time(form.next_field()).await?;
            let Some(part) = next.map_err(broken)? else {
                return if seen > MAX_PARTS_BYTES { Err(too_large()) } else { Ok(read) };
            };
            read.take(part, &mut seen).await?;
        }
        Err(ApiError::bad_request(format!("The form has more than {MAX_PARTS} parts.")))
    }

    /// Takes a part. What is too much is read and dropped.
    async fn take(&mut self, mut part: Field<'_>, seen: &mut usize) -> Result<(), ApiError> {
        let name = part.name().unwrap_or_default().to_owned();
        let file_name = part.file_name().map(str::to_owned);
        let said_zip = part.content_type() == Some("application/zip");
        let mut bytes = BytesMut::new();
        while let Some(piece) = in_time(part.chunk()).await?.map_err(broken)? {
            *seen = seen.saturating_add(piece.len());
            if *seen <= MAX_PARTS_BYTES && bytes.len() + piece.len() <= MAX_FILE {
                bytes.extend_from_slice(&piece);
            } else {
                // Told when the form is at its end.
                *seen = (*seen).max(MAX_PARTS_BYTES + 1);
            }
        }
        let Some(file_name) = file_name else {
            let bad = |_| ApiError::bad_request(format!("The field {name:?} is not text."));
            let text = String::from_utf8(bytes.to_vec()).map_err(bad)?;
            self.texts.insert(name, text);
            return Ok(());
        };
        let is_zip = said_zip || bytes.starts_with(b"PK\x03\x04");
        self.files.push(File { name, file_name, bytes: bytes.freeze(), is_zip });
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

impl<F: Fleet> FromRequest<ApiState<F>> for Form {
    type Rejection = ApiError;

    async fn from_request(mut request: Request, state: &ApiState<F>) -> Result<Self, ApiError> {
        let Ok(_permit) = state.room.uploads.try_acquire() else {
            return Err(ApiError::busy(
                "Too many files are being uploaded. Try again in a moment.",
            ));
        };
        DefaultBodyLimit::max(MAX_FORM).apply(&mut request);
        let form = Multipart::from_request(request, &()).await;
        let form = form.map_err(|error| ApiError::bad_request(error.body_text()))?;
        let read = tokio::time::timeout(WITHIN, Self::read(form)).await;
        read.unwrap_or_else(|_| Err(too_slow()))
    }
}

impl<F: Fleet> FromRequest<ApiState<F>> for Content {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &ApiState<F>) -> Result<Self, ApiError> {
        if is_form_with_files(&request) {
            return Ok(Self::Form(Form::from_request(request, state).await?));
        }
        Ok(Self::Fields(Fields::from_request(request, state).await?))
    }
}

/// Reads the file of a form: the first part that has a file name.
pub(super) async fn read<F: Fleet>(
    state: &ApiState<F>,
    request: Request,
) -> Result<Uploaded, ApiError> {
    let first = Form::from_request(request, state).await?.files.into_iter().next();
    let File { bytes, is_zip, .. } =
        first.ok_or_else(|| ApiError::bad_request("There is no file in the form."))?;
    Ok(Uploaded { file: bytes.into(), is_zip })
}

/// Whether the body is a form that may have files in it.
pub(super) fn is_form_with_files(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

fn from_base64(name: &str, text: &str) -> Result<Vec<u8>, ApiError> {
    let bad = |_| ApiError::bad_request(format!("The field {name} is neither a file nor base64."));
    STANDARD.decode(text.trim()).map_err(bad)
}

async fn in_time<T>(coming: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(PIECE_WITHIN, coming).await.map_err(|_| too_slow())
}

fn too_slow() -> ApiError {
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "The file did not come in time.")
}

fn too_large() -> ApiError {
    let text = format!("The file is too large: this server takes at most {MAX_FILE} bytes.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}

fn broken(error: MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return too_large();
    }
    ApiError::bad_request("The form is broken or was cut off: nothing was taken of it.")
}
