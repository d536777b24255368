//! What is kept of a device: its connection, how far it is, and what it waits for.

use super::connection::Connection;
use pintle_protocol::tcp::client::{Handshake, Session};
use std::time::Duration;

/// How far a device is.
pub(super) enum State {
    /// Not connected.
    Away,
    /// Its handshake is under way.
    Shaking { connection: Connection, handshake: Handshake },
    /// It has a session; it is connected once the cloud said hello and heard what the device runs.
    Linked { connection: Connection, session: Box<Session>, connected: bool },
}

/// What waits for an acknowledgement.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum What {
    Describe,
    Event(u32),
    Ping,
}

#[derive(Clone, Copy)]
pub(super) struct Outstanding {
    pub(super) id: u16,
    pub(super) what: What,
    pub(super) at: Duration,
}

/// A device.
pub(super) struct Device {
    pub(super) state: State,
    /// When its alarm rings, in milliseconds.
    pub(super) alarm: u32,
    /// When it is to be looked at.
    pub(super) due: Duration,
    /// When its connection began.
    pub(super) begun: Duration,
    /// Events published.
    pub(super) events: u32,
    /// Whether its connection was answered.
    pub(super) answered: bool,
    pub(super) outstanding: Vec<Outstanding>,
}

impl Device {
    pub(super) const fn new() -> Self {
        Self {
            state: State::Away,
            alarm: 0,
            due: Duration::ZERO,
            begun: Duration::ZERO,
            events: 0,
            answered: false,
            outstanding: Vec::new(),
        }
    }

    pub(super) const fn is_connected(&self) -> bool {
        matches!(self.state, State::Linked { connected: true, .. })
    }

    pub(super) fn waits_for(&self, what: impl Fn(What) -> bool) -> usize {
        self.outstanding.iter().filter(|outstanding| what(outstanding.what)).count()
    }

    /// Takes what was acknowledged with this id.
    pub(super) fn settle(&mut self, id: u16) -> Option<Outstanding> {
        let at = self.outstanding.iter().position(|outstanding| outstanding.id == id)?;
        let settled = self.outstanding.swap_remove(at);
        if self.outstanding.is_empty() {
            // An idle device keeps no list.
            self.outstanding = Vec::new();
        }
        Some(settled)
    }
}
