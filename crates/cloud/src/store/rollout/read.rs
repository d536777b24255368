//! What is read of rollouts.

use pintle_protocol::DeviceId;

use crate::product::ProductId;
use crate::product::rollout::{Facts, Kind, Member, Offered, Phase, Rollout};
use crate::store::StoreError;
use crate::store::statement::{Row, Statement};

const FIND: &str = "SELECT number, product, version, sha256, plan, reach, phase, why, stage, opened_at, met_at, started_at, \
    module_sha256 \
    FROM rollout WHERE number = ?1";
const NEWEST: &str = "SELECT number, product, version, sha256, plan, reach, phase, why, stage, opened_at, met_at, started_at, \
    module_sha256 \
    FROM rollout WHERE ?1 IS NULL OR product = ?1 ORDER BY number DESC LIMIT 1";
const UNFINISHED: &str = "SELECT number, product, version, sha256, plan, reach, phase, why, stage, opened_at, met_at, started_at, \
    module_sha256 FROM rollout WHERE phase IN ('running', 'halted') ORDER BY number";

pub(super) fn find(number: u64) -> Statement {
    Statement::new(FIND).with(i64::try_from(number).unwrap_or(i64::MAX))
}

pub(super) fn newest(product: Option<ProductId>) -> Statement {
    Statement::new(NEWEST).with(product.map(|product| product.0))
}

pub(super) fn unfinished() -> Statement {
    Statement::new(UNFINISHED)
}

pub(super) fn population(product: ProductId, version: u16) -> Statement {
    let sql = "SELECT device FROM product_device WHERE product = ?1 AND development = 0 \
        AND (desired_version IS NULL OR desired_version = ?2) ORDER BY device";
    Statement::new(sql).with(product.0).with(version)
}

pub(super) fn rollout(row: &Row) -> Result<Rollout, StoreError> {
    let wrong = |what: &str| StoreError::corrupt(format!("a rollout has no {what} to be read"));
    let why = row.maybe_text(7)?.unwrap_or_default().to_owned();
    let phase = match row.text(6)? {
        "drawing" => Phase::Drawing,
        "running" => Phase::Running,
        "halted" => Phase::Halted { why },
        "replaced" => Phase::Replaced { why },
        "done" => Phase::Done,
        _ => return Err(wrong("phase")),
    };
    Ok(Rollout {
        number: row.number(0)?,
        product: ProductId(row.number(1)?),
        version: row.number(2)?,
        sha256: row.array(3)?,
        plan: serde_json::from_str(row.text(4)?).map_err(|_| wrong("plan"))?,
        reach: serde_json::from_str(row.text(5)?).map_err(|_| wrong("reach"))?,
        phase,
        stage: row.number(8)?,
        opened_ms: row.int(9)?,
        met_ms: row.maybe_int(10)?,
        started_ms: row.int(11)?,
        module_sha256: row.array(12)?,
    })
}

pub(super) fn page(number: u64, from: u32, until: u32, count: u32) -> Statement {
    let sql = "SELECT m.device, m.rank, m.offered_at, m.greeting, m.tries, m.again_at, m.trouble, m.ended, m.why, m.last, \
        m.forgiven, d.greetings, d.last_handshake_at, d.described_in, \
        CASE WHEN d.image IN (r.sha256, r.module_sha256) THEN 1 ELSE 0 END, CASE WHEN d.took_image = r.sha256 THEN d.took_in END, d.took_at, \
        j.reason, p.product = r.product, p.development, p.desired_version = r.version, \
        d.fell_back_in, d.fell_back_why FROM rollout_device m JOIN rollout r ON r.number = m.rollout JOIN device d ON d.id = m.device \
        LEFT JOIN rejected_image j ON j.device = m.device AND j.sha256 = r.sha256 \
        LEFT JOIN product_device p ON p.device = m.device WHERE m.rollout = ?1 AND m.rank >= ?2 AND m.rank < ?3 ORDER BY m.rank LIMIT ?4";
    Statement::new(sql)
        .with(i64::try_from(number).unwrap_or(i64::MAX))
        .with(from)
        .with(until)
        .with(count)
}

pub(super) fn member(row: &Row) -> Result<(Member, Facts), StoreError> {
    let ended = kind(row, 7)?.zip(row.maybe_text(8)?.map(str::to_owned));
    let member = Member {
        device: DeviceId::from_bytes(row.array(0)?),
        rank: row.number(1)?,
        offered: offered(row)?,
        trouble: row.maybe_text(6)?.map(str::to_owned),
        ended,
        last: kind(row, 9)?.unwrap_or(Kind::Waiting),
        forgiven: kind(row, 10)?,
    };
    let took = row.maybe_number(15)?.zip(row.maybe_int(16)?);
    let facts = Facts {
        greetings: row.number(11)?,
        greeted_ms: row.maybe_int(12)?.unwrap_or_default(),
        described_in: row.maybe_number(13)?.unwrap_or_default(),
        runs_image: row.int(14)? == 1,
        took,
        rejected: row.maybe_text(17)?.map(str::to_owned),
        exempt: exempt(row)?,
        confessed: row.maybe_number(21)?.zip(row.maybe_text(22)?.map(str::to_owned)),
        ..Facts::default()
    };
    Ok((member, facts))
}

/// Why a device is not to have the version: what its product says of it comes before any rollout.
fn exempt(row: &Row) -> Result<Option<String>, StoreError> {
    let (here, development, wanted) = (row.maybe_int(18)?, row.maybe_int(19)?, row.maybe_int(20)?);
    let why = match (here, development, wanted) {
        (None | Some(0), _, _) => "it is in the product no longer",
        (_, Some(0), None | Some(1)) => return Ok(None),
        (_, Some(0), _) => "it is locked to another version",
        _ => "it is marked for development",
    };
    Ok(Some(why.to_owned()))
}

fn offered(row: &Row) -> Result<Option<Offered>, StoreError> {
    let Some(first_ms) = row.maybe_int(2)? else { return Ok(None) };
    Ok(Some(Offered {
        first_ms,
        greeting: row.number(3)?,
        tries: row.number(4)?,
        again_ms: row.maybe_int(5)?.unwrap_or_default(),
    }))
}

fn kind(row: &Row, column: usize) -> Result<Option<Kind>, StoreError> {
    let name = row.maybe_text(column)?;
    let wrong = || StoreError::corrupt("a device in a rollout is in no state that there is");
    name.map(|name| Kind::named(name).ok_or_else(wrong)).transpose()
}
