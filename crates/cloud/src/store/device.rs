//! Devices: whose they are, what they are called, and what they said of themselves.
//!
//! What a device reports (Hello, describes, subscriptions) is kept because a device that resumes a session
//! does not repeat it. Values a person could be found by are dropped before they get here.

use pintle_protocol::DeviceId;

use super::statement::{Expect, Failure, Row, Statement, Transaction};
use super::{Ask, Store, StoreError, Stream};
use crate::account::AccountId;
use crate::weakened::{self, Weakness};

/// What is kept of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its id.
    pub id: DeviceId,
    /// Who claimed it.
    pub owner: Option<AccountId>,
    /// Its name, unique among its owner's devices.
    pub name: Option<String>,
    /// Free text by its owner.
    pub notes: Option<String>,
    /// From Hello.
    pub platform_id: Option<u16>,
    /// From Hello.
    pub product_id: Option<u16>,
    /// From Hello: the product firmware's version.
    pub firmware_version: Option<u16>,
    /// From Hello: the system module's version.
    pub system_version: Option<u16>,
    /// When it last said Hello, in milliseconds since 1970.
    pub last_handshake_ms: Option<i64>,
    /// Its functions as a JSON array, if it described itself.
    pub functions: Option<String>,
    /// Its variables as a JSON object (name to type), if it described itself.
    pub variables: Option<String>,
    /// Its modules as JSON, if it described itself.
    pub system: Option<String>,
}

/// What a device says in Hello, to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SavedHello {
    /// The platform.
    pub platform_id: u16,
    /// The product; equal to the platform when it has none.
    pub product_id: u16,
    /// The product firmware's version.
    pub firmware_version: Option<u16>,
    /// The system module's version, where it says.
    pub system_version: Option<u16>,
}

/// One subscription of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSubscription {
    /// The event name it must start with.
    pub prefix: String,
    /// Which payloads it takes, in a number the device's room gives a meaning to.
    pub options: u32,
}

/// How a claim went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// The device is the caller's now.
    Claimed,
    /// It was the caller's already.
    AlreadyYours,
    /// It is someone else's.
    Foreign,
    /// There is no such device.
    Unknown,
}

/// How a rename went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rename {
    /// The device has the name now.
    Renamed,
    /// Another device of the same owner has that name.
    NameTaken,
    /// The caller has no such device.
    NotYours,
}

/// The devices in the store.
pub struct Devices<'a>(pub(super) &'a Store);

impl Store {
    /// The devices.
    #[must_use]
    pub fn devices(&self) -> Devices<'_> {
        Devices(self)
    }
}

const FIND: &str = "SELECT id, owner, name, notes, platform_id, product_id, firmware_version, system_version, \
    last_handshake_at, functions, variables, system FROM device WHERE id = ?1";
const FIND_BY_NAME: &str = "SELECT id, owner, name, notes, platform_id, product_id, firmware_version, \
    system_version, last_handshake_at, functions, variables, system FROM device WHERE owner = ?1 AND name = ?2";
const LIST: &str = "SELECT id, owner, name, notes, platform_id, product_id, firmware_version, system_version, \
    last_handshake_at, functions, variables, system FROM device WHERE owner = ?1 \
    ORDER BY COALESCE(last_handshake_at, 0) DESC, id";
const LIST_WHOLE: &str = "SELECT id, owner, name, notes, platform_id, product_id, firmware_version, system_version, \
    last_handshake_at, functions, variables, system FROM device WHERE owner = ?1 OR owner <> ?1";

impl Devices<'_> {
    /// The device with this id.
    pub fn find(&self, id: DeviceId) -> Ask<Option<DeviceRow>> {
        self.0.read(Statement::new(FIND).with(id.as_bytes().as_slice()), |rows| {
            rows.first().map(device).transpose()
        })
    }

    /// The device of `owner` with this name, case-sensitive.
    pub fn find_by_name(&self, owner: AccountId, name: &str) -> Ask<Option<DeviceRow>> {
        let question = Statement::new(FIND_BY_NAME).with(owner.as_bytes().as_slice()).with(name);
        self.0.read(question, |rows| rows.first().map(device).transpose())
    }

    /// The devices of `owner`, newest handshake first.
    pub fn list(&self, owner: AccountId) -> Ask<Vec<DeviceRow>> {
        let list = if weakened::is(Weakness::ListsWhole) { LIST_WHOLE } else { LIST };
        let question = Statement::new(list).with(owner.as_bytes().as_slice());
        self.0.read(question, |rows| rows.iter().map(device).collect())
    }

    /// Makes the device the owner's, unless it is someone else's.
    pub fn claim(&self, id: DeviceId, owner: AccountId) -> Ask<Claim> {
        self.0.attempt(claim(id, owner), |result| match result {
            Ok(outcome) if outcome.rows(0).is_empty() => Ok(Claim::Unknown),
            Ok(outcome) => {
                match outcome.rows(0).first().map(|row| row.maybe_blob(0)).transpose()?.flatten() {
                    None => Ok(Claim::Claimed),
                    Some(_) => Ok(Claim::AlreadyYours),
                }
            }
            Err(Failure::Unmet { so_far, .. }) if so_far.rows(0).is_empty() => Ok(Claim::Unknown),
            Err(Failure::Unmet { .. }) => Ok(Claim::Foreign),
            Err(Failure::Store(error)) => Err(error),
        })
    }

    /// Ends the owner's claim; its name and notes go with it. False if the device is not the owner's.
    pub fn release(&self, id: DeviceId, owner: AccountId) -> Ask<bool> {
        let sql = "UPDATE device SET owner = NULL, name = NULL, notes = NULL WHERE id = ?1 AND owner = ?2";
        let statement =
            Statement::new(sql).with(id.as_bytes().as_slice()).with(owner.as_bytes().as_slice());
        self.0.write(statement, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// Names the owner's device.
    pub fn rename(&self, id: DeviceId, owner: AccountId, name: &str) -> Ask<Rename> {
        let sql = "UPDATE device SET name = ?3 WHERE id = ?1 AND owner = ?2";
        let statement = Statement::new(sql)
            .with(id.as_bytes().as_slice())
            .with(owner.as_bytes().as_slice())
            .with(name)
            .expecting(Expect::Some);
        self.0.attempt(statement, |result| match result {
            Ok(_) => Ok(Rename::Renamed),
            Err(Failure::Unmet { .. }) => Ok(Rename::NotYours),
            Err(Failure::Store(StoreError::Conflict(_))) => Ok(Rename::NameTaken),
            Err(Failure::Store(error)) => Err(error),
        })
    }

    /// Sets or clears the notes of the owner's device. False if it is not the owner's.
    pub fn annotate(&self, id: DeviceId, owner: AccountId, notes: Option<&str>) -> Ask<bool> {
        let statement = Statement::new("UPDATE device SET notes = ?3 WHERE id = ?1 AND owner = ?2")
            .with(id.as_bytes().as_slice())
            .with(owner.as_bytes().as_slice())
            .with(notes);
        self.0.write(statement, |outcome| Ok(outcome.changed(0) > 0))
    }

    /// The subscriptions of a device, in the order it made them.
    pub fn subscriptions(&self, id: DeviceId) -> Ask<Vec<SavedSubscription>> {
        let sql = "SELECT prefix, options FROM subscription WHERE device = ?1 ORDER BY position";
        self.0.read(Statement::new(sql).with(id.as_bytes().as_slice()), |rows| {
            rows.iter().map(subscription).collect()
        })
    }

    /// Every device that is somebody's, and whose, as they are read.
    pub fn owners(&self) -> Stream<(DeviceId, AccountId)> {
        let sql = "SELECT id, owner FROM device WHERE owner IS NOT NULL ORDER BY owner, id";
        self.0.stream(Statement::new(sql), |row| {
            Ok((DeviceId::from_bytes(row.array(0)?), AccountId::from_bytes(row.array(1)?)))
        })
    }

    /// All subscriptions of all devices, as they are read: a device's own one after the other, in the order
    /// it made them.
    pub fn all_subscriptions(&self) -> Stream<(DeviceId, SavedSubscription)> {
        let sql = "SELECT prefix, options, device FROM subscription ORDER BY device, position";
        self.0.stream(Statement::new(sql), |row| {
            Ok((DeviceId::from_bytes(row.array(2)?), subscription(row)?))
        })
    }

    /// Does one of the writes below and answers when it is durable.
    pub fn put(&self, transaction: Transaction) -> Ask<()> {
        self.0.write_patiently(transaction)
    }

    /// Does one of the writes below; `told` hears when it is durable. It is called on the store's own thread, and must
    /// not block.
    pub fn put_and_tell(
        &self,
        transaction: Transaction,
        told: impl FnOnce(Result<(), StoreError>) + Send + 'static,
    ) {
        self.0.write_and_tell(transaction, told);
    }
}

/// Keeps what a device said in Hello. For [`Store::enqueue`].
#[must_use]
pub fn put_hello(id: DeviceId, hello: SavedHello, at_ms: i64) -> Transaction {
    Statement::new(
        "INSERT INTO device (id, platform_id, product_id, firmware_version, system_version, last_handshake_at, \
         created_at, greetings) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 1) ON CONFLICT (id) DO UPDATE SET \
         platform_id = excluded.platform_id, product_id = excluded.product_id, \
         firmware_version = excluded.firmware_version, system_version = excluded.system_version, \
         last_handshake_at = excluded.last_handshake_at, greetings = device.greetings + 1",
    )
    .with(id.as_bytes().as_slice())
    .with(hello.platform_id)
    .with(hello.product_id)
    .with(hello.firmware_version)
    .with(hello.system_version)
    .with(at_ms)
    .into()
}

/// Keeps a device's application describe: functions as a JSON array, variables as a JSON object (name to type).
#[must_use]
pub fn put_application(id: DeviceId, functions_json: &str, variables_json: &str) -> Transaction {
    Statement::new("UPDATE device SET functions = ?2, variables = ?3 WHERE id = ?1")
        .with(id.as_bytes().as_slice())
        .with(functions_json)
        .with(variables_json)
        .into()
}

/// What a device says of what it runs, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedSystem {
    /// Its modules as JSON.
    pub json: String,
    /// SHA-256 of the user part that runs, where it names one.
    pub image: Option<[u8; 32]>,
}

/// Keeps a device's system describe, which belongs to the Hello before it.
#[must_use]
pub fn put_system(id: DeviceId, system: &SavedSystem, at_ms: i64) -> Transaction {
    let sql = "UPDATE device SET system = ?2, image = ?3, described_at = ?4, described_in = greetings WHERE id = ?1";
    Statement::new(sql)
        .with(id.as_bytes().as_slice())
        .with(system.json.as_str())
        .with(system.image.as_ref().map(<[u8; 32]>::as_slice))
        .with(at_ms)
        .into()
}

/// Keeps that a device has taken a whole image, of this SHA-256, in the session of its newest Hello.
///
/// Whoever sends an image has this durable before the device may apply it (before its answer to the finish is
/// acknowledged): every Hello that is counted after it is then one of a device that had the image.
#[must_use]
pub fn put_took(id: DeviceId, sha256: &[u8; 32], at_ms: i64) -> Transaction {
    let sql = "UPDATE device SET took_image = ?2, took_at = ?3, took_in = greetings WHERE id = ?1";
    Statement::new(sql).with(id.as_bytes().as_slice()).with(sha256.as_slice()).with(at_ms).into()
}

/// Keeps that a device says that it fell back from an image, and why, in the session of its newest Hello.
#[must_use]
pub fn put_fell_back(id: DeviceId, why: &str) -> Transaction {
    let sql = "UPDATE device SET fell_back_why = ?2, fell_back_in = greetings WHERE id = ?1";
    Statement::new(sql).with(id.as_bytes().as_slice()).with(why).into()
}

/// Replaces the subscriptions of a device.
#[must_use]
pub fn put_subscriptions(id: DeviceId, subscriptions: &[SavedSubscription]) -> Transaction {
    let clear =
        Statement::new("DELETE FROM subscription WHERE device = ?1").with(id.as_bytes().as_slice());
    subscriptions.iter().zip(0_u32..).fold(
        clear.into(),
        |transaction: Transaction, (one, position)| {
            transaction.then(
                // The device may have been removed since: then there is nobody to keep them for.
                Statement::new(
                    "INSERT INTO subscription (device, position, prefix, options) \
                     SELECT id, ?2, ?3, ?4 FROM device WHERE id = ?1",
                )
                .with(id.as_bytes().as_slice())
                .with(position)
                .with(one.prefix.as_str())
                .with(one.options),
            )
        },
    )
}

fn claim(id: DeviceId, owner: AccountId) -> Transaction {
    Transaction::new()
        .then(
            Statement::new("SELECT owner FROM device WHERE id = ?1").with(id.as_bytes().as_slice()),
        )
        .then(
            Statement::new(
                "UPDATE device SET owner = ?2 WHERE id = ?1 AND (owner IS NULL OR owner = ?2)",
            )
            .with(id.as_bytes().as_slice())
            .with(owner.as_bytes().as_slice())
            .expecting(Expect::Some),
        )
}

pub(super) fn device(row: &Row) -> Result<DeviceRow, StoreError> {
    Ok(DeviceRow {
        id: DeviceId::from_bytes(row.array(0)?),
        owner: row.maybe_array(1)?.map(AccountId::from_bytes),
        name: row.maybe_text(2)?.map(str::to_owned),
        notes: row.maybe_text(3)?.map(str::to_owned),
        platform_id: row.maybe_number(4)?,
        product_id: row.maybe_number(5)?,
        firmware_version: row.maybe_number(6)?,
        system_version: row.maybe_number(7)?,
        last_handshake_ms: row.maybe_int(8)?,
        functions: row.maybe_text(9)?.map(str::to_owned),
        variables: row.maybe_text(10)?.map(str::to_owned),
        system: row.maybe_text(11)?.map(str::to_owned),
    })
}

fn subscription(row: &Row) -> Result<SavedSubscription, StoreError> {
    Ok(SavedSubscription { prefix: row.text(0)?.to_owned(), options: row.number(1)? })
}
