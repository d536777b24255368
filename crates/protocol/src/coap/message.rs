//! A received message: checked once, then read without failure (RFC 7252 sections 3 and 4).

use super::{Block, Code, Opt, Options, Token, option};
use crate::Error;

/// The two type bits of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// CON: the receiver must acknowledge it.
    Confirmable,
    /// NON: nothing comes back.
    NonConfirmable,
    /// ACK: to the confirmable message with the same id.
    Acknowledgement,
    /// RST: the message with the same id had no context here.
    Reset,
}

impl Kind {
    pub(super) const fn bits(self) -> u8 {
        match self {
            Self::Confirmable => 0,
            Self::NonConfirmable => 1,
            Self::Acknowledgement => 2,
            Self::Reset => 3,
        }
    }

    const fn from_header(first: u8) -> Self {
        match first >> 4 & 3 {
            0 => Self::Confirmable,
            1 => Self::NonConfirmable,
            2 => Self::Acknowledgement,
            _ => Self::Reset,
        }
    }
}

/// The number that ties an acknowledgement to its message and shows duplicates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MessageId(pub u16);

/// A well-formed message, borrowed from the datagram.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    /// Confirmable, non-confirmable, acknowledgement or reset.
    pub kind: Kind,
    /// The method or response code.
    pub code: Code,
    /// The message id.
    pub id: MessageId,
    /// The token.
    pub token: Token,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Message<'a> {
    /// Reads a whole datagram.
    ///
    /// # Errors
    /// Any framing rule of RFC 7252 that the bytes break; the datagram is then to be dropped.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, Error> {
        let (&[first, code, id @ ..], rest) =
            datagram.split_first_chunk::<4>().ok_or(Error::Truncated)?;
        if first >> 6 != 1 {
            return Err(Error::Version(first >> 6));
        }
        let (kind, code) = (Kind::from_header(first), Code(code));
        check_code(kind, code)?;
        // RFC 7252 4.1: an empty message has no token and nothing after the id.
        if code == Code::EMPTY && (first & 0x0f != 0 || !rest.is_empty()) {
            return Err(Error::EmptyWithContent);
        }
        let length = first & 0x0f;
        if length > 8 {
            return Err(Error::TokenLength(length));
        }
        let (token, rest) = rest.split_at_checked(length.into()).ok_or(Error::Truncated)?;
        let token = Token::new(token).ok_or(Error::TokenLength(length))?;
        let payload = match Options::new(rest).check()? {
            [] => &[],
            [_marker] => return Err(Error::EmptyPayload),
            [_marker, payload @ ..] => payload,
        };
        let id = MessageId(u16::from_be_bytes(id));
        Ok(Self { kind, code, id, token, options: rest, payload })
    }

    /// The options in the order of the wire.
    #[must_use]
    pub const fn options(&self) -> Options<'a> {
        Options::new(self.options)
    }

    /// The payload; empty if there is none.
    #[must_use]
    pub const fn payload(&self) -> &'a [u8] {
        self.payload
    }

    fn values(&self, number: u16) -> impl Iterator<Item = Opt<'a>> + use<'a> {
        // Numbers never fall, so the walk may stop at the first larger one.
        self.options()
            .take_while(move |option| option.number <= number)
            .filter(move |option| option.number == number)
    }

    /// The segments of the path.
    pub fn uri_path(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values(option::URI_PATH).map(|option| option.value)
    }

    /// The arguments of the query.
    pub fn uri_query(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        self.values(option::URI_QUERY).map(|option| option.value)
    }

    /// The Content-Format; `None` if absent or, the option being elective, too large for one.
    #[must_use]
    pub fn content_format(&self) -> Option<u16> {
        self.values(option::CONTENT_FORMAT).next()?.uint()?.try_into().ok()
    }

    /// The Max-Age in seconds, if given.
    #[must_use]
    pub fn max_age(&self) -> Option<u32> {
        self.values(option::MAX_AGE).next()?.uint()
    }

    /// The ETag, if given.
    #[must_use]
    pub fn etag(&self) -> Option<&'a [u8]> {
        self.values(option::ETAG).next().map(|option| option.value)
    }

    /// The Block1 option, if given.
    ///
    /// # Errors
    /// [`Error::BlockOption`]: the option is critical, so a bad value may not be passed over.
    pub fn block1(&self) -> Result<Option<Block>, Error> {
        self.values(option::BLOCK1).next().as_ref().map(Block::from_option).transpose()
    }

    /// The Block2 option, if given.
    ///
    /// # Errors
    /// [`Error::BlockOption`]: the option is critical, so a bad value may not be passed over.
    pub fn block2(&self) -> Result<Option<Block>, Error> {
        self.values(option::BLOCK2).next().as_ref().map(Block::from_option).transpose()
    }

    /// Refuses critical options that are not among `known` (RFC 7252 5.4.1).
    ///
    /// # Errors
    /// [`Error::CriticalOption`] with the first such number.
    pub fn require_known(&self, known: &[u16]) -> Result<(), Error> {
        let strange = |option: &Opt<'_>| option.is_critical() && !known.contains(&option.number);
        self.options().find(strange).map_or(Ok(()), |o| Err(Error::CriticalOption(o.number)))
    }
}

/// RFC 7252 table 1: which code goes with which kind.
fn check_code(kind: Kind, code: Code) -> Result<(), Error> {
    if code.is_reserved() {
        return Err(Error::ReservedCode(code));
    }
    let fits = match kind {
        Kind::Confirmable => true,
        Kind::NonConfirmable => code != Code::EMPTY,
        Kind::Acknowledgement => !code.is_request(),
        Kind::Reset => code == Code::EMPTY,
    };
    if fits { Ok(()) } else { Err(Error::KindAndCode(code)) }
}
