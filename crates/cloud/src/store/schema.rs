//! The tables, and the steps from each schema to the next.
//!
//! A step, once released, is never changed. A file with a newer schema than this release knows is refused, so
//! an older binary cannot damage it. No column holds a name, an e-mail or an IP address of a person (promise
//! P6), nor a secret in a form that works without the node key (promise P5).

use rusqlite::Connection;

use super::error::StoreError;

mod access;
mod accounts;
mod audit;
mod clients;
mod hooks;
mod keys;
mod secrets;

/// One step of the schema; its position is the version it leads to, counted from 1.
const STEPS: &[&str] = &[
    FIRST,
    OWNERS,
    CLEAN_STOP,
    KINDS_OF_KEYS,
    PRODUCTS,
    ROLLOUTS,
    accounts::STEP,
    clients::STEP,
    access::STEP,
    audit::STEP,
    keys::STEP,
    hooks::STEP,
    secrets::STEP,
];

const FIRST: &str = "
CREATE TABLE node (name TEXT PRIMARY KEY, value BLOB NOT NULL);

CREATE TABLE account (
    id BLOB PRIMARY KEY,
    name_hash BLOB NOT NULL UNIQUE,
    salt BLOB NOT NULL,
    password_hash BLOB NOT NULL,
    memory_kib BIGINT NOT NULL,
    passes BIGINT NOT NULL,
    lanes BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);

CREATE TABLE token (
    hash BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    client TEXT NOT NULL,
    sealed_name BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX token_account ON token (account);
CREATE INDEX token_expiry ON token (expires_at);

CREATE TABLE device (
    id BLOB PRIMARY KEY,
    owner BLOB REFERENCES account (id) ON DELETE SET NULL,
    name TEXT,
    notes TEXT,
    platform_id BIGINT,
    product_id BIGINT,
    firmware_version BIGINT,
    system_version BIGINT,
    last_handshake_at BIGINT,
    functions TEXT,
    variables TEXT,
    system TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX device_owner_name ON device (owner, name);

CREATE TABLE subscription (
    device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    position BIGINT NOT NULL,
    prefix TEXT NOT NULL,
    options BIGINT NOT NULL,
    PRIMARY KEY (device, position)
);

CREATE TABLE pin (
    device BLOB PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    fingerprint BLOB NOT NULL UNIQUE,
    public_key BLOB NOT NULL,
    pinned_by TEXT NOT NULL,
    pinned_at BIGINT NOT NULL
);

CREATE TABLE pin_history (
    seq INTEGER PRIMARY KEY,
    at BIGINT NOT NULL,
    device BLOB,
    fingerprint BLOB,
    what TEXT NOT NULL,
    detail TEXT NOT NULL
);
CREATE INDEX pin_history_device ON pin_history (device, seq);
CREATE INDEX pin_history_refused ON pin_history (seq) WHERE what LIKE 'refused-%';

CREATE TABLE session (
    device BLOB PRIMARY KEY,
    slot BIGINT NOT NULL,
    generation BIGINT NOT NULL,
    sealed BLOB NOT NULL
);
";

const CLEAN_STOP: &str = "
DROP TABLE session;

CREATE TABLE clean_stop (
    part BIGINT PRIMARY KEY,
    frame BIGINT NOT NULL
);
";

/// Who owns what is read at every start, without what the devices said of themselves.
const OWNERS: &str = "
CREATE INDEX device_by_owner ON device (owner, id) WHERE owner IS NOT NULL;
";

/// Until then every key was a P-256 one. What else there is, is looked through whenever another one is pinned.
const KINDS_OF_KEYS: &str = "
ALTER TABLE pin ADD COLUMN kind TEXT NOT NULL DEFAULT 'p256';
ALTER TABLE pin_history ADD COLUMN kind TEXT NOT NULL DEFAULT 'p256';
CREATE INDEX pin_rsa ON pin (device) WHERE kind = 'rsa1024';
";

/// `standing` is sealed: which keyring is in force, what is released, and the numbers that never go back. So is every
/// piece of a firmware's file.
const PRODUCTS: &str = "
CREATE TABLE product (
    id BIGINT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    description TEXT NOT NULL,
    platform_id BIGINT NOT NULL,
    owner BLOB NOT NULL REFERENCES account (id),
    quarantine BIGINT NOT NULL,
    standing BLOB NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX product_owner ON product (owner, id);

CREATE TABLE keyring (
    product BIGINT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    number BIGINT NOT NULL,
    envelope BLOB NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (product, number)
);

CREATE TABLE firmware (
    product BIGINT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    version BIGINT NOT NULL,
    title TEXT NOT NULL,
    description TEXT NOT NULL,
    mandatory BIGINT NOT NULL,
    file_name TEXT NOT NULL,
    size BIGINT NOT NULL,
    sha256 BLOB NOT NULL,
    statement BLOB,
    uploaded_by BLOB NOT NULL,
    uploaded_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    released_at BIGINT,
    PRIMARY KEY (product, version)
);

CREATE TABLE firmware_piece (
    product BIGINT NOT NULL,
    version BIGINT NOT NULL,
    position BIGINT NOT NULL,
    sealed BLOB NOT NULL,
    PRIMARY KEY (product, version, position),
    FOREIGN KEY (product, version) REFERENCES firmware (product, version) ON DELETE CASCADE
);

CREATE TABLE product_device (
    device BLOB PRIMARY KEY REFERENCES device (id) ON DELETE CASCADE,
    product BIGINT NOT NULL REFERENCES product (id) ON DELETE CASCADE,
    desired_version BIGINT,
    development BIGINT NOT NULL,
    added_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX product_device_product ON product_device (product, device);

CREATE TABLE product_device_group (
    device BLOB NOT NULL REFERENCES product_device (device) ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (device, name)
);

CREATE TABLE rejected_image (
    device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    sha256 BLOB NOT NULL,
    reason TEXT NOT NULL,
    rejected_at BIGINT NOT NULL,
    PRIMARY KEY (device, sha256)
);
";

/// What a device took and reports is told apart by how many Hellos it had said, not by clocks. A device known from before
/// has said none: what it runs is known when it next comes.
const ROLLOUTS: &str = "
ALTER TABLE device ADD COLUMN greetings BIGINT NOT NULL DEFAULT 0;
ALTER TABLE device ADD COLUMN described_in BIGINT;
ALTER TABLE device ADD COLUMN described_at BIGINT;
ALTER TABLE device ADD COLUMN image BLOB;
ALTER TABLE device ADD COLUMN took_image BLOB;
ALTER TABLE device ADD COLUMN took_in BIGINT;
ALTER TABLE device ADD COLUMN took_at BIGINT;
ALTER TABLE device ADD COLUMN fell_back_in BIGINT;
ALTER TABLE device ADD COLUMN fell_back_why TEXT;

CREATE TABLE rollout (
    number INTEGER PRIMARY KEY,
    product BIGINT NOT NULL,
    version BIGINT NOT NULL,
    sha256 BLOB NOT NULL,
    module_sha256 BLOB NOT NULL,
    plan TEXT NOT NULL,
    reach TEXT NOT NULL,
    phase TEXT NOT NULL,
    why TEXT,
    stage BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    met_at BIGINT,
    started_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX rollout_running ON rollout (product) WHERE phase = 'running';
CREATE INDEX rollout_unfinished ON rollout (number) WHERE phase IN ('drawing', 'running', 'halted');

CREATE TABLE rollout_device (
    rollout BIGINT NOT NULL REFERENCES rollout (number) ON DELETE CASCADE,
    rank BIGINT NOT NULL,
    device BLOB NOT NULL REFERENCES device (id) ON DELETE CASCADE,
    offered_at BIGINT,
    greeting BIGINT,
    tries BIGINT NOT NULL DEFAULT 0,
    again_at BIGINT,
    trouble TEXT,
    ended TEXT,
    why TEXT,
    last TEXT NOT NULL DEFAULT 'waiting',
    forgiven TEXT,
    PRIMARY KEY (rollout, rank)
);
CREATE UNIQUE INDEX rollout_device_once ON rollout_device (device, rollout);
";

/// Brings the file to the schema of this release, all steps or none.
pub(super) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    migrate_with(connection, STEPS)
}

fn migrate_with(connection: &Connection, steps: &[&str]) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    let done = take_steps(connection, steps).and_then(|()| Ok(connection.execute_batch("COMMIT")?));
    if done.is_err() && !connection.is_autocommit() {
        drop(connection.execute_batch("ROLLBACK"));
    }
    done
}

fn take_steps(connection: &Connection, steps: &[&str]) -> Result<(), StoreError> {
    connection
        .execute_batch("CREATE TABLE IF NOT EXISTS schema_version (version BIGINT NOT NULL)")?;
    let sql = "SELECT COALESCE(MAX(version), 0) FROM schema_version";
    let found: i64 = connection.query_row(sql, [], |row| row.get(0))?;
    let known = i64::try_from(steps.len()).unwrap_or(i64::MAX);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    for (step, version) in steps.iter().zip(1..).filter(|(_, version)| *version > found) {
        connection.execute_batch(step)?;
        connection.execute("INSERT INTO schema_version (version) VALUES (?1)", [version])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_newer_schema_is_refused_and_left_alone() {
        let connection = Connection::open_in_memory().unwrap();
        migrate_with(&connection, &["CREATE TABLE a (x TEXT)", "CREATE TABLE b (x TEXT)"]).unwrap();
        let error = migrate_with(&connection, &["CREATE TABLE a (x TEXT)"]).unwrap_err();
        assert!(matches!(error, StoreError::Newer { found: 2, known: 1 }), "{error}");
    }

    #[test]
    fn only_missing_steps_are_taken() {
        let connection = Connection::open_in_memory().unwrap();
        migrate_with(&connection, &["CREATE TABLE a (x TEXT)"]).unwrap();
        migrate_with(&connection, &["not even SQL", "CREATE TABLE b (x TEXT)"]).unwrap();
        connection.execute("INSERT INTO b (x) VALUES ('y')", []).unwrap();
    }

    #[test]
    fn pins_from_before_there_were_other_kinds_are_p256_ones() {
        let connection = Connection::open_in_memory().unwrap();
        migrate_with(&connection, &STEPS[..3]).unwrap();
        let before = "INSERT INTO device (id, created_at) VALUES (x'01', 1);
            INSERT INTO pin (device, fingerprint, public_key, pinned_by, pinned_at) VALUES (x'01', x'02', x'03', 'operator', 4);
            INSERT INTO pin_history (at, device, fingerprint, what, detail) VALUES (4, x'01', x'02', 'pinned', 'by operator');";
        connection.execute_batch(before).unwrap();
        migrate(&connection).unwrap();
        let sql = "SELECT p.kind, h.kind, p.fingerprint, h.detail FROM pin p JOIN pin_history h ON h.device = p.device";
        let found: (String, String, Vec<u8>, String) = connection
            .query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .unwrap();
        assert_eq!(found, ("p256".into(), "p256".into(), vec![2], "by operator".into()));
        migrate(&connection).unwrap();
    }

    #[test]
    fn a_step_that_fails_undoes_all_of_them() {
        let connection = Connection::open_in_memory().unwrap();
        assert!(migrate_with(&connection, &["CREATE TABLE a (x TEXT)", "not SQL"]).is_err());
        migrate_with(&connection, &["CREATE TABLE a (x TEXT)"]).unwrap();
    }
}
