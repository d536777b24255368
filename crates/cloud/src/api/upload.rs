//! Files from people: `multipart/form-data` (RFC 7578), as clients send it, in pieces and without a length.
//!
//! A file is read up to [`MAX_FILE`] bytes, and a few at a time for the whole node, so that uploads have bounded memory.
//! What is refused is still taken to its end, up to a bound: a client that is still sending never reads the answer.

use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};

use super::error::ApiError;
use super::{ApiState, Fleet};

/// The longest file that is taken, in bytes.
pub const MAX_FILE: usize = 16 << 20;
/// Uploads at once.
pub(super) const MOST: usize = 8;
/// The most bytes of a whole form. What is beyond is not taken, whoever sends it.
const MAX_FORM: usize = 2 * MAX_FILE;
/// The most parts of a form.
const MAX_PARTS: usize = 32;
/// For a whole form to come.
const WITHIN: Duration = Duration::from_secs(300);
/// For the next bytes of it to come.
const PIECE_WITHIN: Duration = Duration::from_secs(20);

/// The first file of a form.
#[derive(Debug, Default)]
pub(super) struct Uploaded {
    /// Its bytes.
    pub file: Vec<u8>,
    /// Whether it is said to be, or looks like, a zip archive.
    pub is_zip: bool,
}

/// Whether the body is a form that may have files in it.
pub(super) fn is_form_with_files(request: &Request) -> bool {
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    kind.trim().eq_ignore_ascii_case("multipart/form-data")
}

/// Reads the file of a form: the first part that has a file name.
pub(super) async fn read<F: Fleet>(
    state: &ApiState<F>,
    mut request: Request,
) -> Result<Uploaded, ApiError> {
    let Ok(_permit) = state.guards.uploads.try_acquire() else {
        return Err(ApiError::busy("Too many files are being uploaded. Try again in a moment."));
    };
    DefaultBodyLimit::max(MAX_FORM).apply(&mut request);
    let form = Multipart::from_request(request, &()).await;
    let form = form.map_err(|error| ApiError::bad_request(error.body_text()))?;
    let read = tokio::time::timeout(WITHIN, file_of(form)).await;
    read.unwrap_or_else(|_| Err(too_slow()))?
        .ok_or_else(|| ApiError::bad_request("There is no file in the form."))
}

async fn file_of(mut form: Multipart) -> Result<Option<Uploaded>, ApiError> {
    let mut found = None;
    let mut too_large = false;
    for _ in 0..MAX_PARTS {
        let next = in_time(form.next_field()).await?;
        let Some(mut part) = next.map_err(broken)? else {
            return if too_large { Err(file_too_large()) } else { Ok(found) };
        };
        let is_file = part.file_name().is_some() && found.is_none();
        let is_zip = part.content_type() == Some("application/zip");
        let mut uploaded = Uploaded { file: Vec::new(), is_zip };
        while let Some(piece) = in_time(part.chunk()).await?.map_err(broken)? {
            too_large |= is_file && uploaded.file.len() + piece.len() > MAX_FILE;
            if is_file && !too_large {
                uploaded.file.extend_from_slice(&piece);
            }
        }
        uploaded.is_zip |= uploaded.file.starts_with(b"PK\x03\x04");
        if is_file {
            found = Some(uploaded);
        }
    }
    Err(ApiError::bad_request(format!("The form has more than {MAX_PARTS} parts.")))
}

async fn in_time<T>(coming: impl Future<Output = T>) -> Result<T, ApiError> {
    tokio::time::timeout(PIECE_WITHIN, coming).await.map_err(|_| too_slow())
}

fn too_slow() -> ApiError {
    ApiError::new(StatusCode::REQUEST_TIMEOUT, "The file did not come in time.")
}

fn file_too_large() -> ApiError {
    let text = format!("The file is too large: this server takes at most {MAX_FILE} bytes.");
    ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, text)
}

fn broken(error: axum::extract::multipart::MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return file_too_large();
    }
    ApiError::bad_request("The form is broken or was cut off: nothing was taken of it.")
}
