//! The list of a folder's files with their SHA-256, in the form of `sha256sum`, so that anybody can check it without this
//! program: `sha256sum -c manifest.sha256`.

use crate::report::hex;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use thiserror::Error;

/// The file that has it.
pub const FILE: &str = "manifest.sha256";

/// Hex digits of a hash.
const DIGITS: usize = 64;

/// Files by their path from the folder, each with its hash in hex.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    files: BTreeMap<String, String>,
}

/// Why it is none.
#[derive(Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ManifestError {
    /// A line is not a hash, two blanks and a path.
    #[error("line {0} of the manifest is not a hash, two blanks and a path inside the folder")]
    Line(usize),
    /// A file stands there twice.
    #[error("line {0} of the manifest names a file that an earlier line names")]
    Twice(usize),
}

impl Manifest {
    /// Lists these files.
    pub fn of<'a>(files: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let hashed = |(path, content): (&str, &[u8])| (path.to_owned(), sha256(content));
        Self { files: files.into_iter().map(hashed).collect() }
    }

    /// As it is written.
    #[must_use]
    pub fn text(&self) -> String {
        self.files.iter().map(|(path, hash)| format!("{hash}  {path}\n")).collect()
    }

    /// Reads what [`Manifest::text`] wrote, from whoever wrote it.
    ///
    /// # Errors
    /// A line is something else, or leads out of the folder.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let mut files = BTreeMap::new();
        for (index, line) in text.lines().enumerate() {
            let number = index + 1;
            let (hash, path) = line.split_once("  ").ok_or(ManifestError::Line(number))?;
            if !is_hash(hash) || !is_inside(path) {
                return Err(ManifestError::Line(number));
            }
            if files.insert(path.to_owned(), hash.to_owned()).is_some() {
                return Err(ManifestError::Twice(number));
            }
        }
        Ok(Self { files })
    }

    /// Paths and hashes, by path.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files.iter().map(|(path, hash)| (path.as_str(), hash.as_str()))
    }

    /// Whether it lists this path.
    #[must_use]
    pub fn lists(&self, path: &str) -> bool {
        self.files.contains_key(path)
    }
}

/// The SHA-256 of a file, in hex.
#[must_use]
pub fn sha256(content: &[u8]) -> String {
    hex(&Sha256::digest(content))
}

fn is_hash(text: &str) -> bool {
    text.len() == DIGITS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// A path of plain names under the folder: nothing that a shell or a file system takes for something else.
fn is_inside(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    path.split('/')
        .all(|name| !name.is_empty() && !name.starts_with('.') && name.bytes().all(plain))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_was_written_is_read() {
        let manifest = Manifest::of([("report.json", &b"{}"[..]), ("evidence/a.json", &b"[]"[..])]);
        assert_eq!(Manifest::parse(&manifest.text()), Ok(manifest));
    }

    #[test]
    fn a_path_that_leads_out_of_the_folder_is_refused() {
        let hash = sha256(b"");
        for path in ["/etc/passwd", "../up", "a/../../b", "a//b", "", ".hidden", "a b", "a\\b"] {
            let text = format!("{hash}  {path}\n");
            assert_eq!(Manifest::parse(&text), Err(ManifestError::Line(1)), "{path:?}");
        }
    }

    #[test]
    fn a_file_that_is_listed_twice_is_refused() {
        let line = format!("{}  a\n", sha256(b""));
        assert_eq!(Manifest::parse(&line.repeat(2)), Err(ManifestError::Twice(2)));
    }

    proptest! {
        #[test]
        fn nothing_that_is_read_makes_it_fail_otherwise_than_by_saying_so(text in ".{0,200}") {
            if let Ok(manifest) = Manifest::parse(&text) {
                prop_assert_eq!(Manifest::parse(&manifest.text()), Ok(manifest));
            }
        }
    }
}
