//! Why a session ended.

use crate::Error;

/// What was wrong with what a peer sent. It ends the session, is counted by its kind, and is never told to the peer:
/// an answer that told one fault from another would help to guess what frames hold.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Anomaly {
    /// A frame whose length is no multiple of 16, zero, or more than this peer may send.
    #[error("a frame of {0} bytes: the session ends")]
    Length(u16),
    /// The padding of a frame is not what its last byte says.
    #[error("a frame with wrong padding: the session ends")]
    Padding,
    /// What a frame holds is no CoAP message.
    #[error("a frame without a proper message ({0}): the session ends")]
    Message(Error),
    /// The first message was something other than a hello.
    #[error("a first message that is no hello: the session ends")]
    NotHello,
    /// The hello's id does not follow from the credentials: the peer never opened them.
    #[error("a hello whose id does not follow from the credentials: the session ends")]
    HelloId,
    /// A second hello.
    #[error("a second hello: the session ends")]
    SecondHello,
    /// A message that is not the next: repeated, left out, reordered or made up.
    #[error("message id {found} instead of {expected}: the session ends")]
    Id {
        /// The id it should have had.
        expected: u16,
        /// The id it had.
        found: u16,
    },
    /// An acknowledgement, reset or response to nothing that was asked, or with the wrong token for it.
    #[error("an answer to nothing that was asked: the session ends")]
    Unasked,
    /// A kind, code or path that no device sends.
    #[error("a message that is none of the protocol's: the session ends")]
    Unknown,
    /// A message of the protocol with wrong contents.
    #[error("a message with wrong contents ({0}): the session ends")]
    Contents(Error),
    /// The session had ended before.
    #[error("the session has ended")]
    Ended,
}

impl Anomaly {
    /// Every kind, for whoever counts them.
    pub const KINDS: [&'static str; 11] = [
        "length",
        "padding",
        "message",
        "not_hello",
        "hello_id",
        "second_hello",
        "id",
        "unasked",
        "unknown",
        "contents",
        "ended",
    ];

    /// Its place in [`Anomaly::KINDS`].
    #[must_use]
    pub const fn kind(self) -> usize {
        match self {
            Self::Length(_) => 0,
            Self::Padding => 1,
            Self::Message(_) => 2,
            Self::NotHello => 3,
            Self::HelloId => 4,
            Self::SecondHello => 5,
            Self::Id { .. } => 6,
            Self::Unasked => 7,
            Self::Unknown => 8,
            Self::Contents(_) => 9,
            Self::Ended => 10,
        }
    }
}

impl From<Error> for Anomaly {
    fn from(error: Error) -> Self {
        Self::Contents(error)
    }
}
