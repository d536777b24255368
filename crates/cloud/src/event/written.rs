//! An event in the words that streams and webhooks have for it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Event, Source};

/// CoAP Content-Format of bytes of any kind (RFC 7252 12.3).
pub(crate) const OCTET_STREAM: u16 = 42;

impl Event {
    /// Its payload as text: bytes that are none come as a data URL (RFC 2397).
    #[must_use]
    pub fn text(&self) -> String {
        match std::str::from_utf8(&self.data) {
            Ok(text) if self.content_format != OCTET_STREAM => text.to_owned(),
            _ => format!("data:application/octet-stream;base64,{}", STANDARD.encode(&self.data)),
        }
    }

    /// Who published it: a device's id, or a word.
    #[must_use]
    pub fn source_name(&self) -> String {
        match self.source {
            Source::Device(id) | Source::Unprotected(id) => id.to_string(),
            Source::Api => "api".to_owned(),
            Source::Cloud => "particle-internal".to_owned(),
        }
    }
}
