//! Sessions saved over a restart, sealed by the caller. Each can be taken once, ever (promises P3 and P4).

use pintle_protocol::DeviceId;

use super::statement::{Row, Statement, Transaction};
use super::{Ask, Store, StoreError};

/// A device's session as it lies in the store.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedSession {
    /// The device.
    pub device: DeviceId,
    /// The slot it had.
    pub slot: u32,
    /// The generation of that slot.
    pub generation: u16,
    /// The session, sealed under the node's key; the store cannot read it.
    pub sealed: Vec<u8>,
}

/// The sessions in the store.
pub struct Sessions<'a>(pub(super) &'a Store);

impl Store {
    /// The saved sessions.
    #[must_use]
    pub fn sessions(&self) -> Sessions<'_> {
        Sessions(self)
    }
}

impl Sessions<'_> {
    /// Saves all of them or none; answers when they are durable.
    pub fn put_all(&self, sessions: &[SavedSession]) -> Ask<()> {
        let statements = sessions.iter().map(put).collect();
        self.0.write(Transaction { statements }, |_| Ok(()))
    }

    /// Reads and removes all of them in one durable step: no session is ever handed out twice.
    pub fn take_all(&self) -> Ask<Vec<SavedSession>> {
        let take = Statement::new("DELETE FROM session RETURNING device, slot, generation, sealed");
        self.0.write(take, |outcome| outcome.rows(0).iter().map(session).collect())
    }
}

fn put(session: &SavedSession) -> Statement {
    Statement::new(
        "INSERT INTO session (device, slot, generation, sealed) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (device) \
         DO UPDATE SET slot = excluded.slot, generation = excluded.generation, sealed = excluded.sealed",
    )
    .with(session.device.as_bytes().as_slice())
    .with(session.slot)
    .with(session.generation)
    .with(session.sealed.as_slice())
}

fn session(row: &Row) -> Result<SavedSession, StoreError> {
    Ok(SavedSession {
        device: DeviceId::from_bytes(row.array(0)?),
        slot: row.number(1)?,
        generation: row.number(2)?,
        sealed: row.blob(3)?.to_vec(),
    })
}
