//! What is written of rollouts.

use pintle_protocol::DeviceId;

use super::NewRollout;
use crate::product::rollout::{Action, Again, Kind, Rollout};
use crate::store::product_device::put_rejected;
use crate::store::statement::{Expect, Statement, Transaction};

/// Which statement of [`begin`] answers with the number.
pub(super) const BEGUN: usize = 2;

fn id(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn begin(new: &NewRollout) -> Transaction {
    let runs = "SELECT number FROM rollout WHERE product = ?1 AND phase = 'running'";
    let forget = "DELETE FROM rollout WHERE product = ?1 AND phase = 'drawing'";
    let insert = "INSERT INTO rollout (product, version, sha256, module_sha256, plan, reach, phase, stage, \
        opened_at, started_at) \
        VALUES (?1, ?2, ?3, ?4, ?5, '[]', 'drawing', 0, ?6, ?6) RETURNING number";
    let plan = serde_json::json!(new.plan).to_string();
    Transaction::new()
        .then(Statement::new(runs).with(new.product.0).expecting(Expect::None))
        .then(Statement::new(forget).with(new.product.0))
        .then(
            Statement::new(insert)
                .with(new.product.0)
                .with(new.version)
                .with(new.sha256.as_slice())
                .with(new.module_sha256.as_slice())
                .with(plan)
                .with(new.at_ms),
        )
}

pub(super) fn add(number: u64, first: u32, devices: &[DeviceId]) -> Transaction {
    let sql = "INSERT INTO rollout_device (rollout, rank, device) SELECT ?1, ?2, id FROM device WHERE id = ?3";
    let one = |(rank, device): (u32, &DeviceId)| {
        Statement::new(sql).with(id(number)).with(rank).with(device.as_bytes().as_slice())
    };
    (first..).zip(devices).map(one).collect()
}

pub(super) fn run(number: u64, reach: &[u32], at_ms: i64) -> Transaction {
    let give_way = "UPDATE rollout SET phase = 'replaced' WHERE phase = 'halted' AND product = \
        (SELECT product FROM rollout WHERE number = ?1)";
    let run = "UPDATE rollout SET phase = 'running', reach = ?2, opened_at = ?3 WHERE number = ?1 AND phase = 'drawing'";
    Transaction::new().then(Statement::new(give_way).with(id(number))).then(
        Statement::new(run)
            .with(id(number))
            .with(serde_json::json!(reach).to_string())
            .with(at_ms)
            .expecting(Expect::Some),
    )
}

pub(super) fn halt(number: u64, why: &str) -> Statement {
    let sql =
        "UPDATE rollout SET phase = 'halted', why = ?2 WHERE number = ?1 AND phase = 'running'";
    Statement::new(sql).with(id(number)).with(why)
}

/// A device that did not get the image in time is offered it again; one that has it is still awaited.
pub(super) fn resume(number: u64, at_ms: i64) -> Transaction {
    let run = "UPDATE rollout SET phase = 'running', why = NULL, opened_at = ?2, met_at = NULL \
        WHERE number = ?1 AND phase = 'halted'";
    let forgive = "UPDATE rollout_device SET forgiven = last WHERE rollout = ?1 \
        AND last IN ('fell-back', 'refused', 'quiet')";
    let again = "UPDATE rollout_device SET offered_at = NULL, again_at = NULL WHERE rollout = ?1 AND last = 'quiet' \
        AND ended IS NULL AND NOT EXISTS (SELECT 1 FROM device d, rollout r WHERE d.id = rollout_device.device \
        AND r.number = ?1 AND d.took_image = r.sha256 AND d.took_in >= rollout_device.greeting)";
    Transaction::new()
        .then(Statement::new(run).with(id(number)).with(at_ms).expecting(Expect::Some))
        .then(Statement::new(forgive).with(id(number)))
        .then(Statement::new(again).with(id(number)))
}

pub(super) fn action(rollout: &Rollout, action: &Action, at_ms: i64) -> Vec<Statement> {
    let number = rollout.number;
    let stage = i64::try_from(rollout.stage).unwrap_or(i64::MAX);
    // Only of a rollout that runs, and in the stage that was looked at.
    let of_stage = |sql: &'static str| Statement::new(sql).with(id(number)).with(stage);
    match action {
        Action::Note(device, kind) => vec![seen(number, *device, *kind)],
        Action::FellBack(device, why) => fell_back(rollout, *device, why, at_ms).into(),
        Action::Halt(why) => vec![halt(number, why)],
        Action::Met => vec![
            of_stage(
                "UPDATE rollout SET met_at = ?3 WHERE number = ?1 AND stage = ?2 AND phase = 'running'",
            )
            .with(at_ms),
        ],
        Action::Unmet => vec![of_stage(
            "UPDATE rollout SET met_at = NULL WHERE number = ?1 AND stage = ?2 AND phase = 'running'",
        )],
        Action::Open(next) => vec![
            of_stage(
                "UPDATE rollout SET stage = ?3, opened_at = ?4, met_at = NULL \
                 WHERE number = ?1 AND stage = ?2 AND phase = 'running'",
            )
            .with(i64::try_from(*next).unwrap_or(i64::MAX))
            .with(at_ms),
        ],
        Action::Finish => vec![of_stage(
            "UPDATE rollout SET phase = 'done' WHERE number = ?1 AND stage = ?2 AND phase = 'running'",
        )],
        Action::Offer(_) => Vec::new(),
    }
}

fn seen(number: u64, device: DeviceId, kind: Kind) -> Statement {
    Statement::new("UPDATE rollout_device SET last = ?3 WHERE rollout = ?1 AND device = ?2")
        .with(id(number))
        .with(device.as_bytes().as_slice())
        .with(kind.name())
}

fn fell_back(rollout: &Rollout, device: DeviceId, why: &str, at_ms: i64) -> [Statement; 2] {
    let end = "UPDATE rollout_device SET last = 'fell-back', ended = 'fell-back', why = ?3 \
        WHERE rollout = ?1 AND device = ?2";
    let end =
        Statement::new(end).with(id(rollout.number)).with(device.as_bytes().as_slice()).with(why);
    [end, put_rejected(device, &rollout.sha256, why, at_ms)]
}

/// Made again, if it comes to nothing, 2 s later, then 4 s, and so on up to 5 minutes.
pub(super) fn offer(number: u64, device: DeviceId, at_ms: i64) -> Statement {
    let sql = "UPDATE rollout_device SET offered_at = COALESCE(offered_at, ?3), \
        greeting = (SELECT greetings FROM device WHERE id = ?2), tries = tries + 1, \
        again_at = ?3 + CASE WHEN tries < 7 THEN 2000 << tries ELSE 300000 END, trouble = NULL, \
        last = 'sending' WHERE rollout = ?1 AND device = ?2 AND ended IS NULL \
        AND EXISTS (SELECT 1 FROM rollout WHERE number = ?1 AND phase = 'running') \
        AND NOT EXISTS (SELECT 1 FROM rejected_image j, rollout r WHERE r.number = ?1 AND j.device = ?2 \
        AND j.sha256 = r.sha256)";
    Statement::new(sql).with(id(number)).with(device.as_bytes().as_slice()).with(at_ms)
}

/// In the session in which it was offered: had the device said Hello since, that would have ended the transfer.
pub(super) fn took(number: u64, device: DeviceId, at_ms: i64) -> Statement {
    let sql = "UPDATE device SET took_image = r.sha256, took_in = m.greeting, took_at = ?3 \
        FROM rollout_device m, rollout r WHERE device.id = ?2 AND m.rollout = ?1 AND m.device = ?2 AND r.number = ?1 \
        AND (device.took_image IS NULL OR device.took_image <> r.sha256 OR device.took_in < m.greeting)";
    Statement::new(sql).with(id(number)).with(device.as_bytes().as_slice()).with(at_ms)
}

pub(super) fn failed(
    number: u64,
    device: DeviceId,
    why: &str,
    again: Again,
    at_ms: i64,
) -> Statement {
    let soon = "UPDATE rollout_device SET trouble = ?3, again_at = ?4 + 1000, tries = tries - 1, \
        offered_at = CASE WHEN tries <= 1 THEN NULL ELSE offered_at END \
        WHERE rollout = ?1 AND device = ?2 AND tries > 0";
    let later = "UPDATE rollout_device SET trouble = ?3 WHERE rollout = ?1 AND device = ?2 AND ?4 IS NOT NULL";
    let never = "UPDATE rollout_device SET ended = 'refused', last = 'refused', why = ?3 \
        WHERE rollout = ?1 AND device = ?2 AND ended IS NULL AND ?4 IS NOT NULL";
    let sql = match again {
        Again::Soon => soon,
        Again::Later => later,
        Again::Never => never,
    };
    let device = device.as_bytes().as_slice();
    Statement::new(sql).with(id(number)).with(device).with(why).with(at_ms)
}
