//! What the cloud asks, and what is answered: an acknowledgement at once, and for functions, variables and
//! describes a confirmable response of its own, with the token of the request.

use super::happening::{Happening, Loss, Ticket};
use super::link::{Ending, Link, Tag};
use super::outlet::Outlet;
use super::profile::Bodies;
use super::updating::FORCED;
use pintle_protocol::block;
use pintle_protocol::coap::{Block, Kind, Message, Token};
use pintle_protocol::describe::{DescribeKind, Metric, MetricId, Metrics};
use pintle_protocol::reply::{self, Answer};
use pintle_protocol::value::Value;
use pintle_protocol::{Event, from_cloud};
use std::borrow::Cow;
use std::time::Duration;

/// The metric that says why the device started.
const RESET_REASON: u16 = 1;
/// The metric that counts the seconds since the start.
const UPTIME: u16 = 6;

impl Link {
    /// Acts on a request that is new.
    pub(super) fn handle_request(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        use from_cloud::Request;
        let (id, token) = (message.id, message.token);
        let request = match from_cloud::decode(message) {
            Ok(request) => request,
            Err(error) => return self.acknowledge(now, message, Some(error.answer()), outlet),
        };
        match request {
            // RFC 7252 has it refused, but a device stays silent.
            Request::Unknown => Ok(()),
            Request::Update(what) => self.update(now, message, &what, outlet),
            Request::Ping | Request::Hello => self.acknowledge(now, message, None, outlet),
            Request::Ledger(_) => self.acknowledge(now, message, Some(Answer::NotFound), outlet),
            Request::Event(event) => {
                self.acknowledge(now, message, None, outlet)?;
                if event.name == FORCED {
                    return self.force(now, &event, outlet);
                }
                if bodies.wants(&event.name) {
                    self.calls().note(id);
                    deliver(&event, outlet);
                }
                Ok(())
            }
            Request::Signal { on } => {
                outlet.tell(Happening::Signal { on });
                self.acknowledge(now, message, Some(Answer::Changed), outlet)
            }
            Request::ForgetSession => {
                self.acknowledge(now, message, Some(Answer::Changed), outlet)?;
                Err(Ending::GiveUp(Loss::KeyChange))
            }
            Request::Call { name, argument } => {
                let known = bodies.directory.has_function(name);
                let (name, argument) = (name.to_owned(), argument.to_vec());
                let happening = Happening::Call { ticket: self.ticket(token), name, argument };
                if known {
                    self.calls().note(id);
                }
                self.ask(now, message, known.then_some(happening), outlet)
            }
            Request::Read { name } => {
                let known = bodies.directory.variable(name).is_some();
                let happening = Happening::Read { ticket: self.ticket(token), name: name.into() };
                self.ask(now, message, known.then_some(happening), outlet)
            }
            Request::Describe { kind, block } => {
                let body = body_of(kind, now, bodies);
                match piece_of(&body, block) {
                    Ok(piece) => {
                        self.answer(now, outlet, id, |out| reply::ack_empty(out, id))?;
                        self.report(now, token, kind, &body, piece, outlet)
                    }
                    Err(refusal) => self.acknowledge(now, message, Some(refusal), outlet),
                }
            }
        }
    }

    /// Hands a question to the application; one about what is not there is answered at once.
    fn ask(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        question: Option<Happening>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        self.acknowledge(now, message, None, outlet)?;
        match question {
            Some(question) => {
                outlet.tell(question);
                Ok(())
            }
            None => self.fail(now, message.token, Answer::NotFound, outlet),
        }
    }

    const fn ticket(&self, token: Token) -> Ticket {
        Ticket { generation: self.generation, token }
    }

    /// Acknowledges a confirmable message; a non-confirmable one is not answered.
    fn acknowledge(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        answer: Option<Answer>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        if message.kind != Kind::Confirmable {
            return Ok(());
        }
        let (id, token) = (message.id, message.token);
        self.answer(now, outlet, id, |out| match answer {
            None => reply::ack_empty(out, id),
            Some(answer) => reply::ack(out, id, token, answer, &[]),
        })
    }

    fn fail(
        &mut self,
        now: Duration,
        token: Token,
        answer: Answer,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        self.confirmable(now, outlet, Tag::Answer, |out, id| {
            reply::failure(out, id, token, answer);
            Ok(())
        })
    }

    fn report(
        &mut self,
        now: Duration,
        token: Token,
        kind: DescribeKind,
        body: &[u8],
        (block, piece): (Block, &[u8]),
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        // The tag tells the pieces of one body from those of another.
        let tag = body.iter().fold(0_u8, |tag, byte| tag.rotate_left(1) ^ byte);
        let block = block::needs_blocks(body).then_some((tag, block));
        self.confirmable(now, outlet, Tag::Answer, |out, id| {
            reply::describe(out, id, token, kind, piece, block)
        })
    }

    /// Answers a call, unless the session of the question is over.
    pub(super) fn answer_call(
        &mut self,
        now: Duration,
        ticket: Ticket,
        result: Result<i32, Answer>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        match result {
            _ if ticket.generation != self.generation => Ok(()),
            Err(answer) => self.fail(now, ticket.token, answer, outlet),
            Ok(result) => self.confirmable(now, outlet, Tag::Answer, |out, id| {
                reply::call_result(out, id, ticket.token, result);
                Ok(())
            }),
        }
    }

    /// Answers a read, unless the session of the question is over.
    pub(super) fn answer_read(
        &mut self,
        now: Duration,
        ticket: Ticket,
        result: Result<Value, Answer>,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        match result {
            _ if ticket.generation != self.generation => Ok(()),
            Err(answer) => self.fail(now, ticket.token, answer, outlet),
            Ok(value) => self.confirmable(now, outlet, Tag::Answer, |out, id| {
                reply::value(out, id, ticket.token, &value)
            }),
        }
    }
}

/// Tells the application of an event it subscribed to. The system's own are acknowledged and passed over: a
/// gateway is not rebooted by its cloud.
fn deliver(event: &Event<'_>, outlet: &mut Outlet) {
    outlet.tell(Happening::Event {
        name: event.name.clone().into_owned(),
        data: event.data.to_vec(),
        content_format: event.content_format,
    });
}

fn body_of(kind: DescribeKind, now: Duration, bodies: &Bodies) -> Cow<'_, [u8]> {
    match kind {
        DescribeKind::System => Cow::Borrowed(&bodies.system),
        DescribeKind::Application => Cow::Borrowed(&bodies.application),
        DescribeKind::Metrics => Cow::Owned(metrics(now, bodies.last_reset)),
    }
}

/// P6: no address, no cell, no identity; only how long the device has been up, and why it started if that is known.
pub(crate) fn metrics(now: Duration, last_reset: Option<i32>) -> Vec<u8> {
    let seconds = i32::try_from(now.as_secs()).unwrap_or(i32::MAX);
    let all = [(RESET_REASON, last_reset), (UPTIME, Some(seconds))];
    let metrics = all
        .into_iter()
        .filter_map(|(id, value)| Some(Metric { id: MetricId::new(id)?, value: Ok(value?) }));
    Metrics::new(metrics.collect()).to_bytes()
}

fn piece_of(body: &[u8], asked: Option<Block>) -> Result<(Block, &[u8]), Answer> {
    if asked.is_some_and(|block| block.szx != Block::SZX_1024) {
        return Err(Answer::BadOption);
    }
    let num = asked.map_or(0, |block| block.num);
    block::piece(body, num, Block::SZX_1024).ok_or(Answer::NotFound)
}
