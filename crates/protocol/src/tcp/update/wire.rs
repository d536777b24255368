//! The messages of an update. A device finds everything in them at fixed places, so there is one way to write each.

use alloc::vec::Vec;

use super::{MOST_CHUNKS, MOST_MISSED};
use crate::coap::{Code, Kind, Message, MessageId, RequestToken, Writer, option};
use crate::tcp::request::Form;
use crate::{Error, path};

/// The bit of a begin's flags that offers the fast protocol.
const FAST: u8 = 1;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Store {
    /// Firmware: the device finds out from the file where it belongs.
    Firmware,
    /// What the system keeps for itself.
    System,
    /// What the application keeps.
    Application,
}

impl Store {
    const ALL: [Self; 3] = [Self::Firmware, Self::System, Self::Application];

    const fn number(self) -> u8 {
        match self {
            Self::Firmware => 0,
            Self::System => 1,
            Self::Application => 128,
        }
    }
}

/// A request to take a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Begin {
    /// Whether the fast protocol is offered.
    pub fast: bool,
    /// How long a chunk is, in bytes.
    pub chunk: u16,
    /// How long the file is, in bytes.
    pub size: u32,
    /// What it is for.
    pub store: Store,
    /// Where it goes; zero for firmware.
    pub address: u32,
}

impl Begin {
    /// Bytes of its payload.
    pub const SIZE: usize = 12;

    /// How many chunks the file has; none if they are none, or too many to number.
    #[must_use]
    pub fn chunks(&self) -> Option<u16> {
        if self.chunk == 0 || self.size == 0 {
            return None;
        }
        // No more than MOST_CHUNKS, which is as many as the number can say.
        u16::try_from(self.size.div_ceil(self.chunk.into())).ok()
    }

    fn to_bytes(self) -> [u8; Self::SIZE] {
        let [chunk_high, chunk_low] = self.chunk.to_be_bytes();
        let [a, b, c, d] = self.size.to_be_bytes();
        let [e, f, g, h] = self.address.to_be_bytes();
        let flags = if self.fast { FAST } else { 0 };
        [flags, chunk_high, chunk_low, a, b, c, d, self.store.number(), e, f, g, h]
    }

    fn read(payload: &[u8]) -> Result<Self, Error> {
        let &[flags, chunk_high, chunk_low, a, b, c, d, store, e, f, g, h] = payload else {
            return Err(Error::Update);
        };
        let begin = Self {
            fast: flags & FAST != 0,
            chunk: u16::from_be_bytes([chunk_high, chunk_low]),
            size: u32::from_be_bytes([a, b, c, d]),
            store: Store::ALL
                .into_iter()
                .find(|known| known.number() == store)
                .ok_or(Error::Update)?,
            address: u32::from_be_bytes([e, f, g, h]),
        };
        begin.chunks().map(|_| begin).ok_or(Error::Update)
    }
}

/// A piece of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk<'a> {
    /// What the CRC-32 of its bytes should be.
    pub crc: u32,
    /// Which one, from zero: that it is said makes the update a fast one.
    pub index: Option<u16>,
    /// Its bytes.
    pub data: &'a [u8],
}

impl<'a> Chunk<'a> {
    /// A chunk with its sum.
    #[must_use]
    pub fn new(index: Option<u16>, data: &'a [u8]) -> Self {
        Self { crc: crc32fast::hash(data), index, data }
    }

    /// Whether its bytes are what they were.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        crc32fast::hash(self.data) == self.crc
    }

    fn read(message: &Message<'a>) -> Result<Self, Error> {
        let mut queries = message.uri_query();
        let crc = queries.next().and_then(|crc| crc.try_into().ok()).ok_or(Error::Update)?;
        let index = queries.next().map(|index| index.try_into().map(u16::from_be_bytes));
        let index = index.transpose().map_err(|_| Error::Update)?;
        let data = message.payload();
        if data.is_empty() || index == Some(MOST_CHUNKS) {
            return Err(Error::Update);
        }
        Ok(Self { crc: u32::from_be_bytes(crc), index, data })
    }
}

/// What a cloud says in an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FromCloud<'a> {
    /// Take a file.
    Begin(Begin),
    /// A piece of it.
    Chunk(Chunk<'a>),
    /// That was all.
    Done,
}

impl<'a> FromCloud<'a> {
    /// What a message of the cloud means in an update; none when it is about something else.
    ///
    /// # Errors
    /// [`Error`] for a message of an update that makes no sense, or not to a device.
    pub fn decode(message: &Message<'a>) -> Result<Option<Self>, Error> {
        let (decode, options): (fn(&Message<'a>) -> _, &'static [u16]) =
            match (message.code, path::letter(message.uri_path().next())) {
                (Code::POST, Some(b'u')) => (|m| Begin::read(m.payload()).map(Self::Begin), &[]),
                (Code::POST, Some(b'c')) => {
                    (|m| Chunk::read(m).map(Self::Chunk), &[option::URI_QUERY, option::URI_QUERY])
                }
                (Code::PUT, Some(b'u')) if message.payload().is_empty() => {
                    (|_| Ok(Self::Done), &[])
                }
                (Code::PUT, Some(b'u')) => return Err(Error::Update),
                _ => return Ok(None),
            };
        Form { path: 1..=1, token: 1..=1, options }.check(message).map_err(|_| Error::Update)?;
        decode(message).map(Some)
    }

    /// Appends the message.
    ///
    /// # Errors
    /// None in practice; the writer's are passed on.
    pub fn write(
        &self,
        out: &mut Vec<u8>,
        id: MessageId,
        token: RequestToken,
    ) -> Result<(), Error> {
        let code = if matches!(self, Self::Done) { Code::PUT } else { Code::POST };
        let writer = Writer::new(out, Kind::Confirmable, code, id, token.into());
        match self {
            Self::Begin(begin) => writer.path(b"u")?.payload(&begin.to_bytes()),
            Self::Chunk(Chunk { crc, index, data }) => {
                let mut writer =
                    writer.path(b"c")?.option(option::URI_QUERY, &crc.to_be_bytes())?;
                if let Some(index) = index {
                    writer = writer.option(option::URI_QUERY, &index.to_be_bytes())?;
                }
                writer.payload(data);
            }
            Self::Done => writer.path(b"u")?.payload(&[]),
        }
        Ok(())
    }
}

/// The indices of the chunks that a device misses: one or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missed<'a>(&'a [u8]);

impl<'a> Missed<'a> {
    /// Reads a payload.
    ///
    /// # Errors
    /// [`Error::Update`] where there is none, more than [`MOST_MISSED`], or half of one.
    pub fn read(payload: &'a [u8]) -> Result<Self, Error> {
        let fits = !payload.is_empty()
            && payload.len() <= MOST_MISSED * 2
            && payload.len().is_multiple_of(2);
        fits.then_some(Self(payload)).ok_or(Error::Update)
    }

    /// The indices, in the order in which the device said them.
    pub fn iter(&self) -> impl Iterator<Item = u16> + use<'a> {
        self.0.as_chunks().0.iter().map(|index| u16::from_be_bytes(*index))
    }

    /// Appends a payload with these.
    pub fn write(out: &mut Vec<u8>, indices: &[u16]) {
        out.extend(indices.iter().flat_map(|index| index.to_be_bytes()));
    }
}
