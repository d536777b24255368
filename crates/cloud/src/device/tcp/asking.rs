//! Questions to a device over TCP, and what comes back. What a device answers too late is taken and ignored: it is no
//! anomaly.

use super::{Scene, TcpLife};
use crate::device::ask::{AskError, MAX_ARGUMENT, Question};
use crate::device::command::Reply;
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
    pub fn ask(&mut self, world: &World, scene: &mut Scene<'_>, question: &Question, reply: Reply) {
        let frames = &mut scene.effects.frames;
        let full = self.questions.open.len() >= MOST;
        let asked = match question {
            _ if full => Err(AskError::Busy),
            // Soon it will have said what it has.
            Question::Read { .. } if !scene.standing.described => Err(AskError::Busy),
            Question::Ping => scene.session.ping(frames).map_err(refusal),
            Question::Call { function, argument } => {
                scene.session.call(frames, function, argument).map_err(refusal)
            }
            Question::Read { variable, .. } => {
                scene.session.read(frames, variable).map_err(refusal)
            }
            Question::Signal(on) => scene.session.signal(frames, *on).map_err(refusal),
        };
        match asked {
            Ok(asked) => {
                let waits = Asked { expected: Expected::to(question), reply };
                let until = world.now + world.answer_within;
                self.questions.open.push(Open { asked, waits, until });
            }
            // Whoever asked may have gone.
            Err(why) => drop(reply.send(Err(why))),
        }
    }
}

/// Why a device cannot be asked.
fn refusal(error: SendError) -> AskError {
    match error {
        SendError::TooLarge { limit } => AskError::TooLarge { limit: limit.min(MAX_ARGUMENT) },
        // A name that it could not even be asked for is none of its.
        SendError::Name { .. } => AskError::Refused(Code::NOT_FOUND),
        SendError::NotForDevice(_) => AskError::Refused(Code::BAD_REQUEST),
        SendError::Unanswered => AskError::Busy,
        _ => AskError::Offline,
    }
}
