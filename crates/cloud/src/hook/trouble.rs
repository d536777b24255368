//! Why a try came to nothing, in the words that the account's people read.

use super::Hook;
use super::client::{Answer, SendError};
use super::request::RequestError;
use super::schedule::Ended;

/// What went wrong before there was an answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Trouble {
    /// The templates make nothing of this event that could be sent.
    #[error("{0}")]
    Request(RequestError),
    /// The receiver was not reached, or did not answer.
    #[error("{0} {1}")]
    Send(String, SendError),
}

/// What an answer that is none of success is told as.
pub(super) fn status_error(hook: &Hook, status: u16) -> String {
    let host = hook.settings.target().map(|(target, _)| target.host).unwrap_or_default();
    format!("error status {status} from {host}")
}

/// How a try ended. A receiver that says no will say so again; one that is busy or broken may not.
pub(super) fn judge(came: &Result<Answer, Trouble>) -> Ended {
    match came {
        Ok(Answer { status: 200..300, .. }) => Ended::Well,
        Ok(Answer { status: 408 | 425 | 429 | 500.., .. }) => Ended::Failed,
        Ok(_) | Err(Trouble::Request(_) | Trouble::Send(_, SendError::Egress(_))) => Ended::Refused,
        Err(Trouble::Send(..)) => Ended::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hook::egress::EgressError;

    #[test]
    fn a_receiver_that_says_no_is_not_asked_again_and_one_that_is_broken_is() {
        let answer = |status| Ok(Answer { status, body: Vec::new() });
        let not_sent = |error| Err(Trouble::Send("ex.example".into(), error));
        assert_eq!(judge(&answer(204)), Ended::Well);
        for no in [301, 400, 404, 410] {
            assert_eq!(judge(&answer(no)), Ended::Refused, "{no}");
        }
        for later in [408, 429, 500, 503, 599] {
            assert_eq!(judge(&answer(later)), Ended::Failed, "{later}");
        }
        assert_eq!(judge(&not_sent(SendError::Late)), Ended::Failed);
        assert_eq!(judge(&not_sent(SendError::Egress(EgressError::NotAllowed))), Ended::Refused);
    }
}
