//! The history of pins: every change of one, and everybody who was turned away.

use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;

use super::{PinError, kind};
use crate::audit::{Act, Who};
use crate::device_key::KeyKind;
use crate::store::StoreError;
use crate::store::statement::{Row, Statement, Transaction};

/// Refusals that are kept, at most; the oldest go first.
const REFUSALS_KEPT: i64 = 10_000;

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
    /// Someone tried to pin a key that is weak, or shares a prime with another.
    RefusedWeakKey,
    /// So many handshakes over TCP failed that somebody may be asking the cloud's key questions.
    RefusedHandshakes,
    /// An operator gave a device leave to be pinned with the key that it comes with.
    EnrolmentAllowed,
}

impl What {
    /// What to write down where a pin was refused for this; `None` for what is no matter of keys.
    #[must_use]
    pub fn of_refusal(error: &PinError) -> Option<Self> {
        match error {
            PinError::KeyAlreadyPinned { .. } => Some(Self::RefusedKeyInUse),
            PinError::Weak { .. } | PinError::SharedFactor { .. } => Some(Self::RefusedWeakKey),
            _ => None,
        }
    }

    /// What the audit log calls it and why, where it is that something was refused.
    fn refusal(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::RefusedUnpinned => Some(("device.refused", "its key is not pinned")),
            Self::RefusedWrongId => Some(("device.refused", "its key is pinned for another id")),
            Self::RefusedHandshakes => Some(("device.refused", "too many handshakes failed")),
            Self::RefusedKeyInUse => Some(("pin.refused", "the key is another device's")),
            Self::RefusedWeakKey => Some(("pin.refused", "the key is weak")),
            Self::Pinned | Self::Replaced | Self::Removed | Self::EnrolmentAllowed => None,
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        let all = [
            Self::Pinned,
            Self::Replaced,
            Self::Removed,
            Self::RefusedUnpinned,
            Self::RefusedWrongId,
            Self::RefusedKeyInUse,
            Self::RefusedWeakKey,
            Self::RefusedHandshakes,
            Self::EnrolmentAllowed,
        ];
        all.into_iter().find(|what| what.as_str() == word)
    }

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
            Self::RefusedWeakKey => "refused-weak-key",
            Self::RefusedHandshakes => "refused-handshakes",
            Self::EnrolmentAllowed => "enrolment-allowed",
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
    /// The kind of that key.
    pub kind: KeyKind,
    /// What happened: one of [`What::as_str`].
    pub what: String,
    /// More about it, for people. Never an address.
    pub detail: String,
}

/// A history entry to write. For [`crate::store::Store::enqueue`].
#[must_use]
pub fn note(entry: &HistoryEntry) -> Transaction {
    let insert = Statement::new("INSERT INTO pin_history (at, device, fingerprint, what, detail, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6)")
        .with(entry.at_ms)
        .with(entry.device.map(|id| id.as_bytes().to_vec()))
        .with(entry.fingerprint.map(|key| key.as_bytes().to_vec()))
        .with(entry.what.as_str())
        .with(entry.detail.as_str())
        .with(entry.kind.as_str());
    let trim = Statement::new(
        "DELETE FROM pin_history WHERE what LIKE 'refused-%' AND seq <= (SELECT MAX(seq) FROM pin_history) - ?1",
    )
    .with(REFUSALS_KEPT);
    let transaction = Transaction::new().then(insert).then(trim);
    match What::from_word(&entry.what) {
        Some(What::EnrolmentAllowed) => {
            let act = Act::new("pin.enrolment-allowed", Who::Operator, entry.at_ms);
            transaction.noting(about(act, entry))
        }
        Some(what) => match what.refusal() {
            Some((name, reason)) => {
                let act = Act::new(name, Who::Stranger, entry.at_ms).refused(reason);
                transaction.counting(about(act, entry))
            }
            None => transaction,
        },
        None => transaction,
    }
}

/// On which device or key: what a stranger claims to be is not what they are.
fn about(act: Act, entry: &HistoryEntry) -> Act {
    match (entry.device, entry.fingerprint) {
        (Some(device), Some(key)) => act.on("device", format_args!("{device} key {key}")),
        (Some(device), None) => act.on("device", device),
        (None, Some(key)) => act.on("key", key),
        (None, None) => act,
    }
}

pub(in crate::store) fn history_entry(row: &Row) -> Result<HistoryEntry, StoreError> {
    Ok(HistoryEntry {
        at_ms: row.int(0)?,
        device: row.maybe_array(1)?.map(DeviceId::from_bytes),
        fingerprint: row.maybe_array(2)?.map(Fingerprint::from_bytes),
        what: row.text(3)?.to_owned(),
        detail: row.text(4)?.to_owned(),
        kind: kind(row, 5)?,
    })
}
