//! What a node tells an audit of itself.

use super::line::Response;
use super::office::Office;

impl Office {
    /// Reads, and writes nothing down: an audit looks every day, and changes nothing.
    pub(super) async fn take_survey(&self) -> Result<Response, String> {
        let surveyor = self.surveyor().ok_or("only a running node answers that")?;
        let survey = surveyor.take().await.map_err(|error| error.to_string())?;
        let survey = serde_json::to_value(&survey).map_err(|error| error.to_string())?;
        Ok(Response::Survey { survey })
    }
}
