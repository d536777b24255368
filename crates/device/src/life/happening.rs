//! What a device's life tells its owner.

use super::Publication;
use pintle_dtls::HandshakeError;
use pintle_protocol::ContentFormat;
use pintle_protocol::coap::{Code, Token};

/// Something to do or to know. In the order in which it happened.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Happening {
    /// What is transmitted from now on must leave from a new socket.
    NewSocket,
    /// The cloud acknowledged Hello.
    Greeted,
    /// Everything was said and acknowledged.
    Connected {
        /// Whether in an older session, without a handshake.
        resumed: bool,
    },
    /// The cloud is not reached, or no longer.
    Disconnected(Loss),
    /// A function is called: answer with [`super::Life::answer_call`].
    Call {
        /// Whom to answer.
        ticket: Ticket,
        /// One of the profile's functions.
        name: String,
        /// At most 1024 bytes.
        argument: Vec<u8>,
    },
    /// A variable is read: answer with [`super::Life::answer_read`].
    Read {
        /// Whom to answer.
        ticket: Ticket,
        /// One of the profile's variables.
        name: String,
    },
    /// An event that was subscribed to.
    Event {
        /// Its name.
        name: String,
        /// Its data.
        data: Vec<u8>,
        /// What the data is.
        content_format: ContentFormat,
    },
    /// Somebody wants to see which device this is.
    Signal {
        /// Whether to start or to stop showing it.
        on: bool,
    },
    /// The cloud's clock, in seconds since 1970.
    Time(u32),
    /// An update of the firmware begins, or goes on.
    Updating {
        /// So many bytes are there from before.
        stored: u32,
        /// The length of the file in bytes.
        of: u32,
    },
    /// An update was refused, or broken off by this side; why.
    UpdateDeclined(String),
    /// The cloud knows that an update is there in whole: the device is to start again and try it.
    Apply,
    /// The cloud heard how the last update went.
    Reported,
    /// The cloud took an event.
    Published(Publication),
    /// The cloud did not take an event, or nobody knows whether it did.
    NotPublished(Publication, Unpublished),
}

/// Why an event was not taken.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Unpublished {
    /// The cloud refused it.
    #[error("the cloud refused it with {0}")]
    Refused(Code),
    /// It was not acknowledged in time: it may have arrived.
    #[error("the cloud did not acknowledge it in time")]
    Unanswered,
    /// The connection was lost before it was acknowledged: it may have arrived.
    #[error("the connection was lost before it was acknowledged")]
    Lost,
}

/// Why the cloud is not reached.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Loss {
    /// No socket could be had, or the cloud's name not resolved.
    #[error("there is no way to the cloud")]
    Unreachable,
    /// The handshake failed.
    #[error("the handshake failed: {0}")]
    Handshake(HandshakeError),
    /// The answer to the handshake was made for another key, or not by the pinned cloud.
    #[error(
        "the cloud's answer is not for this device's key, or not signed by the pinned cloud key"
    )]
    WrongAnswer,
    /// The cloud closed the connection instead of admitting the device. It never says why.
    #[error("the cloud did not admit the device; is its key pinned there?")]
    NotAdmitted,
    /// The cloud did not say hello in time.
    #[error("the cloud did not say hello")]
    NoHello,
    /// The cloud sent what is no message of the protocol's.
    #[error("the cloud sent what is no message; the session ended")]
    Anomaly,
    /// Nothing was heard for longer than the keep-alive allows; the session is kept.
    #[error("the cloud fell silent")]
    Silence,
    /// The session was resumed three times without hearing anything.
    #[error("the cloud does not answer in the old session")]
    Unresumable,
    /// A message was never acknowledged.
    #[error("the cloud did not acknowledge a message")]
    Unacknowledged,
    /// The cloud refused Hello.
    #[error("the cloud refused the device's Hello")]
    HelloRefused,
    /// The cloud ended the session.
    #[error("the cloud closed the session")]
    Closed,
    /// The cloud has no use for a message.
    #[error("the cloud reset the session")]
    Reset,
    /// The cloud asks for a new handshake.
    #[error("the cloud asked for a new handshake")]
    KeyChange,
    /// The cloud stopped in the middle of an update.
    #[error("the cloud stopped in the middle of an update")]
    UpdateStalled,
    /// The session cannot go on: too many forged records, or all numbers used up.
    #[error("the session is used up")]
    Exhausted,
}

/// Whom to answer, and in which session.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ticket {
    pub(crate) generation: u32,
    pub(crate) token: Token,
}
