//! Opening records, in place. The order matters: whose record it is, whether it may be new, whether it
//! authenticates, and only then what it says (RFC 6347 4.1.2.6, 4.1.2.7).

use super::{MAX_FORGED, Session};
use crate::alert;
use crate::dialect::Dialect;
use crate::error::OpenError;
use crate::record::header::{
    ALERT, APPLICATION_DATA, DTLS_1_2, HANDSHAKE, HEADER_LENGTH, Header, MOVED_RECORD,
    PROTECTED_EPOCH, has_connection_id,
};
use crate::record::protection::{AdditionalData, EXPLICIT_LENGTH, TAG_LENGTH};
use crate::weakened::{self, Weakness};
use crate::{ConnectionId, Role};

/// RFC 5246 6.2.1: the longest plaintext of any record, in bytes.
const MAX_TEXT: usize = 1 << 14;

/// One authenticated record.
pub struct Opened<'a> {
    /// What it says.
    pub content: Content<'a>,
    /// Whether it is newer than every record before it: only then may the peer's new address be believed.
    pub newest: bool,
    /// Whether it came as type 253: a Device OS session that may have a new address.
    pub moved: bool,
    /// The rest of the datagram: further records, or nothing.
    pub rest: &'a mut [u8],
}

/// What an authenticated record holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Content<'a> {
    /// Application data.
    Application(&'a [u8]),
    /// The peer ended the session.
    CloseNotify,
    /// Another alert (RFC 5246 7.2).
    Alert {
        /// The session is over.
        fatal: bool,
        /// What the peer says happened.
        description: u8,
    },
    /// A handshake message: a repeated Finished (see [`crate::server::Linger`]), or a renegotiation, which is
    /// refused by answering with [`Session::refuse_renegotiation`] or not at all.
    Handshake(&'a [u8]),
}

impl Session {
    /// Opens the first record of `datagram` in place. On an error the whole datagram is to be dropped.
    ///
    /// # Errors
    /// See [`OpenError`]; after all but [`OpenError::TooManyForged`] the session goes on.
    pub fn open<'a>(&mut self, datagram: &'a mut [u8]) -> Result<Opened<'a>, OpenError> {
        let header =
            Header::read(datagram, self.local_id_length()).map_err(|_| OpenError::Malformed)?;
        let (record, rest) =
            datagram.split_at_mut_checked(header.record_length()).ok_or(OpenError::Malformed)?;
        self.check_addressee(&header, record)?;
        let text = text_length(&header)?;
        if !self.window.admits(header.sequence) && !weakened::is(Weakness::ReplaysHeard) {
            return Err(OpenError::Replayed);
        }
        let (kind, content) = self.authenticate(&header, text, record)?;
        let content = read_content(kind, content)?;
        let newest = self.window.is_newest(header.sequence);
        self.window.mark(header.sequence);
        Ok(Opened { content, newest, moved: header.kind == MOVED_RECORD, rest })
    }

    fn local_id_length(&self) -> usize {
        if self.local_id.is_some() { ConnectionId::LENGTH } else { 0 }
    }

    /// RFC 9146 3: once negotiated, every protected record carries the connection ID; without it, none does.
    fn check_addressee(&self, header: &Header, record: &[u8]) -> Result<(), OpenError> {
        let addressed = match self.local_id {
            Some(id) => has_connection_id(header.kind) && record.get(11..19) == Some(id.as_bytes()),
            None => !has_connection_id(header.kind),
        };
        let addressed = addressed || self.is_let_off(header);
        // Only a device moves: the cloud stays where it is.
        let may_move = self.dialect == Dialect::DeviceOs && self.role == Role::Server;
        let layout = header.kind != MOVED_RECORD || may_move;
        let epoch = header.epoch == PROTECTED_EPOCH || weakened::is(Weakness::AnyEpoch);
        let ours = header.version == DTLS_1_2 && epoch;
        if addressed && layout && ours { Ok(()) } else { Err(OpenError::NotForSession) }
    }

    /// Whether a record need not have the connection ID that was agreed on.
    fn is_let_off(&self, header: &Header) -> bool {
        weakened::is(Weakness::ConnectionIdOptional) && !has_connection_id(header.kind)
    }

    /// Decrypts in place and gives the real content type and the plaintext.
    fn authenticate<'a>(
        &mut self,
        header: &Header,
        text: u16,
        record: &'a mut [u8],
    ) -> Result<(u8, &'a [u8]), OpenError> {
        let additional = self.covers(header, text);
        let body = record.get_mut(header.length..).ok_or(OpenError::Malformed)?;
        let (explicit, body) =
            body.split_first_chunk_mut::<EXPLICIT_LENGTH>().ok_or(OpenError::Malformed)?;
        let (body, tag) = body.split_last_chunk_mut::<TAG_LENGTH>().ok_or(OpenError::Malformed)?;
        if !self.read.open(explicit, &additional, body, tag) {
            return Err(self.count_forged());
        }
        let is_inside = self.local_id.is_some() && !self.is_let_off(header);
        if is_inside { real_type(body) } else { Ok((header.kind, body)) }
    }

    /// What the tag of a record with this header covers besides its text.
    fn covers(&self, header: &Header, text: u16) -> AdditionalData {
        let Header { kind, epoch, sequence, .. } = *header;
        match self.local_id.filter(|_| !self.is_let_off(header)) {
            // A record of type 253 is authenticated as the type 25 that it stands for.
            Some(id) => AdditionalData::with_connection_id(
                self.dialect,
                epoch,
                sequence,
                id.as_bytes(),
                text,
            ),
            None => AdditionalData::ordinary(kind, epoch, sequence, text),
        }
    }

    /// P2: forged records are counted; only past 2^20 of them must the session end.
    const fn count_forged(&mut self) -> OpenError {
        self.forged = self.forged.saturating_add(1);
        if self.forged > MAX_FORGED { OpenError::TooManyForged } else { OpenError::Forged }
    }
}

fn text_length(header: &Header) -> Result<u16, OpenError> {
    let text = header.body.checked_sub(EXPLICIT_LENGTH + TAG_LENGTH).ok_or(OpenError::Malformed)?;
    if text > MAX_TEXT {
        return Err(OpenError::Oversized);
    }
    u16::try_from(text).map_err(|_| OpenError::Oversized)
}

/// RFC 9146 4: the content, its type, and zeros behind it.
fn real_type(text: &[u8]) -> Result<(u8, &[u8]), OpenError> {
    let zeros = text.iter().rev().take_while(|byte| **byte == 0).count();
    let (kept, _) = text.split_at_checked(text.len() - zeros).ok_or(OpenError::Malformed)?;
    let (kind, content) = kept.split_last().ok_or(OpenError::Malformed)?;
    Ok((*kind, content))
}

fn read_content(kind: u8, text: &[u8]) -> Result<Content<'_>, OpenError> {
    Ok(match (kind, text) {
        (APPLICATION_DATA, text) => Content::Application(text),
        (HANDSHAKE, text) => Content::Handshake(text),
        (ALERT, [_, alert::CLOSE_NOTIFY]) => Content::CloseNotify,
        (ALERT, [level, description]) => {
            Content::Alert { fatal: *level == alert::FATAL, description: *description }
        }
        _ => return Err(OpenError::Malformed),
    })
}

/// The records of a datagram, one after the other, for a receiver whose connection IDs are this long.
pub(crate) fn first_record(datagram: &[u8], id_length: usize) -> Option<(Header, usize)> {
    let header = Header::read(datagram, id_length).ok()?;
    let length = header.record_length();
    (header.length >= HEADER_LENGTH && length <= datagram.len()).then_some((header, length))
}
