//! Connection IDs (RFC 9146): what we choose for a peer to put on its records, and what a peer chose for us.

use crate::record::header::{self, CONNECTION_ID_RECORD, DTLS_1_2, MOVED_RECORD};
use crate::weakened::{self, Weakness};
use crate::wire::Reader;
use core::fmt;

/// The 8 bytes that we choose for a peer to put on the records it sends us.
#[derive(Clone, Copy, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct ConnectionId([u8; 8]);

impl ConnectionId {
    /// Length on the wire, in bytes.
    pub const LENGTH: usize = 8;

    /// A connection ID of these bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 8]) -> Self {
        Self(bytes)
    }

    /// The bytes on the wire.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 8] {
        &self.0
    }
}

impl fmt::Debug for ConnectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ConnectionId({:016x})", u64::from_be_bytes(self.0))
    }
}

/// What a peer wants on the records we send it: 0 to 16 bytes, none at all being the common case.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct PeerConnectionId {
    length: u8,
    bytes: [u8; PeerConnectionId::MAX_LENGTH],
}

impl PeerConnectionId {
    /// The longest that fits a session, in bytes. RFC 9146 allows 255; a longer one is not taken up.
    pub const MAX_LENGTH: usize = 16;
    /// The peer wants ordinary records.
    pub const NONE: Self = Self { length: 0, bytes: [0; Self::MAX_LENGTH] };

    /// A connection ID of these bytes; `None` when longer than [`Self::MAX_LENGTH`].
    #[must_use]
    pub fn new(id: &[u8]) -> Option<Self> {
        let length = u8::try_from(id.len()).ok()?;
        let mut bytes = [0; Self::MAX_LENGTH];
        bytes.get_mut(..id.len())?.copy_from_slice(id);
        Some(Self { length, bytes })
    }

    /// The bytes on the wire, possibly none.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.length.into()).unwrap_or_default()
    }

    /// Whether the peer wants ordinary records.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl From<ConnectionId> for PeerConnectionId {
    fn from(id: ConnectionId) -> Self {
        Self::new(id.as_bytes()).unwrap_or_default()
    }
}

/// The connection ID that the first record of `datagram` carries: a record of type 25 (or 253, a Device OS
/// session that moved), epoch 1, with 8 bytes of ID. Routes a datagram without a table; proves nothing.
#[must_use]
pub fn connection_id_of(datagram: &[u8]) -> Option<ConnectionId> {
    let mut reader = Reader::new(datagram);
    let kind = reader.u8().ok()?;
    let version = reader.u16().ok()?;
    let epoch = reader.u16().ok()?;
    reader.u48().ok()?;
    let id = reader.array::<8>().ok()?;
    let known = matches!(kind, CONNECTION_ID_RECORD | MOVED_RECORD);
    let epoch = epoch == header::PROTECTED_EPOCH || weakened::is(Weakness::AnyEpoch);
    (known && version == DTLS_1_2 && epoch).then_some(ConnectionId(*id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_protected_records_with_an_id_name_one() {
        let mut datagram = [0; 21];
        datagram[..5].copy_from_slice(&[25, 0xfe, 0xfd, 0, 1]);
        datagram[11..19].copy_from_slice(&[1, 2, 3, 4, 5, 6, 7, 8]);
        assert_eq!(connection_id_of(&datagram), Some(ConnectionId([1, 2, 3, 4, 5, 6, 7, 8])));
        datagram[0] = 253;
        assert!(connection_id_of(&datagram).is_some());
        datagram[0] = 23;
        assert!(connection_id_of(&datagram).is_none());
        datagram[0] = 25;
        datagram[4] = 0;
        assert!(connection_id_of(&datagram).is_none());
        assert!(connection_id_of(&datagram[..18]).is_none());
    }

    #[test]
    fn a_peer_id_of_seventeen_bytes_does_not_fit() {
        assert!(PeerConnectionId::new(&[7; 16]).is_some());
        assert!(PeerConnectionId::new(&[7; 17]).is_none());
        assert!(PeerConnectionId::new(&[]).is_some_and(|id| id.is_empty()));
    }
}
