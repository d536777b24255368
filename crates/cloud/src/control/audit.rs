//! Reading the audit log is written down in it, where reasons are opened or all of it is taken away.

use super::line::Response;
use super::office::Office;
use crate::audit::Actor;
use crate::clock::now_ms;
use serde::{Deserialize, Serialize};

/// What an operator is about to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AuditReading {
    /// All of it, to be kept elsewhere.
    Export,
    /// The reasons that people gave.
    Reasons,
}

impl Office {
    /// Writes down that the log is read; answers when that is durable.
    pub(super) async fn audit_read(
        &self,
        reading: AuditReading,
        because: Option<String>,
    ) -> Result<Response, String> {
        let what = match reading {
            AuditReading::Export => "audit.exported",
            AuditReading::Reasons => "audit.reasons-read",
        };
        self.store().note(Actor::OPERATOR.because(because).act(what, now_ms()));
        self.store().flush().await.map_err(|error| error.to_string())?;
        Ok(Response::WrittenDown {})
    }
}
