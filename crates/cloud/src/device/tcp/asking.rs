//! Questions to a device over TCP, and what comes back. What a device answers too late is taken and ignored: it is no
//! anomaly.

use super::{Scene, TcpLife, TcpVerdict};
use crate::device::ask::{AskError, MAX_ARGUMENT, Question};
use crate::device::command::Reply;
use crate::device::ending::End;
use crate::device::question::{Asked, Expected};
use crate::device::world::World;
use pintle_protocol::coap::{Code, Message};
use pintle_protocol::tcp::SendError;
use pintle_protocol::tcp::server;
use std::time::Duration;

/// How many questions to one device may wait at once.
const MOST: usize = 16;

struct Open {
    asked: server::Asked,
    waits: Asked,
    until: Duration,
}

/// The questions that wait for an answer.
#[derive(Default)]
pub(super) struct Questions {
    open: Vec<Open>,
}

impl Questions {
    /// The device heard a question. Of a ping that is the answer.
    pub(super) fn acknowledged(&mut self, asked: &server::Asked) {
        if asked.about == server::About::Ping
            && let Some(waits) = self.take(asked)
        {
            waits.settle(None);
        }
    }

    /// Hands an answer on; false where it is none to a question here.
    pub(super) fn answered(&mut self, asked: &server::Asked, message: &Message<'_>) -> bool {
        if matches!(asked.about, server::About::Describe(_)) {
            return false;
        }
        if let Some(waits) = self.take(asked) {
            // A reset has no code of its own.
            waits.settle((message.code != Code::EMPTY).then_some(message));
        }
        true
    }

    fn take(&mut self, asked: &server::Asked) -> Option<Asked> {
        let position = self.open.iter().position(|open| open.asked == *asked)?;
        Some(self.open.swap_remove(position).waits)
    }

    /// Tells those who have waited long enough.
    pub(super) fn give_up(&mut self, now: Duration) {
        for late in self.open.extract_if(.., |open| open.until <= now) {
            late.waits.time_out();
        }
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.open.iter().map(|open| open.until).min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }
}

impl TcpLife {
    /// Asks the device something; the answer, or that there is none, goes to `reply`.
    pub fn ask(
        &mut self,
        world: &World,
        scene: &mut Scene<'_>,
        question: &Question,
        reply: Reply,
    ) -> TcpVerdict {
        let (session, frames) = (&mut *scene.session, &mut scene.effects.frames);
        let asked = match question {
            _ if self.updating.is_some() || self.questions.open.len() >= MOST => {
                Err(AskError::Busy)
            }
            Question::Ping => Ok(session.ping(frames)),
            Question::Call { function, argument } => Ok(session.call(frames, function, argument)),
            Question::Read { variable, .. } => {
                scene.standing.may_read(variable).map(|()| session.read(frames, variable))
            }
            Question::Signal(on) => Ok(session.signal(frames, *on)),
        };
        let (why, verdict) = match asked {
            Ok(Ok(asked)) => {
                let waits = Asked { expected: Expected::to(question), reply };
                let until = world.now + world.answer_within;
                self.questions.open.push(Open { asked, waits, until });
                return TcpVerdict::Keep;
            }
            // No question would be possible any more.
            Ok(Err(SendError::Unanswered)) => (AskError::Busy, TcpVerdict::End(End::NotAnswering)),
            Ok(Err(error)) => (refusal(error), TcpVerdict::Keep),
            Err(why) => (why, TcpVerdict::Keep),
        };
        // Whoever asked may have gone.
        drop(reply.send(Err(why)));
        verdict
    }
}

/// Why a device cannot be asked.
fn refusal(error: SendError) -> AskError {
    match error {
        SendError::TooLarge { limit } => AskError::TooLarge { limit: limit.min(MAX_ARGUMENT) },
        // A name that it could not even be asked for is none of its.
        SendError::Name { .. } => AskError::Refused(Code::NOT_FOUND),
        SendError::NotForDevice(_) => AskError::Refused(Code::BAD_REQUEST),
        _ => AskError::Offline,
    }
}
