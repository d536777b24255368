//! Setting a pin: its statements, and what their answers mean.
//!
//! The statements look before they write, so that one transaction both decides and tells what it found.

use aws_lc_rs::digest::{Context, SHA256};
use pintle_dtls::Fingerprint;
use pintle_protocol::DeviceId;

use super::{BatchError, NewPin, PinChange, PinError, PinnedBy, What};
use crate::audit::{Act, TokenMark, Who};
use crate::store::StoreError;
use crate::store::statement::{Expect, Failure, Outcome, Row, Statement, Transaction};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Change {
    Any,
    AnyOfMany,
    FirstOnly,
    OfOwner,
}

// The statements of `set`, by position.
const HELD_BY_OTHER: usize = 0;
const CURRENT: usize = 1;
const OWNER: usize = 2;
const UPSERT: usize = 6;
const STATEMENTS: usize = 7;

pub(super) fn set(pin: &NewPin, change: Change) -> Transaction {
    let [held_by_other, current, foreign] = looks(pin, change);
    let [device, first, replaced, key] = writes(pin);
    let transaction = [held_by_other, current, foreign, device, first].into_iter().collect();
    // Of a batch, first pins are told of together.
    let transaction = match change {
        Change::AnyOfMany => transaction,
        _ => Transaction::noting_if_so(transaction, act("pin.set", pin)),
    };
    transaction.then(replaced).noting_if_so(act("pin.replaced", pin)).then(key)
}

/// The same for its owner, whose token and reason are told of.
pub(super) fn replace(pin: &NewPin, token: TokenMark, why: Option<&str>) -> Transaction {
    let looks = looks(pin, Change::OfOwner);
    let [device, first, replaced, key] = writes(pin);
    let told = |what| act(what, pin).from_token(token).because(why.map(str::to_owned));
    let transaction: Transaction = looks.into_iter().chain([device, first]).collect();
    let transaction = transaction.noting_if_so(told("pin.set")).then(replaced);
    transaction.noting_if_so(told("pin.replaced")).then(key)
}

/// All of these, and one act for all of them beside one for each key that is replaced.
pub(super) fn set_all(pins: &[NewPin]) -> Transaction {
    let Some(first) = pins.first() else { return Transaction::new() };
    let all = pins.iter().map(|pin| set(pin, Change::AnyOfMany));
    let all = all.fold(Transaction::new(), Transaction::and);
    let sets = pins.iter().map(|pin| (pin.device, Some(pin.key.fingerprint())));
    all.noting(batch("pin.imported", who(first.by, first.device), first.at_ms, sets))
}

/// Removes these, and tells of each, or of many together.
pub(super) fn forget_all(devices: &[DeviceId], at_ms: i64) -> Transaction {
    const TOLD_APART: usize = 100;
    let few = devices.len() <= TOLD_APART;
    let forget_one = |device: &DeviceId| {
        let [history, gone] = forget(*device, at_ms);
        let act = Act::new("pin.removed", Who::Operator, at_ms).on("device", device);
        let transaction = Transaction::from(history).then(gone);
        if few { transaction.noting_if_so(act) } else { transaction }
    };
    let all = devices.iter().map(forget_one).fold(Transaction::new(), Transaction::and);
    let sets = devices.iter().map(|device| (*device, None));
    if few { all } else { all.noting(batch("pin.removed", Who::Operator, at_ms, sets)) }
}

fn who(by: PinnedBy, device: DeviceId) -> Who {
    match by {
        PinnedBy::Operator | PinnedBy::Import => Who::Operator,
        PinnedBy::Account(account) => Who::Account(account),
        PinnedBy::Enrolment => Who::Device(device),
    }
}

fn act(what: &'static str, pin: &NewPin) -> Act {
    let key = pin.key.fingerprint();
    Act::new(what, who(pin.by, pin.device), pin.at_ms)
        .on("device", format_args!("{} key {key}", pin.device))
}

/// One act for many devices: how many, and the SHA-256 of their ids, each with its key where one is set.
fn batch(
    what: &'static str,
    who: Who,
    at_ms: i64,
    pins: impl Iterator<Item = (DeviceId, Option<Fingerprint>)>,
) -> Act {
    let mut sum = Context::new(&SHA256);
    let mut count = 0;
    for (device, key) in pins {
        sum.update(device.as_bytes());
        sum.update(key.as_ref().map_or(&[], |key| key.as_bytes().as_slice()));
        count += 1;
    }
    let sum: String = sum.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    Act::new(what, who, at_ms).on("batch", sum).repeated(count)
}

/// What is there already. A first pin must find no other key and no other owner, an owner's no other owner; any change
/// only looks.
fn looks(pin: &NewPin, change: Change) -> [Statement; 3] {
    let device = || pin.device.as_bytes().as_slice();
    let key = pin.key.fingerprint();
    let (found, stranger, ignored) = match change {
        Change::Any | Change::AnyOfMany => (Expect::Anything, Expect::Anything, None),
        Change::OfOwner => (Expect::Anything, Expect::None, None),
        Change::FirstOnly => (Expect::None, Expect::None, Some(key.as_bytes().to_vec())),
    };
    let held_by_other =
        Statement::new("SELECT device FROM pin WHERE fingerprint = ?1 AND device <> ?2")
            .with(key.as_bytes().as_slice())
            .with(device())
            .expecting(Expect::None);
    let current = Statement::new(
        "SELECT fingerprint FROM pin WHERE device = ?1 AND (?2 IS NULL OR fingerprint <> ?2)",
    )
    .with(device())
    .with(ignored)
    .expecting(found);
    let foreign = Statement::new("SELECT id FROM device WHERE id = ?1 AND owner <> ?2")
        .with(device())
        .with(pin.owner.map(|owner| owner.as_bytes().to_vec()))
        .expecting(stranger);
    [held_by_other, current, foreign]
}

/// The device, its history and its key. The history comes before the key that it compares with.
fn writes(pin: &NewPin) -> [Statement; 4] {
    let device = || pin.device.as_bytes().as_slice();
    let fingerprint = pin.key.fingerprint();
    let key = || fingerprint.as_bytes().as_slice();
    let by = pin.by.text();
    let kind = pin.key.kind().as_str();
    let upsert_device = Statement::new(
        "INSERT INTO device (id, owner, platform_id, created_at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE \
         SET name = CASE WHEN excluded.owner IS NULL OR device.owner = excluded.owner THEN device.name END, \
         owner = COALESCE(excluded.owner, device.owner), \
         platform_id = COALESCE(excluded.platform_id, device.platform_id)",
    )
    .with(device())
    .with(pin.owner.map(|owner| owner.as_bytes().to_vec()))
    .with(pin.platform_id)
    .with(pin.at_ms);
    let history = |sql, what: What| {
        let entry = Statement::new(sql).with(pin.at_ms).with(device()).with(key());
        entry.with(what.as_str()).with(format!("by {by}")).with(kind)
    };
    let history_first = history(
        "INSERT INTO pin_history (at, device, fingerprint, what, detail, kind) SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
         WHERE NOT EXISTS (SELECT 1 FROM pin WHERE device = ?2)",
        What::Pinned,
    );
    let history_replaced = history(
        "INSERT INTO pin_history (at, device, fingerprint, what, detail, kind) SELECT ?1, ?2, ?3, ?4, ?5, ?6 \
         FROM pin WHERE device = ?2 AND fingerprint <> ?3",
        What::Replaced,
    );
    let upsert_pin = Statement::new(
        "INSERT INTO pin (device, fingerprint, public_key, pinned_by, pinned_at, kind) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT (device) DO UPDATE SET fingerprint = excluded.fingerprint, public_key = excluded.public_key, \
         pinned_by = excluded.pinned_by, pinned_at = excluded.pinned_at, kind = excluded.kind WHERE pin.fingerprint <> excluded.fingerprint",
    )
    .with(device())
    .with(key())
    .with(pin.key.to_spki().as_slice())
    .with(by.as_str())
    .with(pin.at_ms)
    .with(kind);
    [upsert_device, history_first, history_replaced, upsert_pin]
}

// The statements of `forget`.
const DELETED: usize = 1;
const FORGETTING: usize = 2;

/// Removes a device: its history, then the device itself, with which its pin goes.
fn forget(device: DeviceId, at_ms: i64) -> [Statement; FORGETTING] {
    let device = || device.as_bytes().as_slice();
    let history = Statement::new(
        "INSERT INTO pin_history (at, device, fingerprint, what, detail, kind) SELECT ?1, ?2, fingerprint, ?3, ?4, kind \
         FROM pin WHERE device = ?2",
    );
    let history =
        history.with(at_ms).with(device()).with(What::Removed.as_str()).with("by operator");
    [history, Statement::new("DELETE FROM device WHERE id = ?1").with(device())]
}

/// How many of so many devices the statements of [`forget`] found.
pub(super) fn forgotten(outcome: &Outcome, devices: usize) -> usize {
    (0..devices).map(|index| outcome.changed(index * FORGETTING + DELETED)).sum()
}

pub(super) fn decode_set(
    result: Result<Outcome, Failure>,
    device: DeviceId,
) -> Result<PinChange, PinError> {
    match result {
        Ok(outcome) => change_in(&outcome, 0),
        Err(Failure::Unmet { index, so_far }) => Err(refusal(index, so_far.rows(index), device)),
        Err(Failure::Store(error)) => Err(PinError::Store(error)),
    }
}

pub(super) fn decode_batch(
    result: Result<Outcome, Failure>,
    each: &[DeviceId],
) -> Result<Vec<PinChange>, BatchError> {
    match result {
        Ok(outcome) => each
            .iter()
            .enumerate()
            .map(|(index, _)| {
                change_in(&outcome, index * STATEMENTS).map_err(|error| BatchError { index, error })
            })
            .collect(),
        Err(Failure::Unmet { index: statement, so_far }) => {
            let index = statement / STATEMENTS;
            let rows = so_far.rows(statement);
            let error = each.get(index).map_or(PinError::Store(StoreError::Unmet), |device| {
                refusal(statement % STATEMENTS, rows, *device)
            });
            Err(BatchError { index, error })
        }
        Err(Failure::Store(error)) => Err(error.into()),
    }
}

/// What the statements of `set` that start at `base` changed.
fn change_in(outcome: &Outcome, base: usize) -> Result<PinChange, PinError> {
    if outcome.changed(base + UPSERT) == 0 {
        return Ok(PinChange::Same);
    }
    let old = outcome
        .rows(base + CURRENT)
        .first()
        .map(|row| row.array(0).map(Fingerprint::from_bytes))
        .transpose()?;
    Ok(old.map_or(PinChange::First, |old| PinChange::Replaced { old }))
}

fn refusal(statement: usize, rows: &[Row], device: DeviceId) -> PinError {
    match statement {
        HELD_BY_OTHER => match rows.first().map(|row| row.array(0)) {
            Some(Ok(to)) => PinError::KeyAlreadyPinned { to: DeviceId::from_bytes(to) },
            Some(Err(error)) => PinError::Store(error),
            None => PinError::Store(StoreError::Unmet),
        },
        CURRENT => PinError::AnotherKeyPinned { device },
        OWNER => PinError::Foreign { device },
        _ => PinError::Store(StoreError::Unmet),
    }
}
