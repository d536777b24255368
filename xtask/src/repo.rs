//! Where things are: every path that more than one chore names.

use std::path::PathBuf;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().map_or_else(|| here.clone(), PathBuf::from)
}

/// Where builds go, and everything the chores install: deleting it deletes all of it.
pub(crate) fn target() -> PathBuf {
    root().join("target")
}

/// The known advisories, for checks without a network. Lies beside the clone, if anywhere.
pub(crate) fn advisories() -> PathBuf {
    root().join("../shared/advisory-db")
}
