//! The messages of a transfer. Their options are critical and have numbers of their own.

use alloc::vec::Vec;

use super::{CHUNK_SIZES, Gaps, MAX_STATEMENT};
use crate::Error;
use crate::coap::{Code, Kind, Message, MessageId, RequestToken, Token, Writer, option};

/// The index of a chunk, or the last before the first that is missing.
const CHUNK_INDEX: u16 = 2049;
/// In chunks.
const WINDOW_SIZE: u16 = 2053;
/// Of the file; in a response where to begin.
const FILE_SIZE: u16 = 2057;
const FILE_SHA256: u16 = 2061;
const CHUNK_SIZE: u16 = 2065;
const DISCARD_DATA: u16 = 2069;
const CANCEL: u16 = 2073;
const MODULE_FUNCTION: u16 = 2077;

const START: &[u8] = b"S";
const CHUNK: &[u8] = b"C";
const ACKNOWLEDGED: &[u8] = b"A";
const FINISH: &[u8] = b"F";

/// A request to take a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start<'a> {
    /// How long the file is, in bytes.
    pub file_size: u32,
    /// Its SHA-256: needed to go on with it after a break.
    pub sha256: Option<[u8; 32]>,
    /// How long a chunk is, in bytes.
    pub chunk_size: u16,
    /// What is kept from before is to be forgotten.
    pub discard: bool,
    /// What the module is for.
    pub function: Option<u8>,
    /// What was signed about the file: at most [`MAX_STATEMENT`] bytes, none for an unsigned one. Not looked into.
    pub statement: &'a [u8],
}

/// The device's answer to [`Start`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Started {
    /// How many chunks it takes ahead of the first that is missing.
    pub window: u32,
    /// The byte to begin with.
    pub offset: u32,
}

/// A piece of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// Which one, from 1, counted from where the transfer began.
    pub index: u32,
    /// Its bytes.
    pub data: &'a [u8],
}

/// What came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// The last chunk before the first that is missing.
    pub index: u32,
    /// What came after that.
    pub gaps: Gaps,
}

/// The end of a transfer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Finish {
    /// It is to be broken off.
    pub cancel: bool,
    /// And what came of it forgotten.
    pub discard: bool,
}

/// What a cloud says in a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCloud<'a> {
    /// Take a file.
    Start(Start<'a>),
    /// A piece of it.
    Chunk(Chunk<'a>),
    /// It is at its end.
    Finish(Finish),
}

/// What a device says in a transfer, beside its responses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FromDevice {
    /// What came.
    Acknowledged(Acknowledged),
}

fn uint(message: &Message<'_>, number: u16) -> Result<Option<u32>, Error> {
    let found = message.options().find(|option| option.number == number);
    found.map(|option| option.uint().ok_or(Error::Update)).transpose()
}

fn has(message: &Message<'_>, number: u16) -> bool {
    message.options().any(|option| option.number == number)
}

impl<'a> FromCloud<'a> {
    /// What a message of the cloud means in a transfer; none when it is about something else.
    ///
    /// # Errors
    /// [`Error::Update`] or [`Error::CriticalOption`] for a message of a transfer that makes no sense.
    pub fn decode(message: &Message<'a>) -> Result<Option<Self>, Error> {
        if message.code != Code::POST {
            return Ok(None);
        }
        let decoded = match message.uri_path().next() {
            Some(START) => Self::Start(Start::read(message)?),
            Some(CHUNK) => {
                message.require_known(&[option::URI_PATH, CHUNK_INDEX])?;
                let index = uint(message, CHUNK_INDEX)?.ok_or(Error::Update)?;
                Self::Chunk(Chunk { index, data: message.payload() })
            }
            Some(FINISH) => {
                message.require_known(&[option::URI_PATH, CANCEL, DISCARD_DATA])?;
                let (cancel, discard) = (has(message, CANCEL), has(message, DISCARD_DATA));
                Self::Finish(Finish { cancel, discard })
            }
            _ => return Ok(None),
        };
        Ok(Some(decoded))
    }
}

impl FromDevice {
    /// What a request of the device means in a transfer; none when it is about something else.
    ///
    /// # Errors
    /// [`Error::Update`] or [`Error::CriticalOption`] for a message of a transfer that makes no sense.
    pub fn decode(message: &Message<'_>) -> Result<Option<Self>, Error> {
        if message.code != Code::POST || message.uri_path().next() != Some(ACKNOWLEDGED) {
            return Ok(None);
        }
        message.require_known(&[option::URI_PATH, CHUNK_INDEX])?;
        let index = uint(message, CHUNK_INDEX)?.ok_or(Error::Update)?;
        let gaps = Gaps::from_bytes(message.payload());
        Ok(Some(Self::Acknowledged(Acknowledged { index, gaps })))
    }
}

impl<'a> Start<'a> {
    const KNOWN: &'static [u16] =
        &[option::URI_PATH, FILE_SIZE, FILE_SHA256, CHUNK_SIZE, DISCARD_DATA, MODULE_FUNCTION];

    fn read(message: &Message<'a>) -> Result<Self, Error> {
        message.require_known(Self::KNOWN)?;
        let sha256 = message.options().find(|option| option.number == FILE_SHA256);
        let sha256 = sha256.map(|option| option.value.try_into()).transpose();
        let chunk_size = uint(message, CHUNK_SIZE)?.and_then(|size| u16::try_from(size).ok());
        let function = uint(message, MODULE_FUNCTION)?.map(u8::try_from).transpose();
        let start = Self {
            file_size: uint(message, FILE_SIZE)?.ok_or(Error::Update)?,
            sha256: sha256.map_err(|_| Error::Update)?,
            chunk_size: chunk_size.ok_or(Error::Update)?,
            discard: has(message, DISCARD_DATA),
            function: function.map_err(|_| Error::Update)?,
            statement: message.payload(),
        };
        start.is_possible().then_some(start).ok_or(Error::Update)
    }

    /// Whether a device would take such sizes.
    #[must_use]
    pub fn is_possible(&self) -> bool {
        let chunk = self.chunk_size;
        let sizes = self.file_size != 0 && CHUNK_SIZES.contains(&chunk) && chunk.is_multiple_of(4);
        sizes && self.statement.len() <= MAX_STATEMENT
    }

    /// Appends the request.
    ///
    /// # Errors
    /// [`Error::TooLong`] for a longer statement.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        id: MessageId,
        token: RequestToken,
    ) -> Result<(), Error> {
        if self.statement.len() > MAX_STATEMENT {
            return Err(Error::TooLong { limit: MAX_STATEMENT });
        }
        let writer = Writer::new(out, Kind::Confirmable, Code::POST, id, token.into());
        let mut writer = writer.path(START)?.uint(FILE_SIZE, self.file_size)?;
        if let Some(sha256) = &self.sha256 {
            writer = writer.option(FILE_SHA256, sha256)?;
        }
        writer = writer.uint(CHUNK_SIZE, self.chunk_size.into())?;
        if self.discard {
            writer = writer.option(DISCARD_DATA, &[])?;
        }
        if let Some(function) = self.function {
            writer = writer.uint(MODULE_FUNCTION, function.into())?;
        }
        writer.payload(self.statement);
        Ok(())
    }
}

impl Started {
    /// Reads a 2.01.
    ///
    /// # Errors
    /// [`Error::Update`] when a number is missing or there is no window.
    pub fn read(message: &Message<'_>) -> Result<Self, Error> {
        message.require_known(&[WINDOW_SIZE, FILE_SIZE])?;
        let window = uint(message, WINDOW_SIZE)?.filter(|window| *window != 0);
        let offset = uint(message, FILE_SIZE)?;
        let (window, offset) = (window.ok_or(Error::Update)?, offset.ok_or(Error::Update)?);
        Ok(Self { window, offset })
    }

    /// Appends the response.
    ///
    /// # Errors
    /// None in practice; the writer's are passed on.
    pub fn write(&self, out: &mut Vec<u8>, id: MessageId, token: Token) -> Result<(), Error> {
        let writer = Writer::new(out, Kind::Confirmable, Code::CREATED, id, token);
        writer.uint(WINDOW_SIZE, self.window)?.uint(FILE_SIZE, self.offset)?.payload(&[]);
        Ok(())
    }
}

impl Chunk<'_> {
    /// Appends the message.
    ///
    /// # Errors
    /// None in practice; the writer's are passed on.
    pub fn write(&self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        let writer = Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY);
        writer.path(CHUNK)?.uint(CHUNK_INDEX, self.index)?.payload(self.data);
        Ok(())
    }
}

impl Acknowledged {
    /// Appends the message.
    ///
    /// # Errors
    /// None in practice; the writer's are passed on.
    pub fn write(&self, out: &mut Vec<u8>, id: MessageId) -> Result<(), Error> {
        let writer = Writer::new(out, Kind::NonConfirmable, Code::POST, id, Token::EMPTY);
        let writer = writer.path(ACKNOWLEDGED)?.uint(CHUNK_INDEX, self.index)?;
        writer.payload(&self.gaps.to_bytes());
        Ok(())
    }
}

impl Finish {
    /// Appends the request.
    ///
    /// # Errors
    /// None in practice; the writer's are passed on.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        id: MessageId,
        token: RequestToken,
    ) -> Result<(), Error> {
        let writer = Writer::new(out, Kind::Confirmable, Code::POST, id, token.into());
        let mut writer = writer.path(FINISH)?;
        if self.discard {
            writer = writer.option(DISCARD_DATA, &[])?;
        }
        if self.cancel {
            writer = writer.option(CANCEL, &[])?;
        }
        writer.payload(&[]);
        Ok(())
    }
}
