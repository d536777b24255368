//! What the loop needs of a life, whichever service it speaks.

use crate::error::Error;
use crate::life::{Happening, Life, Publication, Ticket};
use crate::saved::Saved;
use pintle_protocol::reply::Answer;
use pintle_protocol::value::Value;
use std::time::Duration;

/// A device's life, to be driven as [`crate::life`] says.
pub(crate) trait Lived {
    /// Takes a datagram or a piece of the stream.
    fn handle_input(&mut self, now: Duration, bytes: &mut [u8]);
    /// The stream ended; datagrams have no end.
    fn closed(&mut self, now: Duration) {
        let _ = now;
    }
    /// To be called when [`Lived::poll_timeout`] is reached.
    fn handle_timeout(&mut self, now: Duration);
    /// The next bytes to send.
    fn poll_transmit(&mut self) -> Option<Vec<u8>>;
    /// What happened, in order.
    fn poll_happening(&mut self) -> Option<Happening>;
    /// When something is due.
    fn poll_timeout(&self) -> Option<Duration>;
    /// Whether everything was said and acknowledged.
    fn is_connected(&self) -> bool;
    /// Whether it left.
    fn is_gone(&self) -> bool;
    /// Publishes a text event.
    fn publish(&mut self, now: Duration, name: &str, data: &[u8]) -> Result<Publication, Error>;
    /// Whether there is room for one more event.
    fn has_room(&self) -> bool;
    /// Answers a call.
    fn answer_call(&mut self, now: Duration, ticket: Ticket, result: Result<i32, Answer>);
    /// Answers a read.
    fn answer_read(&mut self, now: Duration, ticket: Ticket, result: Result<Value, Answer>);
    /// The new socket could not be had.
    fn unreachable(&mut self, now: Duration);
    /// Says goodbye and ends.
    fn leave(&mut self, now: Duration);
    /// The session for the next run, of a life that ended and keeps one.
    fn take_saved(&mut self) -> Option<Saved> {
        None
    }
}

impl Lived for Life {
    fn handle_input(&mut self, now: Duration, bytes: &mut [u8]) {
        self.handle_datagram(now, bytes);
    }

    fn handle_timeout(&mut self, now: Duration) {
        self.handle_timeout(now);
    }

    fn poll_transmit(&mut self) -> Option<Vec<u8>> {
        self.poll_transmit()
    }

    fn poll_happening(&mut self) -> Option<Happening> {
        self.poll_happening()
    }

    fn poll_timeout(&self) -> Option<Duration> {
        self.poll_timeout()
    }

    fn is_connected(&self) -> bool {
        self.is_connected()
    }

    fn is_gone(&self) -> bool {
        self.is_gone()
    }

    fn publish(&mut self, now: Duration, name: &str, data: &[u8]) -> Result<Publication, Error> {
        self.publish(now, name, data)
    }

    fn has_room(&self) -> bool {
        self.has_room()
    }

    fn answer_call(&mut self, now: Duration, ticket: Ticket, result: Result<i32, Answer>) {
        self.answer_call(now, ticket, result);
    }

    fn answer_read(&mut self, now: Duration, ticket: Ticket, result: Result<Value, Answer>) {
        self.answer_read(now, ticket, result);
    }

    fn unreachable(&mut self, now: Duration) {
        self.unreachable(now);
    }

    fn leave(&mut self, now: Duration) {
        self.leave(now);
    }

    fn take_saved(&mut self) -> Option<Saved> {
        self.take_saved()
    }
}
