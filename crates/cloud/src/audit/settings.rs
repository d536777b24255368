//! `[audit]` of the configuration.

use std::num::NonZeroU16;
use std::path::PathBuf;

use serde::Deserialize;

/// `[audit]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// `heads`: a file to which the newest head of the audit log is added again and again, best on another machine's disk: with
    /// it `pintle audit verify --heads FILE` finds a log that was cut short. Default: none.
    pub heads: Option<PathBuf>,
    /// `keep_days`: entries older than so many days are removed. Default: none ever is.
    pub keep_days: Option<NonZeroU16>,
}
