//! Pins: which key each device proves itself with, and the history of every change and refusal.
//!
//! One device has one key and one key has one device (promise P1): the schema enforces both. History of
//! refusals is bounded, so that strangers who knock do not fill the disk; history of changes is not cut.

use pintle_dtls::{Fingerprint, PublicKey};
use pintle_protocol::DeviceId;

use super::statement::{Row, Statement, Transaction};
use super::{Ask, Store, StoreError, Stream};
use crate::account::AccountId;

mod change;

use change::{Change, decode_batch, decode_set, forget, forgotten, set};

/// Refusals that are kept, at most; the oldest go first.
const REFUSALS_KEPT: i64 = 10_000;

/// What setting a pin changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinChange {
    /// The device had no key.
    First,
    /// The device had this key already.
    Same,
    /// The device had another key.
    Replaced {
        /// The key that no longer admits it.
        old: Fingerprint,
    },
}

/// Why a pin was not set.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PinError {
    /// The key belongs to another device.
    #[error("this key is pinned to device {to} already: one key is for one device")]
    KeyAlreadyPinned {
        /// That device.
        to: DeviceId,
    },
    /// The device has another key and the caller asked for a first pin only.
    #[error("device {device} has another key pinned")]
    AnotherKeyPinned {
        /// The device.
        device: DeviceId,
    },
    /// The device is claimed by another account.
    #[error("device {device} is claimed by another account")]
    Foreign {
        /// The device.
        device: DeviceId,
    },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Who or what set a pin, as the history tells it. Never a person's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinnedBy {
    /// The command line of the node.
    Operator,
    /// An account through the API.
    Account(AccountId),
    /// A manufacturing batch.
    Import,
}

impl PinnedBy {
    fn text(self) -> String {
        match self {
            Self::Operator => "operator".to_owned(),
            Self::Account(account) => format!("account {}", account.handle()),
            Self::Import => "import".to_owned(),
        }
    }
}

/// A pin to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin {
    /// The device.
    pub device: DeviceId,
    /// Its public key.
    pub key: PublicKey,
    /// Its platform, if known before it connects.
    pub platform_id: Option<u16>,
    /// Whose device it becomes; `None` leaves the owner as it is.
    pub owner: Option<AccountId>,
    /// Who asks.
    pub by: PinnedBy,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
}

/// A pin in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PinRow {
    /// The device.
    pub device: DeviceId,
    /// The fingerprint of its key.
    pub fingerprint: Fingerprint,
    /// Who set it.
    pub by: String,
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// Whose device it is.
    pub owner: Option<AccountId>,
    /// Its platform.
    pub platform_id: Option<u16>,
}

/// What a shard has to know of one device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pinned {
    /// Its key.
    pub key: Option<Fingerprint>,
    /// Whose it is.
    pub owner: Option<AccountId>,
}

/// What a history entry tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// A first pin.
    Pinned,
    /// A pin changed to another key.
    Replaced,
    /// A pin was removed, and its device with it.
    Removed,
    /// A key that is not pinned knocked.
    RefusedUnpinned,
    /// A pinned key came with the id of another device.
    RefusedWrongId,
    /// Someone tried to pin a key that another device has.
    RefusedKeyInUse,
}

impl What {
    /// The word in the store and in output.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pinned => "pinned",
            Self::Replaced => "replaced",
            Self::Removed => "removed",
            Self::RefusedUnpinned => "refused-unpinned",
            Self::RefusedWrongId => "refused-wrong-id",
            Self::RefusedKeyInUse => "refused-key-in-use",
        }
    }
}

/// One line of pin history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryEntry {
    /// When, in milliseconds since 1970.
    pub at_ms: i64,
    /// The device, if one is known.
    pub device: Option<DeviceId>,
    /// The key, if one is known.
    pub fingerprint: Option<Fingerprint>,
    /// What happened: one of [`What::as_str`].
    pub what: String,
    /// More about it, for people. Never an address.
    pub detail: String,
}

/// The pins in the store.
pub struct Pins<'a>(pub(super) &'a Store);

impl Store {
    /// The pins.
    #[must_use]
    pub fn pins(&self) -> Pins<'_> {
        Pins(self)
    }
}

impl Pins<'_> {
    /// Pins a key to a device, replacing the one it had.
    pub fn set(&self, pin: &NewPin) -> Ask<PinChange, PinError> {
        let device = pin.device;
        self.0.attempt(set(pin, Change::Any), move |result| decode_set(result, device))
    }

    /// Pins a key to a device that has none and is nobody's or already the owner's.
    pub fn set_first(&self, pin: &NewPin) -> Ask<PinChange, PinError> {
        let device = pin.device;
        self.0.attempt(set(pin, Change::FirstOnly), move |result| decode_set(result, device))
    }

    /// Pins a whole batch, or nothing of it; the error comes with the position of the one it is about.
    pub fn set_all(&self, pins: &[NewPin]) -> Ask<Vec<PinChange>, BatchError> {
        let each: Vec<_> = pins.iter().map(|pin| pin.device).collect();
        let all = pins.iter().flat_map(|pin| set(pin, Change::Any).statements).collect();
        self.0.attempt(Transaction { statements: all }, move |result| decode_batch(result, &each))
    }

    /// Removes devices with their pins and everything else that is known of them; how many were there. The
    /// history tells of it.
    pub fn forget_all(&self, devices: &[DeviceId], at_ms: i64) -> Ask<usize> {
        let all = devices.iter().flat_map(|device| forget(*device, at_ms)).collect();
        let count = devices.len();
        self.0.write(Transaction { statements: all }, move |outcome| Ok(forgotten(outcome, count)))
    }

    /// The key pinned for this device.
    pub fn key_of(&self, device: DeviceId) -> Ask<Option<Fingerprint>> {
        let sql = "SELECT fingerprint FROM pin WHERE device = ?1";
        self.0.read(Statement::new(sql).with(device.as_bytes().as_slice()), |rows| {
            rows.first().map(|row| row.array(0).map(Fingerprint::from_bytes)).transpose()
        })
    }

    /// The key pinned for this device, and whose the device is.
    pub fn find(&self, device: DeviceId) -> Ask<Pinned> {
        let sql = "SELECT p.fingerprint, d.owner FROM device d LEFT JOIN pin p ON p.device = d.id WHERE d.id = ?1";
        self.0.read(Statement::new(sql).with(device.as_bytes().as_slice()), |rows| {
            rows.first().map(pinned).transpose().map(Option::unwrap_or_default)
        })
    }

    /// How many keys are pinned.
    pub fn count(&self) -> Ask<usize> {
        self.0.read(Statement::new("SELECT COUNT(*) FROM pin"), |rows| {
            rows.first().map_or(Ok(0), |row| row.number(0))
        })
    }

    /// Every pinned key and its device, as they are read.
    pub fn all(&self) -> Stream<(Fingerprint, DeviceId)> {
        self.0.stream(Statement::new("SELECT fingerprint, device FROM pin"), |row| {
            Ok((Fingerprint::from_bytes(row.array(0)?), DeviceId::from_bytes(row.array(1)?)))
        })
    }

    /// Every pin with what is known beside it, by device id.
    pub fn list(&self) -> Ask<Vec<PinRow>> {
        let sql = "SELECT p.device, p.fingerprint, p.pinned_by, p.pinned_at, d.owner, d.platform_id \
            FROM pin p JOIN device d ON d.id = p.device ORDER BY p.device";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(pin_row).collect())
    }

    /// The history of one device or of all, oldest first.
    pub fn history(&self, device: Option<DeviceId>) -> Ask<Vec<HistoryEntry>> {
        let statement = match device {
            None => Statement::new("SELECT at, device, fingerprint, what, detail FROM pin_history ORDER BY seq"),
            Some(id) => Statement::new(
                "SELECT at, device, fingerprint, what, detail FROM pin_history WHERE device = ?1 ORDER BY seq",
            )
            .with(id.as_bytes().as_slice()),
        };
        self.0.read(statement, |rows| rows.iter().map(history_entry).collect())
    }

    /// Writes an entry and answers when it is durable.
    pub fn note(&self, entry: &HistoryEntry) -> Ask<()> {
        self.0.write(note(entry), |_| Ok(()))
    }
}

/// Why a batch was not taken.
#[derive(Clone, Debug, thiserror::Error)]
#[error("entry {index}: {error}")]
pub struct BatchError {
    /// The entry the error is about, counted from 0.
    pub index: usize,
    /// What is wrong with it.
    pub error: PinError,
}

impl From<StoreError> for BatchError {
    fn from(error: StoreError) -> Self {
        Self { index: 0, error: PinError::Store(error) }
    }
}

/// A history entry to write. For [`Store::enqueue`].
#[must_use]
pub fn note(entry: &HistoryEntry) -> Transaction {
    let insert = Statement::new("INSERT INTO pin_history (at, device, fingerprint, what, detail) VALUES (?1, ?2, ?3, ?4, ?5)")
        .with(entry.at_ms)
        .with(entry.device.map(|id| id.as_bytes().to_vec()))
        .with(entry.fingerprint.map(|key| key.as_bytes().to_vec()))
        .with(entry.what.as_str())
        .with(entry.detail.as_str());
    let trim = Statement::new(
        "DELETE FROM pin_history WHERE what LIKE 'refused-%' AND seq <= (SELECT MAX(seq) FROM pin_history) - ?1",
    )
    .with(REFUSALS_KEPT);
    Transaction::new().then(insert).then(trim)
}

fn pinned(row: &Row) -> Result<Pinned, StoreError> {
    Ok(Pinned {
        key: row.maybe_array(0)?.map(Fingerprint::from_bytes),
        owner: row.maybe_array(1)?.map(AccountId::from_bytes),
    })
}

fn pin_row(row: &Row) -> Result<PinRow, StoreError> {
    Ok(PinRow {
        device: DeviceId::from_bytes(row.array(0)?),
        fingerprint: Fingerprint::from_bytes(row.array(1)?),
        by: row.text(2)?.to_owned(),
        at_ms: row.int(3)?,
        owner: row.maybe_array(4)?.map(AccountId::from_bytes),
        platform_id: row.maybe_number(5)?,
    })
}

fn history_entry(row: &Row) -> Result<HistoryEntry, StoreError> {
    Ok(HistoryEntry {
        at_ms: row.int(0)?,
        device: row.maybe_array(1)?.map(DeviceId::from_bytes),
        fingerprint: row.maybe_array(2)?.map(Fingerprint::from_bytes),
        what: row.text(3)?.to_owned(),
        detail: row.text(4)?.to_owned(),
    })
}
