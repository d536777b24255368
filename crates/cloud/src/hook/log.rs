//! The last tries of each webhook, for whoever looks why it does not work: in memory alone, and nothing of what was sent
//! or answered.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use super::HookId;

/// So many tries of a webhook are remembered.
const KEPT: usize = 10;

/// One try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logged {
    /// The event's name to the receiver.
    pub id: String,
    /// When it ended, in milliseconds since 1970.
    pub at_ms: i64,
    /// The status that was answered, if anything was.
    pub status: Option<u16>,
    /// What went wrong, if anything did.
    pub error: Option<String>,
    /// Whether it will be tried again.
    pub again: bool,
}

/// The tries of all webhooks. Clones share them.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<Mutex<HashMap<HookId, VecDeque<Logged>>>>);

impl Log {
    pub(super) fn add(&self, hook: HookId, logged: Logged) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = all.entry(hook).or_default();
        if lines.len() >= KEPT {
            lines.pop_front();
        }
        lines.push_back(logged);
    }

    /// The newest first.
    pub(super) fn of(&self, hook: HookId) -> Vec<Logged> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&hook).into_iter().flatten().rev().cloned().collect()
    }

    pub(super) fn forget(&self, hook: HookId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hook);
    }
}
