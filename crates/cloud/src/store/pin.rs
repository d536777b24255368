//! Pins: which key each device proves itself with, and the history of every change and refusal.
//!
//! One device has one key and one key has one device (promise P1): the schema enforces both. History of
//! refusals is bounded, so that strangers who knock do not fill the disk; history of changes is not cut.

use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::DevicePublicKey;
use tokio::sync::MutexGuard;

use super::statement::{Row, Statement};
use super::{Ask, Store, StoreError, Stream};
use crate::account::AccountId;
use crate::device_key::{DeviceKey, KeyKind};

mod change;
mod history;

use change::{Change, decode_batch, decode_set, forget_all, forgotten, replace, set, set_all};

use crate::audit::TokenMark;
pub(super) use history::history_entry;
pub use history::{HistoryEntry, What, note};

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
    /// The key is weak.
    #[error("this key is weak: {why}")]
    Weak {
        /// What makes it so, and what to do.
        why: String,
    },
    /// This program was built without the TCP service.
    #[error(
        "it is an RSA key, and this program was built without the TCP service, which alone takes them"
    )]
    NoTcp,
    /// The key has a prime in common with the key of another device: whoever has both public keys can compute both
    /// private ones.
    #[error(
        "this key shares a prime factor with the key of device {with}, so anyone can compute both private keys: \
         make a new key in both devices"
    )]
    SharedFactor {
        /// That device.
        with: DeviceId,
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
    /// The device itself, while an operator allowed it to.
    Enrolment,
}

impl PinnedBy {
    fn text(self) -> String {
        match self {
            Self::Operator => "operator".to_owned(),
            Self::Account(account) => format!("account {}", account.handle()),
            Self::Import => "import".to_owned(),
            Self::Enrolment => "enrolment".to_owned(),
        }
    }
}

/// A pin to set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPin {
    /// The device.
    pub device: DeviceId,
    /// Its public key.
    pub key: DeviceKey,
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
    /// The kind of its key.
    pub kind: KeyKind,
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

/// The pins in the store.
pub struct Pins<'a>(pub(super) &'a Store);

impl Store {
    /// The pins.
    #[must_use]
    pub fn pins(&self) -> Pins<'_> {
        Pins(self)
    }

    /// Held by whoever looks whether an RSA key shares a factor with one that is pinned, until the key is pinned
    /// itself: of two such keys at once, the second is then found.
    pub async fn one_rsa_pin_at_a_time(&self) -> MutexGuard<'_, ()> {
        self.rooms.rsa_pins.lock().await
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

    /// Pins a key to a device for its owner, replacing the one it had; nothing is changed where it is another's.
    pub fn replace(
        &self,
        pin: &NewPin,
        token: TokenMark,
        why: Option<&str>,
    ) -> Ask<PinChange, PinError> {
        let device = pin.device;
        let transaction = replace(pin, token, why);
        self.0.attempt(transaction, move |result| decode_set(result, device))
    }

    /// Pins a whole batch, or nothing of it; the error comes with the position of the one it is about.
    pub fn set_all(&self, pins: &[NewPin]) -> Ask<Vec<PinChange>, BatchError> {
        let each: Vec<_> = pins.iter().map(|pin| pin.device).collect();
        self.0.attempt(set_all(pins), move |result| decode_batch(result, &each))
    }

    /// Removes devices with their pins and everything else that is known of them; how many were there. The
    /// history tells of it.
    pub fn forget_all(&self, devices: &[DeviceId], at_ms: i64) -> Ask<usize> {
        let count = devices.len();
        self.0.write(forget_all(devices, at_ms), move |outcome| Ok(forgotten(outcome, count)))
    }

    /// The key pinned for this device.
    pub fn key_of(&self, device: DeviceId) -> Ask<Option<Fingerprint>> {
        let sql = "SELECT fingerprint FROM pin WHERE device = ?1";
        self.0.read(Statement::new(sql).with(device.as_bytes().as_slice()), |rows| {
            rows.first().map(|row| row.array(0).map(Fingerprint::from_bytes)).transpose()
        })
    }

    /// The device that this key is pinned for.
    pub fn device_of(&self, key: Fingerprint) -> Ask<Option<DeviceId>> {
        let sql = "SELECT device FROM pin WHERE fingerprint = ?1";
        self.0.read(Statement::new(sql).with(key.as_bytes().as_slice()), |rows| {
            rows.first().map(|row| row.array(0).map(DeviceId::from_bytes)).transpose()
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

    /// Every RSA key that is pinned, and its device, as they are read.
    pub fn rsa_keys(&self) -> Stream<(DeviceId, DevicePublicKey)> {
        let sql = "SELECT device, public_key FROM pin WHERE kind = 'rsa1024'";
        self.0.stream(Statement::new(sql), |row| {
            let key = DevicePublicKey::from_spki(row.blob(1)?);
            let key = key.map_err(|_| StoreError::corrupt("a pinned RSA key that is none"))?;
            Ok((DeviceId::from_bytes(row.array(0)?), key))
        })
    }

    /// Every pin with what is known beside it, by device id.
    pub fn list(&self) -> Ask<Vec<PinRow>> {
        let sql = "SELECT p.device, p.fingerprint, p.pinned_by, p.pinned_at, d.owner, d.platform_id, p.kind \
            FROM pin p JOIN device d ON d.id = p.device ORDER BY p.device";
        self.0.read(Statement::new(sql), |rows| rows.iter().map(pin_row).collect())
    }

    /// The history of one device or of all, oldest first.
    pub fn history(&self, device: Option<DeviceId>) -> Ask<Vec<HistoryEntry>> {
        let statement = match device {
            None => Statement::new("SELECT at, device, fingerprint, what, detail, kind FROM pin_history ORDER BY seq"),
            Some(id) => Statement::new(
                "SELECT at, device, fingerprint, what, detail, kind FROM pin_history WHERE device = ?1 ORDER BY seq",
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
        kind: kind(row, 6)?,
    })
}

fn kind(row: &Row, column: usize) -> Result<KeyKind, StoreError> {
    KeyKind::from_word(row.text(column)?)
        .ok_or_else(|| StoreError::corrupt("an unknown kind of key"))
}
