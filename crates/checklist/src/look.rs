//! What came of looking at something.

use crate::verdict::Verdict;
use serde::Serialize;

/// What was found where somebody looked, or why nobody could.
///
/// Serialised it is evidence, so it holds no secret, and nothing that differs between two looks at the same thing: no
/// times, process ids, or ports that the system chose.
#[derive(Clone, Debug, Serialize)]
pub struct Look<T> {
    /// What was read, run or sent, in order.
    pub ran: Vec<String>,
    /// What was found, or why it could not be looked at and what would help.
    pub found: Result<T, String>,
}

impl<T> Look<T> {
    /// Something was found.
    pub fn seen(ran: impl IntoIterator<Item = impl Into<String>>, found: T) -> Self {
        Self { ran: ran.into_iter().map(Into::into).collect(), found: Ok(found) }
    }

    /// It could not be looked at.
    pub fn unseen(why: impl Into<String>) -> Self {
        Self { ran: Vec::new(), found: Err(why.into()) }
    }

    /// Judges what was found; what was not seen is not tried.
    pub fn judge(&self, judge: impl FnOnce(&T) -> Verdict) -> Verdict {
        match &self.found {
            Ok(found) => judge(found),
            Err(why) => Verdict::untried(why.as_str()),
        }
    }
}

/// Nobody was asked to look.
impl<T> Default for Look<T> {
    fn default() -> Self {
        Self::unseen("not part of this run")
    }
}
