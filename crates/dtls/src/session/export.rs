//! A session as bytes, to be carried over a restart or to another node. The bytes hold keys: the caller seals
//! them before they touch a disk, and loads each export at most once.

use super::{MAX_FORGED, Role, Session};
use crate::connection_id::{ConnectionId, PeerConnectionId};
use crate::dialect::Dialect;
use crate::error::ImportError;
use crate::record::protection::DirectionKeys;
use crate::record::replay::ReplayWindow;
use crate::wire::{Malformed, Reader};
use zeroize::{Zeroize, ZeroizeOnDrop};

const VERSION: u8 = 1;
const LENGTH: usize = 4 + 1 + 8 + 16 + 2 * 20 + 4 + 4 + 8 + 8 + 4;

/// A session as bytes: at most [`ExportedSession::MAX_LENGTH`] of them. Wiped when dropped.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct ExportedSession {
    bytes: [u8; LENGTH],
}

impl ExportedSession {
    /// No export is longer, in this version or a later one.
    pub const MAX_LENGTH: usize = 256;

    /// The bytes; secret.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Session {
    /// The session as bytes. Whoever exports must send nothing more in it.
    #[must_use]
    pub fn export(&self) -> ExportedSession {
        let mut bytes = [0; LENGTH];
        let mut rest = bytes.as_mut_slice();
        let mut put = |part: &[u8]| {
            if let Some((place, after)) =
                core::mem::take(&mut rest).split_at_mut_checked(part.len())
            {
                place.copy_from_slice(part);
                rest = after;
            }
        };
        put(&[
            VERSION,
            role_number(self.role),
            dialect_number(self.dialect),
            u8::from(self.local_id.is_some()),
        ]);
        put(&[u8::try_from(self.peer_id.as_bytes().len()).unwrap_or_default()]);
        put(self.local_id.map_or([0; 8], |id| *id.as_bytes()).as_slice());
        let mut peer_id = [0; PeerConnectionId::MAX_LENGTH];
        peer_id.iter_mut().zip(self.peer_id.as_bytes()).for_each(|(to, from)| *to = *from);
        put(&peer_id);
        for keys in [&self.write, &self.read] {
            put(&keys.key);
            put(&keys.salt);
        }
        put(&self.start);
        put(&self.next.to_be_bytes());
        put(&self.window.highest.to_be_bytes());
        put(&self.window.seen.to_be_bytes());
        put(&self.forged.to_be_bytes());
        ExportedSession { bytes }
    }

    /// The session that [`Session::export`] made into bytes. `start` must be random and fresh for this start of
    /// the process; the send counter jumps ahead by `jump` (P4). The replay window is kept exactly (P3).
    ///
    /// # Errors
    /// [`ImportError::NotASession`] for anything that is not an export, [`ImportError::Exhausted`] when the jump
    /// runs past the last number, [`ImportError::NonceReuse`] when neither `start` nor the counter would change.
    pub fn import(bytes: &[u8], start: [u8; 4], jump: u32) -> Result<Self, ImportError> {
        let (mut session, exporters_start) = read(bytes).map_err(|_| ImportError::NotASession)?;
        if start == exporters_start && jump == 0 {
            return Err(ImportError::NonceReuse);
        }
        session.next = session.next.checked_add(jump).ok_or(ImportError::Exhausted)?;
        session.start = start;
        Ok(session)
    }
}

fn read(bytes: &[u8]) -> Result<(Session, [u8; 4]), Malformed> {
    let mut reader = Reader::new(bytes);
    let [version, role, dialect, has_local] = *reader.array()?;
    if version != VERSION || has_local > 1 {
        return Err(Malformed);
    }
    let peer_length = reader.u8()?;
    let local_id = ConnectionId::new(*reader.array()?);
    let peer_id = reader.array::<{ PeerConnectionId::MAX_LENGTH }>()?;
    let peer_id =
        peer_id.get(..peer_length.into()).and_then(PeerConnectionId::new).ok_or(Malformed)?;
    let write = read_keys(&mut reader)?;
    let read = read_keys(&mut reader)?;
    let start = *reader.array()?;
    let next = reader.u32()?;
    let window = ReplayWindow { highest: reader.u64()?, seen: reader.u64()? };
    let forged = reader.u32()?;
    reader.end()?;
    if window.highest >> 48 != 0 || forged > MAX_FORGED {
        return Err(Malformed);
    }
    let session = Session {
        write,
        read,
        start,
        next,
        limit: u32::MAX,
        window,
        forged,
        local_id: (has_local == 1).then_some(local_id),
        peer_id,
        dialect: dialect_of(dialect)?,
        role: role_of(role)?,
    };
    Ok((session, start))
}

fn read_keys(reader: &mut Reader<'_>) -> Result<DirectionKeys, Malformed> {
    Ok(DirectionKeys { key: *reader.array()?, salt: *reader.array()? })
}

const fn role_number(role: Role) -> u8 {
    match role {
        Role::Client => 0,
        Role::Server => 1,
    }
}

const fn role_of(number: u8) -> Result<Role, Malformed> {
    match number {
        0 => Ok(Role::Client),
        1 => Ok(Role::Server),
        _ => Err(Malformed),
    }
}

const fn dialect_number(dialect: Dialect) -> u8 {
    match dialect {
        Dialect::DeviceOs => 0,
        Dialect::Rfc9146 => 1,
        Dialect::Plain => 2,
    }
}

const fn dialect_of(number: u8) -> Result<Dialect, Malformed> {
    match number {
        0 => Ok(Dialect::DeviceOs),
        1 => Ok(Dialect::Rfc9146),
        2 => Ok(Dialect::Plain),
        _ => Err(Malformed),
    }
}

// No export is longer than promised.
const _: () = assert!(LENGTH <= ExportedSession::MAX_LENGTH);
