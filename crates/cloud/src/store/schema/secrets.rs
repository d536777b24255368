//! One-time secrets, and the keys that people registered for them.

pub(super) const STEP: &str = "
CREATE TABLE secret_key (
    fingerprint BLOB NOT NULL,
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    spki BLOB NOT NULL,
    added_at BIGINT NOT NULL,
    PRIMARY KEY (account, fingerprint)
);

CREATE TABLE secret (
    find_hash BLOB NOT NULL PRIMARY KEY,
    sender BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    recipient BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    fingerprint BLOB NOT NULL,
    wrapped BLOB,
    sent_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    reader_hash BLOB,
    read_at BIGINT,
    ended_at BIGINT,
    ended TEXT
);
CREATE INDEX secret_sender ON secret (sender, sent_at);
CREATE INDEX secret_recipient ON secret (recipient, sent_at);
CREATE INDEX secret_waiting ON secret (expires_at) WHERE wrapped IS NOT NULL;
";
