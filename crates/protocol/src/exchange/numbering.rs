//! How a peer numbers its messages, and up to which number they are past.
//!
//! A peer's repetitions are known by their ids for as long as it may repeat them. Somebody on the path may keep one
//! back for longer, and let it through when its id is forgotten. Where ids count up, one number settles that: what was
//! sent before a message that is itself forgotten was sent too long ago (P3).

use crate::coap::MessageId;

/// Half of all ids: ahead of a number are as many as behind it.
const HALF: u16 = 1 << 15;

/// No message is this far behind one that just came, unless it is past: 1,024 are remembered.
const FAR: u16 = HALF / 2;

/// How a peer numbers its messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbering {
    /// As it likes, which RFC 7252 allows: nothing follows from a number.
    #[default]
    Any,
    /// Each new message has the next id, and they wrap, as Device OS and Pintle do. All up to this one are past; `None`
    /// while that is not known of any.
    Up(Option<MessageId>),
}

impl Numbering {
    /// Whether a message with this id was sent so long ago that its sender gave it up.
    #[must_use]
    pub const fn is_past(self, id: MessageId) -> bool {
        match self {
            Self::Up(Some(past)) => past.0.wrapping_sub(id.0) < HALF,
            Self::Any | Self::Up(None) => false,
        }
    }

    /// The message `id` is past, and all before it.
    pub const fn passed(&mut self, id: MessageId) {
        if let Self::Up(past) = self
            && !(Self::Up(*past)).is_past(id)
        {
            *past = Some(id);
        }
    }

    /// Whether a message with this id was sent after `other`, as far as ids say.
    pub(super) const fn is_after(self, id: MessageId, other: MessageId) -> bool {
        match self {
            Self::Up(_) => id.0 != other.0 && id.0.wrapping_sub(other.0) < HALF,
            Self::Any => false,
        }
    }

    /// A new message came with this id: what is far behind it is past, so that numbers can wrap whatever is
    /// remembered of them.
    pub(super) const fn came(&mut self, id: MessageId) {
        if let Self::Up(past) = self {
            let far = id.0.wrapping_sub(FAR);
            match past {
                Some(past) if id.0.wrapping_sub(past.0) <= FAR => {}
                _ => *past = Some(MessageId(far)),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_past_before_a_message_was_forgotten() {
        for numbering in [Numbering::Any, Numbering::Up(None)] {
            assert!((0..=u16::MAX).all(|id| !numbering.is_past(MessageId(id))));
        }
    }

    #[test]
    fn what_came_before_a_past_message_is_past_and_what_comes_after_is_not() {
        for past in [0, 1, 9, 40_000, u16::MAX] {
            let numbering = Numbering::Up(Some(MessageId(past)));
            for distance in [0, 1, 100, HALF - 1] {
                assert!(numbering.is_past(MessageId(past.wrapping_sub(distance))));
            }
            for distance in [1, 100, HALF] {
                assert!(!numbering.is_past(MessageId(past.wrapping_add(distance))));
            }
        }
    }

    #[test]
    fn numbers_wrap_again_and_again_although_nothing_is_ever_forgotten() {
        let mut numbering = Numbering::Up(Some(MessageId(7)));
        for id in (8..400_000_u32).map(|id| MessageId(id as u16)) {
            assert!(!numbering.is_past(id));
            numbering.came(id);
        }
    }

    #[test]
    fn an_older_message_that_is_forgotten_later_takes_nothing_back() {
        let mut numbering = Numbering::Up(None);
        numbering.passed(MessageId(20));
        numbering.passed(MessageId(10));
        assert!(numbering.is_past(MessageId(20)));
    }
}
