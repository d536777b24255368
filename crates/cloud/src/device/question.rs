//! Questions to a device: written, sent, and matched with what comes back.

use super::ask::{Answer, AskError, Question};
use super::command::Reply;
use super::life::{Life, Sent};
use super::outgoing::Outgoing;
use super::world::World;
use pintle_protocol::coap::{Code, Message, MessageId, RequestToken};
use pintle_protocol::value::{self, VariableType};
use pintle_protocol::{Error, from_cloud};

/// How many questions to one device may wait at once.
const MOST_QUESTIONS: usize = 16;

/// What the answer should be.
pub(super) enum Expected {
    Returned,
    Value(VariableType),
    Done,
}

/// A question that was sent, and who waits for its answer.
pub(super) struct Asked {
    pub(super) expected: Expected,
    pub(super) reply: Reply,
}

impl Asked {
    /// Hands on what the device answered; `None` for a reset, which also says that it is there.
    pub(super) fn settle(self, answer: Option<&Message<'_>>) {
        let result = match answer {
            Some(message) => self.expected.read(message),
            None if matches!(self.expected, Expected::Done) => Ok(Answer::Done),
            None => Err(AskError::Refused(Code::NOT_FOUND)),
        };
        // Whoever asked may have gone.
        let _ = self.reply.send(result);
    }

    pub(super) fn time_out(self) {
        let _ = self.reply.send(Err(AskError::TimedOut));
    }
}

impl Expected {
    /// What an answer to this question should be.
    pub(super) fn to(question: &Question) -> Self {
        match question {
            Question::Call { .. } => Self::Returned,
            Question::Read { kind, .. } => Self::Value(*kind),
            Question::Ping | Question::Signal(_) => Self::Done,
        }
    }

    fn read(&self, message: &Message<'_>) -> Result<Answer, AskError> {
        if message.code.class() >= 4 {
            return Err(AskError::Refused(message.code));
        }
        let unreadable = |_: Error| AskError::Unreadable;
        match self {
            Self::Done => Ok(Answer::Done),
            Self::Returned => {
                value::decode_result(message.payload()).map(Answer::Returned).map_err(unreadable)
            }
            Self::Value(kind) => {
                value::decode(*kind, message.payload()).map(Answer::Value).map_err(unreadable)
            }
        }
    }
}

impl Life {
    /// Asks the device something; the answer, or that there is none, goes to `reply`.
    pub fn ask(&mut self, world: &World, question: &Question, reply: Reply, out: &mut Outgoing) {
        if self.questions >= MOST_QUESTIONS {
            let _ = reply.send(Err(AskError::Busy));
            return;
        }
        let id = self.exchange.next_id();
        let asked = |expected| Asked { expected, reply };
        let sent = match question {
            Question::Ping => {
                let asked = Sent::Question(asked(Expected::Done));
                self.send(world, id, asked, out, |bytes| from_cloud::ping(bytes, id))
            }
            Question::Call { function, argument } => {
                self.ask_under_token(world, id, asked(Expected::Returned), out, |bytes, token| {
                    from_cloud::call(bytes, id, token, function, argument)
                })
            }
            Question::Read { variable, kind } => self.ask_under_token(
                world,
                id,
                asked(Expected::Value(*kind)),
                out,
                |bytes, token| from_cloud::read(bytes, id, token, variable),
            ),
            Question::Signal(on) => {
                self.ask_under_token(world, id, asked(Expected::Done), out, |bytes, token| {
                    from_cloud::signal(bytes, id, token, *on)
                })
            }
        };
        self.questions += usize::from(sent);
    }

    /// Sends a question whose answer comes under its token. False where it is answered already: it
    /// cannot be asked.
    fn ask_under_token(
        &mut self,
        world: &World,
        id: MessageId,
        asked: Asked,
        out: &mut Outgoing,
        write: impl FnOnce(&mut Vec<u8>, RequestToken) -> Result<(), Error>,
    ) -> bool {
        let token = self.exchange.next_token();
        let mut datagram = Vec::new();
        if write(&mut datagram, token).is_err() {
            let limit = super::ask::MAX_ARGUMENT;
            let _ = asked.reply.send(Err(AskError::TooLarge { limit }));
            return false;
        }
        let (now, copy) = (world.now, datagram.clone());
        let deadline = now + world.answer_within;
        let (jitter, sent) = (world.random(), Sent::Question(asked));
        match self.exchange.request(now, jitter, id, token, datagram, deadline, sent) {
            Ok(()) => {
                out.push(&copy);
                true
            }
            Err(Sent::Question(asked)) => {
                let _ = asked.reply.send(Err(AskError::Busy));
                false
            }
            Err(_) => false,
        }
    }
}
