//! The text of a file with secrets in it: wiped when dropped, and written nowhere else than to a file of mode 0600.

use crate::error::Error;
use crate::network::Secret;
use crate::private_file::{self, OWNER_ONLY};
use std::path::Path;
use zeroize::Zeroizing;

/// Room for any file that is written here: a buffer that grows leaves pieces behind.
const ROOM: usize = 512 * 1024;

pub(super) struct PrivateText(Zeroizing<Vec<u8>>);

impl PrivateText {
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(Vec::with_capacity(ROOM)))
    }

    /// Text that is no secret.
    pub(super) fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// A secret, each of its bytes as `spell` writes it.
    pub(super) fn secret(&mut self, secret: &Secret, spell: fn(&mut Vec<u8>, u8)) -> &mut Self {
        secret.expose().iter().for_each(|byte| spell(&mut self.0, *byte));
        self
    }

    pub(super) fn hex(&mut self, bytes: &[u8]) -> &mut Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| DIGITS.get(usize::from(half)).copied().unwrap_or(b'0');
        for byte in bytes {
            self.0.extend([digit(byte >> 4), digit(byte & 15)]);
        }
        self
    }

    /// Replaces a file in one step.
    pub(super) fn write_to(&self, path: &Path) -> Result<(), Error> {
        private_file::replace(path, OWNER_ONLY, &self.0).map_err(Error::file("write", path))
    }

    #[cfg(test)]
    pub(super) fn as_test_text(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }
}
