//! The three reports a device makes of itself: system (modules), application (functions and variables) and
//! metrics. They are asked for one at a time; asking Device OS for two in one request ends its connection.

mod application;
mod metrics;
mod system;

pub use application::{Application, MAX_FUNCTIONS, MAX_VARIABLES};
pub use metrics::{Metric, MetricId, Metrics};
pub use system::{Asset, Dependency, Module, ModuleFunction, Security, System};

use crate::{ContentFormat, Error};

/// Which report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DescribeKind {
    /// Modules: see [`System`].
    System,
    /// Functions and variables: see [`Application`].
    Application,
    /// Measurements: see [`Metrics`].
    Metrics,
}

impl DescribeKind {
    /// The byte in the query.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Self::System => 1,
            Self::Application => 2,
            Self::Metrics => 4,
        }
    }

    /// The Content-Format that Device OS writes beside it, if any.
    #[must_use]
    pub const fn content_format(self) -> Option<ContentFormat> {
        match self {
            Self::System => Some(ContentFormat::BINARY),
            Self::Application | Self::Metrics => None,
        }
    }

    pub(crate) fn from_query(query: Option<&[u8]>) -> Result<Self, Error> {
        match query {
            Some(&[1]) => Ok(Self::System),
            Some(&[2]) => Ok(Self::Application),
            Some(&[4]) => Ok(Self::Metrics),
            _ => Err(Error::Query),
        }
    }
}
