//! What a handshake sends and when, on either side: the flight under way, the datagrams that wait to be taken,
//! and the moment by which it must be over.

use crate::alert;
use crate::error::HandshakeError;
use crate::flight::{Flight, put_clear_record};
use crate::message::Message;
use crate::record::header::ALERT;
use crate::session::Session;
use alloc::collections::VecDeque;
use alloc::vec::Vec;
use core::time::Duration;

/// The sending half of a handshake.
pub(crate) struct Dispatch {
    flight: Flight,
    outgoing: VecDeque<Vec<u8>>,
    deadline: Duration,
}

impl Dispatch {
    pub(crate) const fn new(flight: Flight, deadline: Duration) -> Self {
        Self { flight, outgoing: VecDeque::new(), deadline }
    }

    /// Starts the next flight; [`Dispatch::transmit`] sends it.
    pub(crate) fn begin(&mut self, messages: Vec<Message>) {
        self.flight.begin(messages);
    }

    /// Sends the flight, again where it was sent before. `session` protects a Finished.
    pub(crate) fn transmit(
        &mut self,
        now: Duration,
        session: Option<&mut Session>,
    ) -> Result<(), HandshakeError> {
        let sent = self.flight.transmit(now, session, &mut self.outgoing);
        sent.map_err(|_| HandshakeError::Over)
    }

    /// Drops what waits, and says to the wire what it should hear of the error.
    pub(crate) fn fail(&mut self, error: &HandshakeError) {
        self.outgoing.clear();
        if let Some(description) = alert::description_for(error) {
            let mut datagram = Vec::new();
            let sequence = self.flight.next_record();
            put_clear_record(&mut datagram, ALERT, sequence, &[alert::FATAL, description]);
            self.outgoing.push_back(datagram);
        }
    }

    /// The next datagram to send.
    pub(crate) fn next(&mut self) -> Option<Vec<u8>> {
        self.outgoing.pop_front()
    }

    /// When to look again: the flight has to be repeated, or the time is up.
    pub(crate) fn timeout(&self) -> Duration {
        self.flight.due().map_or(self.deadline, |due| due.min(self.deadline))
    }

    /// Whether the handshake took too long.
    pub(crate) fn is_late(&self, now: Duration) -> bool {
        now >= self.deadline
    }

    /// Whether the flight has to be repeated now.
    pub(crate) fn is_due(&self, now: Duration) -> bool {
        self.flight.due().is_some_and(|due| now >= due)
    }

    /// The moment by which the handshake must be over.
    pub(crate) const fn deadline(&self) -> Duration {
        self.deadline
    }

    /// The next sequence number of epoch 0.
    pub(crate) const fn next_record(&self) -> u64 {
        self.flight.next_record()
    }
}
