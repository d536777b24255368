//! The numbers of a session: which id the device's next message must have, and which ours get.
//!
//! A device's ids count up by one from its hello's, which follows from the credentials. Its acknowledgements repeat
//! the id of what they acknowledge, with the exceptions that [`super::session`] knows.

use crate::coap::{MessageId, RequestToken};
use crate::tcp::Anomaly;
use crate::weakened::{self, Weakness};

/// How far ahead of the device's next id none of ours may lie: an acknowledgement with the device's own id must not
/// be taken for one of ours. More than a device can send while a question is open, unless it is in a great hurry.
const APART: u16 = 512;

/// The numbers of both sides.
#[derive(Debug)]
pub(super) struct Ids {
    expected: u16,
    next: u16,
    token: u8,
}

impl Ids {
    /// Numbers that begin where the salt says: the device's, then ours.
    pub(super) const fn new(salt: [u8; 8]) -> Self {
        let [first, second, _, _, _, token, high, low] = salt;
        Self {
            expected: u16::from_be_bytes([first, second]),
            next: u16::from_be_bytes([high, low]),
            token,
        }
    }

    /// Takes the id of the hello: one more than the salt's first two bytes, in the order that old code reads them
    /// (big endian) or newer code (little endian). Whether only newer code would have this id.
    pub(super) fn begin(&mut self, found: MessageId) -> Result<bool, Anomaly> {
        let [old, newer] =
            [self.expected, self.expected.swap_bytes()].map(|salt| salt.wrapping_add(1));
        if ![old, newer].contains(&found.0) {
            return Err(Anomaly::HelloId);
        }
        self.expected = found.0.wrapping_add(1);
        Ok(found.0 != old)
    }

    pub(super) const fn is_next(&self, id: MessageId) -> bool {
        id.0 == self.expected
    }

    /// Takes the id of a message that the device originated, or used up.
    pub(super) fn take(&mut self, found: MessageId) -> Result<(), Anomaly> {
        if weakened::is(Weakness::AnyMessageId) {
            self.expected = found.0;
        }
        if !self.is_next(found) {
            return Err(Anomaly::Id { expected: self.expected, found: found.0 });
        }
        self.expected = self.expected.wrapping_add(1);
        Ok(())
    }

    /// The id of our next message: none that `taken` says is still open, and none the device is about to use.
    pub(super) fn next(&mut self, taken: impl Fn(MessageId) -> bool) -> MessageId {
        if self.next.wrapping_sub(self.expected) < APART {
            self.next = self.expected.wrapping_add(APART);
        }
        // No more than 255 are taken, so this ends. Zero looks the same shifted by a byte as it does in its place.
        while self.next == 0 || taken(MessageId(self.next)) {
            self.next = self.next.wrapping_add(1);
        }
        let id = MessageId(self.next);
        self.next = self.next.wrapping_add(1);
        id
    }

    /// The token of our next question; none that `taken` says is in use, of which there are no more than 255.
    pub(super) fn next_token(&mut self, taken: impl Fn(RequestToken) -> bool) -> RequestToken {
        for _ in 0..u8::MAX {
            if !taken(RequestToken(self.token)) {
                break;
            }
            self.token = self.token.wrapping_add(1);
        }
        let token = RequestToken(self.token);
        self.token = self.token.wrapping_add(1);
        token
    }
}
