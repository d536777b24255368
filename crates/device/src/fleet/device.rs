//! One virtual device, as small as it can be: a million of them must fit beside the node under test.

use super::pending::NONE;
use pintle_dtls::Session;

/// How far a device has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Has no session and waits for its turn.
    Away,
    /// Shakes hands.
    Shaking,
    /// Said Hello.
    Greeting,
    /// Says what it runs.
    Describing,
    /// Said everything.
    Connected,
}

/// A device.
pub(super) struct Device {
    /// Its session.
    pub(super) session: Option<Session>,
    /// The first of its unsettled messages; while it shakes hands, the number of the handshake.
    pub(super) head: u32,
    /// When the one alarm that counts will ring, in milliseconds.
    pub(super) alarm: u32,
    /// When it pings next.
    pub(super) ping_at: u32,
    /// When it next changes its port.
    pub(super) rebind_at: u32,
    /// How many events it published.
    pub(super) events: u32,
    /// The id of its next message.
    pub(super) next_id: u16,
    /// How many messages are unsettled.
    pub(super) outstanding: u8,
    /// The socket, and with it the port, that it uses.
    pub(super) socket: u8,
    /// Whether nothing was heard since it changed its port by itself.
    pub(super) moved: bool,
    /// How many pings in a row were never answered.
    pub(super) silences: u8,
    /// How far it has come.
    pub(super) phase: Phase,
}

impl Device {
    /// A device that never was connected, on this socket.
    pub(super) const fn new(socket: u8) -> Self {
        Self {
            session: None,
            head: NONE,
            alarm: NEVER,
            ping_at: NEVER,
            rebind_at: NEVER,
            events: 0,
            next_id: 1,
            outstanding: 0,
            socket,
            moved: false,
            silences: 0,
            phase: Phase::Away,
        }
    }

    /// The id of its next message.
    pub(super) const fn take_id(&mut self) -> u16 {
        let id = self.next_id;
        self.next_id = id.wrapping_add(1);
        id
    }
}

/// A time that does not come.
pub(super) const NEVER: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_small() {
        assert!(size_of::<Device>() <= 160, "{}", size_of::<Device>());
    }
}
