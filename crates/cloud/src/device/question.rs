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

enum Expected {
    Returned,
    Value(VariableType),
    Done,
}

/// A question that was sent, and who waits for its answer.
pub(super) struct Asked {
    expected: Expected,
    reply: Reply,
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
        let sent = match question {
            Question::Ping => {
                let asked = Sent::Question(Asked { expected: Expected::Done, reply });
                self.send(world, id, asked, out, |bytes| from_cloud::ping(bytes, id))
            }
            question => self.ask_with_token(world, id, question, reply, out),
        };
        self.questions += usize::from(sent);
    }

    fn ask_with_token(
        &mut self,
        world: &World,
        id: MessageId,
        question: &Question,
        reply: Reply,
        out: &mut Outgoing,
    ) -> bool {
        let token = self.exchange.next_token();
        let mut datagram = Vec::new();
        let expected = match write(&mut datagram, id, token, question) {
            Ok(expected) => expected,
            Err(_) => {
                let limit = super::ask::MAX_ARGUMENT;
                let _ = reply.send(Err(AskError::TooLarge { limit }));
                return false;
            }
        };
        let (now, copy) = (world.now, datagram.clone());
        let deadline = now + world.answer_within;
        let asked = Sent::Question(Asked { expected, reply });
        let jitter = world.random();
        match self.exchange.request(now, jitter, id, token, datagram, deadline, asked) {
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

fn write(
    out: &mut Vec<u8>,
    id: MessageId,
    token: RequestToken,
    question: &Question,
) -> Result<Expected, Error> {
    match question {
        Question::Call { function, argument } => {
            from_cloud::call(out, id, token, function, argument).map(|()| Expected::Returned)
        }
        Question::Read { variable, kind } => {
            from_cloud::read(out, id, token, variable).map(|()| Expected::Value(*kind))
        }
        Question::Signal(on) => from_cloud::signal(out, id, token, *on).map(|()| Expected::Done),
        Question::Ping => {
            from_cloud::ping(out, id);
            Ok(Expected::Done)
        }
    }
}
