//! What the cloud asks, and what the device answers. Calls and reads are done by the application, which takes its time;
//! the rest is answered at once.

use super::link::{Ending, Link};
use super::profile::Bodies;
use crate::generation::is_old;
use crate::life::{Happening, Loss, Outlet, Ticket};
use pintle_protocol::coap::{Block, Kind, Message, MessageId, RequestToken, Token};
use pintle_protocol::from_cloud::Request;
use pintle_protocol::reply::Answer;
use pintle_protocol::value::Value;
use std::time::Duration;

/// What a function says that could not be run.
const FAILED: i32 = -1;

impl Link {
    /// Acts on a request.
    pub(super) fn handle_request(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        request: Request<'_>,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        match request {
            Request::Hello => {
                self.acknowledge_if_asked(message, outlet);
                self.introduce(now, bodies, outlet);
            }
            Request::Ping => {
                self.say(outlet, |session, out| session.pong(out, message.id));
            }
            Request::Signal { on } => {
                outlet.tell(Happening::Signal { on });
                self.say(outlet, |session, out| session.signalled(out, message));
            }
            // The older program passes it over.
            Request::ForgetSession if !is_old(bodies.generation()) => {
                self.say(outlet, |session, out| session.signalled(out, message));
            }
            Request::Event(event) => {
                self.acknowledge_if_asked(message, outlet);
                if bodies.wants(&event.name) {
                    outlet.tell(Happening::Event {
                        name: event.name.into_owned(),
                        data: event.data.to_vec(),
                        content_format: event.content_format,
                    });
                }
            }
            Request::Call { name, argument } => {
                self.call(message, (name, argument), bodies, outlet)?;
            }
            Request::Read { name } => self.read(message, name, bodies, outlet)?,
            // What it does not know it passes over.
            Request::ForgetSession
            | Request::Describe { .. }
            | Request::Ledger(_)
            | Request::Update(_)
            | Request::Unknown => {}
        }
        Ok(())
    }

    fn acknowledge_if_asked(&mut self, message: &Message<'_>, outlet: &mut Outlet) {
        if message.kind == Kind::Confirmable {
            self.say(outlet, |session, out| session.acknowledge(out, message.id));
        }
    }

    /// An argument that is too long is refused, and the function is called all the same, with another.
    fn call(
        &mut self,
        message: &Message<'_>,
        (name, argument): (&str, &[u8]),
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let token = one_byte(message)?;
        let (argument, refused) = self.session.argument(argument);
        let argument = argument.to_vec();
        self.say(outlet, |session, out| match refused {
            true => session.refuse(out, message),
            false => session.acknowledge(out, message.id),
        });
        // Nobody answers for a function that is not there.
        if bodies.directory.has_function(name) {
            outlet.tell(Happening::Call {
                ticket: self.ticket(token),
                name: name.into(),
                argument,
            });
        }
        Ok(())
    }

    fn read(
        &mut self,
        message: &Message<'_>,
        name: &str,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) -> Result<(), Ending> {
        let token = one_byte(message)?;
        if bodies.directory.variable(name).is_some() {
            self.reads.push((message.id, token));
            outlet.tell(Happening::Read { ticket: self.ticket(token), name: name.into() });
        } else {
            self.say(outlet, |session, out| session.value(out, message, None));
        }
        Ok(())
    }

    /// Answers a call, unless the session of the question is over.
    pub(super) fn answer_call(
        &mut self,
        ticket: Ticket,
        result: Result<i32, Answer>,
        outlet: &mut Outlet,
    ) {
        if ticket.generation == self.number {
            let result = result.unwrap_or(FAILED);
            self.say(outlet, |session, out| session.result(out, ticket.token, result));
        }
    }

    /// Answers a read, unless the session of the question is over.
    pub(super) fn answer_read(
        &mut self,
        ticket: Ticket,
        result: Result<Value, Answer>,
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) {
        if ticket.generation != self.number {
            return;
        }
        let Some(at) = self.reads.iter().position(|(_, token)| *token == ticket.token) else {
            return;
        };
        let (id, token) = self.reads.remove(at);
        let value = result.ok().map(|value| cut(value, bodies.generation().limits().event_data));
        let question = header(id, token);
        if let Ok(to) = Message::parse(&question) {
            self.say(outlet, |session, out| session.value(out, &to, value.as_ref()));
        }
    }

    /// Says what it runs.
    pub(super) fn report(
        &mut self,
        now: Duration,
        message: &Message<'_>,
        (flags, block): (Option<u8>, Option<Block>),
        bodies: &Bodies,
        outlet: &mut Outlet,
    ) {
        let refused = flags.is_none() && bodies.firmware.requires_describe_flags;
        let body = bodies.describe(flags, now);
        self.say(outlet, |session, out| match refused {
            true => session.refuse(out, message),
            false => session.described(out, message, &body, block),
        });
    }
}

/// The token of a call or a read has one byte, or the session ends.
fn one_byte(message: &Message<'_>) -> Result<Token, Ending> {
    let token = RequestToken::try_from(message.token);
    token.map(Token::from).map_err(|_| Ending::Lost(Loss::Anomaly))
}

/// A text that is longer than its buffer is cut.
fn cut(value: Value, room: usize) -> Value {
    match value {
        Value::String(mut text) => {
            text.truncate(room);
            Value::String(text)
        }
        value => value,
    }
}

/// A question as far as its answer has to know it: a confirmable GET with a token of one byte.
fn header(id: MessageId, token: Token) -> Vec<u8> {
    let [high, low] = id.0.to_be_bytes();
    [&[0x41, 0x01, high, low], token.as_bytes()].concat()
}
