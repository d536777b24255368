//! What came of attacks: of the selection in each run, and of the last full one, which is kept as a file.

use pintle_attack::Outcome;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// What came of each attack, by its case's id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attempts(pub BTreeMap<String, Outcome>);

/// A run of all attacks, with what it was run against and when.
///
/// As JSON it is the file that is kept beside a node's data, so that later runs of the checklist know of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Record {
    /// SHA-256 of the program that was attacked, in hex.
    pub build: String,
    /// Its version, as it says itself.
    pub version: String,
    /// When it ended, in milliseconds since 1970.
    pub at_ms: u64,
    /// What came of each attack.
    pub attempts: Attempts,
}

/// Longer than any record, in bytes.
const LONGEST: u64 = 4 << 20;

impl Attempts {
    /// What came of one attack.
    #[must_use]
    pub fn of(&self, case: &str) -> Option<&Outcome> {
        self.0.get(case)
    }

    /// How many were tried, and had one end or the other.
    #[must_use]
    pub fn tried(&self) -> usize {
        self.0.values().filter(|one| !matches!(one, Outcome::Untried { .. })).count()
    }

    /// Those of these cases alone.
    #[must_use]
    pub fn only(&self, cases: &[&str]) -> Self {
        let wanted = |id: &&String| cases.contains(&id.as_str());
        let kept = self.0.iter().filter(|(id, _)| wanted(id));
        Self(kept.map(|(id, outcome)| (id.clone(), outcome.clone())).collect())
    }
}

impl<S: Into<String>> FromIterator<(S, Outcome)> for Attempts {
    fn from_iter<I: IntoIterator<Item = (S, Outcome)>>(all: I) -> Self {
        Self(all.into_iter().map(|(id, outcome)| (id.into(), outcome)).collect())
    }
}

impl Record {
    /// Reads a record that was kept; none where there is no such file.
    ///
    /// # Errors
    /// What is wrong with the file, and what to do.
    pub fn read(path: &Path) -> Result<Option<Self>, String> {
        let wrong = |why: &dyn std::fmt::Display| {
            format!("{}: {why}; run `pintle attack --full` again", path.display())
        };
        match fs::metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&error)),
            Ok(found) if found.len() > LONGEST => return Err(wrong(&"it is too long")),
            Ok(_) => {}
        }
        let text = fs::read(path).map_err(|error| wrong(&error))?;
        serde_json::from_slice(&text).map(Some).map_err(|error| wrong(&error))
    }

    /// Keeps it for its owner alone, in the place of an older one.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn keep(&self, path: &Path) -> io::Result<()> {
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        let beside = path.with_extension("new");
        let mut file = OpenOptions::new();
        let mut file = file.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_was_kept_is_read_again_and_one_that_was_cut_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("attacks.json");
        assert_eq!(Record::read(&path), Ok(None));
        let attempts = [("dtls-wrong-key", Outcome::held("silence"))].into_iter().collect();
        let record = Record { build: "00".into(), version: "1".into(), at_ms: 7, attempts };
        record.keep(&path).unwrap();
        assert_eq!(Record::read(&path), Ok(Some(record)));
        fs::write(&path, "{").unwrap();
        let why = Record::read(&path).unwrap_err();
        assert!(why.contains("attacks.json") && why.contains("pintle attack"), "{why}");
    }
}
