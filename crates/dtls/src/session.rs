//! A finished session: the record layer after the handshake. No heap, no clock; keys are wiped when dropped.
//!
//! Nonces (P4): the explicit part is a value drawn at every start of the process and then the low 32 bits of the
//! sequence number, so neither a restored backup nor a cloned machine repeats one. A session ends before those
//! 32 bits wrap. Replay (P3): a window of 64 records, kept exactly over export and import.

mod export;
mod journaled;
mod open;
mod seal;

pub use export::ExportedSession;
pub use journaled::Window;
pub(crate) use open::first_record;
pub use open::{Content, Opened};

use crate::connection_id::{ConnectionId, PeerConnectionId};
use crate::dialect::Dialect;
use crate::key_schedule::{KeyBlock, MasterSecret};
use crate::record::protection::DirectionKeys;
use crate::record::replay::ReplayWindow;

/// The longest plaintext of one record that [`Session::seal`] takes, in bytes: what a Device OS device holds.
pub const MAX_PLAINTEXT: usize = 1152;

/// Records that may fail to authenticate under one key before the session must end (P2).
pub(crate) const MAX_FORGED: u32 = 1 << 20;

/// Which end of the session this is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// The device.
    Client,
    /// The cloud.
    Server,
}

/// One end of an established session.
pub struct Session {
    pub(crate) write: DirectionKeys,
    pub(crate) read: DirectionKeys,
    /// Fresh at every start; the upper half of every explicit nonce.
    pub(crate) start: [u8; 4],
    /// The sequence number of the next record sent; `u32::MAX` means none is left.
    pub(crate) next: u32,
    /// Sequence numbers from here on are not reserved, and so not used; see [`Session::reserve`].
    pub(crate) limit: u32,
    pub(crate) window: ReplayWindow,
    pub(crate) forged: u32,
    pub(crate) local_id: Option<ConnectionId>,
    pub(crate) peer_id: PeerConnectionId,
    pub(crate) dialect: Dialect,
    pub(crate) role: Role,
}

impl Session {
    /// The session that a master secret and both randoms give. Nothing was sent or received in it yet, Finished
    /// included. `local_id` is what the peer puts on its records, `peer_id` what we put on ours; `start` must be
    /// fresh and random wherever the secret may have been used before.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "everything a session is made of, once")]
    pub fn from_master_secret(
        role: Role,
        dialect: Dialect,
        secret: &[u8; 48],
        client_random: &[u8; 32],
        server_random: &[u8; 32],
        local_id: Option<ConnectionId>,
        peer_id: PeerConnectionId,
        start: [u8; 4],
    ) -> Self {
        let keys = MasterSecret::from_bytes(*secret).key_block(client_random, server_random);
        Self::new(role, dialect, keys, local_id, peer_id, start)
    }

    pub(crate) fn new(
        role: Role,
        dialect: Dialect,
        keys: KeyBlock,
        local_id: Option<ConnectionId>,
        peer_id: PeerConnectionId,
        start: [u8; 4],
    ) -> Self {
        let (write, read) = match role {
            Role::Client => (keys.client, keys.server),
            Role::Server => (keys.server, keys.client),
        };
        Self {
            write,
            read,
            start,
            next: 0,
            limit: u32::MAX,
            window: ReplayWindow::default(),
            forged: 0,
            local_id,
            peer_id,
            dialect,
            role,
        }
    }

    /// The kind of peer on the other side.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Which end this is.
    #[must_use]
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The connection ID that the peer puts on its records, if any.
    #[must_use]
    pub const fn connection_id(&self) -> Option<ConnectionId> {
        self.local_id
    }

    /// How many records failed to authenticate so far.
    #[must_use]
    pub const fn forged(&self) -> u32 {
        self.forged
    }

    /// How many sequence numbers are used up by sending (those jumped over at an import included).
    #[must_use]
    pub const fn sent(&self) -> u64 {
        self.next as u64
    }

    /// The most bytes that sealing adds to a plaintext: header, connection ID, nonce, type, padding and tag.
    #[must_use]
    pub const fn max_overhead() -> usize {
        seal::MAX_OVERHEAD
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_fits_its_slot() {
        assert!(size_of::<Session>() <= 144, "{}", size_of::<Session>());
    }
}
