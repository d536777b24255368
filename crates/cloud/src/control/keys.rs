//! Keys and backups, as an operator asks for them.

use super::line::Response;
use super::office::Office;
use crate::clock::now_ms;
use serde::{Deserialize, Serialize};

/// What an operator asks of keys.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum KeyRequest {
    /// All data keys.
    List,
    /// A new data key for every label, and everything sealed anew.
    Rotate {
        /// The reason, for the audit log.
        why: Option<String>,
    },
    /// Write down that a copy of the node key was made.
    Copied {
        /// What kind of copy.
        how: String,
    },
    /// Write down that a backup was restored, as a trial.
    RestoreTried,
}

/// A data key, for an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyLine {
    /// What it is for.
    pub label: String,
    /// How many keys its label had before.
    pub generation: u32,
    /// When it was made, in milliseconds since 1970.
    pub made_at_ms: i64,
    /// Whether everything new goes under it.
    pub newest: bool,
}

type Result<T> = std::result::Result<T, String>;

impl Office {
    pub(super) async fn key(&self, request: KeyRequest) -> Result<Response> {
        let vault = self.vault().ok_or("this node has no vault")?;
        match request {
            KeyRequest::List => {
                let rows = vault.keys().await.map_err(text)?;
                let is_newest = |label: &str, generation: u32| {
                    !rows.iter().any(|row| row.label == label && row.generation.0 > generation)
                };
                let keys = rows.iter().map(|row| KeyLine {
                    label: row.label.clone(),
                    generation: row.generation.0,
                    made_at_ms: row.made_at_ms,
                    newest: is_newest(&row.label, row.generation.0),
                });
                Ok(Response::Keys { keys: keys.collect() })
            }
            KeyRequest::Rotate { why } => {
                let done = vault.rotate(why, now_ms()).await.map_err(text)?;
                let (labels, resealed) = (done.labels, done.resealed);
                Ok(Response::Rotated {
                    labels,
                    resealed,
                    destroyed: done.destroyed,
                    kept: done.kept,
                })
            }
            KeyRequest::Copied { how } => {
                vault.note_copy(&how, now_ms()).await.map_err(text)?;
                Ok(Response::Noted)
            }
            KeyRequest::RestoreTried => {
                vault.note_restore(now_ms()).await.map_err(text)?;
                Ok(Response::Noted)
            }
        }
    }

    pub(super) async fn back_up(&self) -> Result<Response> {
        let vault = self.vault().ok_or("this node has no vault")?;
        let (folder, made) = vault.back_up(now_ms()).await.map_err(text)?;
        Ok(Response::BackedUp { folder, store_bytes: made.store_bytes, files: made.files })
    }
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
