//! The requests and answers of the control socket.

use crate::clock::iso8601;
use crate::device_key::KeyKind;
use crate::event::Row;
use crate::product::rollout::Status;
use crate::serve::Addresses;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// What an operator asks.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "request")]
pub enum Request {
    /// Pin a key for a device. Ends a session under another key.
    PinSet {
        /// The device and its key.
        pin: super::PinLine,
    },
    /// Pin the keys of a batch, all or none.
    PinImport {
        /// The batch, in the order of the file.
        pins: Vec<super::PinLine>,
    },
    /// Pin what can be pinned of the devices of another server; nothing that is pinned here changes.
    PinTakeOver {
        /// The devices, in the order in which they were found.
        pins: Vec<super::PinLine>,
    },
    /// Let a device without a pin have the key pinned that it comes with, over the TCP service.
    PinEnrol {
        /// Its id; 24 hex digits.
        device: String,
        /// For how long.
        minutes: u16,
    },
    /// A sign of life from the running node.
    Heartbeat,
    /// Forget devices that were only there for a while: their pins, and what is known of them. Ends their
    /// sessions. Those that are not there are passed over.
    PinForget {
        /// Their ids; 24 hex digits each.
        devices: Vec<String>,
    },
    /// Events that wait for their durable consumer, oldest first of each shard.
    OutboxList {
        /// At most so many.
        count: usize,
        /// Where none waits, how long to wait for one, in milliseconds.
        wait_ms: u64,
    },
    /// The consumer has these events: forget them.
    OutboxTake {
        /// As [`WaitingEvent::row`] names them.
        rows: Vec<String>,
    },
    /// Products, their keyrings and their firmware.
    Product {
        /// Which of these.
        product: super::ProductRequest,
    },
    /// Rollouts: start, halt, resume, and how they stand.
    Rollout {
        /// Which of these.
        rollout: super::RolloutRequest,
    },
    /// People: make an account, list them, let somebody in again.
    People {
        /// Which of these.
        people: super::PeopleRequest,
    },
    /// Data keys, and copies of the node key.
    Key {
        /// Which of these.
        key: super::KeyRequest,
    },
    /// Make a backup, to be taken out of the data folder.
    Backup,
    /// What an audit needs to know of the node: reads alone.
    Survey,
    /// Write down that the audit log is about to be read.
    AuditRead {
        /// What of it.
        reading: super::AuditReading,
        /// Why.
        because: Option<String>,
    },
    /// Organisations and teams.
    Team {
        /// Which of these.
        team: super::TeamRequest,
    },
    /// All pins.
    PinList,
    /// What happened to pins, and who was refused.
    PinHistory {
        /// Only this device's; 24 hex digits.
        device: Option<String>,
    },
}

/// What the node answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "response")]
pub enum Response {
    /// Data keys.
    Keys {
        /// By label, oldest first.
        keys: Vec<super::KeyLine>,
    },
    /// Data keys were replaced.
    Rotated {
        /// Labels that have a new key.
        labels: usize,
        /// Values that were sealed anew.
        resealed: usize,
        /// Older keys that are destroyed.
        destroyed: usize,
        /// Older keys that are kept.
        kept: usize,
    },
    /// What an audit needs to know of the node.
    Survey {
        /// As [`crate::survey::Survey`] is written.
        survey: serde_json::Value,
    },
    /// It is written down.
    Noted,
    /// A backup lies in this folder, to be taken away.
    BackedUp {
        /// Inside the data folder.
        folder: std::path::PathBuf,
        /// Bytes of the store.
        store_bytes: u64,
        /// Small files.
        files: usize,
    },
    /// Organisations, by slug.
    Organizations {
        /// The organisations.
        organizations: Vec<super::OrganizationLine>,
    },
    /// A team, in the order in which its members joined.
    Team {
        /// The members; who owns a product that is no organisation's is not among them.
        members: Vec<super::MemberLine>,
    },
    /// A pin was set.
    Set {
        /// The device.
        device: String,
        /// The fingerprint now pinned.
        fingerprint: String,
        /// The kind of key.
        kind: KeyKind,
        /// `first`, `same` or `replaced`.
        change: String,
    },
    /// A batch was taken.
    Imported {
        /// How many pins it had.
        pins: usize,
        /// How many of them were new.
        new: usize,
    },
    /// Devices of another server were taken over.
    TakenOver {
        /// How many pins are new here.
        new: usize,
        /// How many were here already.
        same: usize,
        /// Those that were not taken.
        skipped: Vec<Skipped>,
    },
    /// A device may be pinned with the key that it comes with.
    Enrolling {
        /// The device.
        device: String,
        /// For how long.
        minutes: u16,
    },
    /// Devices were forgotten.
    Forgotten {
        /// How many there were.
        devices: usize,
    },
    /// All pins.
    Pins {
        /// By device id.
        pins: Vec<Pinned>,
    },
    /// The history.
    History {
        /// Oldest first.
        entries: Vec<Entry>,
    },
    /// The node runs, and everything in it answers.
    Alive {
        /// Its process id.
        process: u32,
        /// Its version.
        version: String,
        /// Where it listens.
        addresses: Addresses,
    },
    /// Events that wait for their durable consumer.
    Outbox {
        /// In the order in which they are to be taken.
        events: Vec<WaitingEvent>,
    },
    /// Events were taken.
    Taken {
        /// How many of those named had been waiting.
        rows: usize,
    },
    /// Products.
    Products {
        /// By number.
        products: Vec<super::ProductLine>,
    },
    /// Firmware of a product.
    Firmware {
        /// The newest version first.
        firmware: Vec<super::FirmwareLine>,
    },
    /// How a rollout stands, after what was asked.
    Rollout {
        /// How.
        status: Box<Status>,
    },
    /// All accounts.
    People {
        /// The oldest first.
        people: Vec<super::PersonLine>,
    },
    /// Something was done to an account.
    Person {
        /// Its handle.
        handle: String,
        /// What, for the person who asked.
        done: String,
    },
    /// What is about to be done was written down.
    WrittenDown {},
    /// The request was refused, and nothing changed.
    Refused {
        /// Why, for the person who asked.
        why: String,
    },
}

/// One device that was not taken over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skipped {
    /// The device, or the file where no device is known.
    pub what: String,
    /// Why, for a person.
    pub why: String,
}

/// One pin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pinned {
    /// The device.
    pub device: String,
    /// SHA-256 of its key.
    pub fingerprint: String,
    /// The kind of its key.
    pub kind: KeyKind,
    /// The platform, where known.
    pub platform_id: Option<u16>,
    /// The handle of whoever claimed it.
    pub owner: Option<String>,
    /// Who pinned it.
    pub by: String,
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// One line of the history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// When, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What happened.
    pub what: String,
    /// To which device, where one is known.
    pub device: Option<String>,
    /// With which key, where one is known.
    pub fingerprint: Option<String>,
    /// The kind of that key.
    pub kind: Option<KeyKind>,
    /// More about it.
    pub detail: String,
}

/// One event that waits for its durable consumer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingEvent {
    /// Its number, as text: it has more digits than some readers of JSON keep. No other event ever has it.
    pub row: String,
    /// The event's name.
    pub name: String,
    /// The device that published it.
    pub device: Option<String>,
    /// When the cloud took it, ISO 8601 in UTC.
    pub published_at: String,
    /// The payload, where it is text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The payload in base64, where it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_base64: Option<String>,
}

impl From<&Row> for WaitingEvent {
    fn from(Row { number, event }: &Row) -> Self {
        let device = event.source.device().map(|device| device.to_string());
        let (data, data_base64) = match str::from_utf8(&event.data) {
            Ok(text) => (Some(text.to_owned()), None),
            Err(_) => (None, Some(STANDARD.encode(&event.data))),
        };
        Self {
            row: number.to_string(),
            name: event.name.clone(),
            device,
            published_at: iso8601(event.published_at_ms),
            data,
            data_base64,
        }
    }
}
