//! What people prove themselves with beyond a password.
//!
//! The seed is sealed, the recovery codes are hashed; `last_step` is the half minute of the last code that was used.

pub(super) const STEP: &str = "
CREATE TABLE second_factor (
    account BLOB PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
    sealed_seed BLOB NOT NULL,
    last_step BIGINT NOT NULL,
    enrolled_at BIGINT NOT NULL
);

CREATE TABLE recovery_code (
    hash BLOB PRIMARY KEY,
    account BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE
);
CREATE INDEX recovery_code_account ON recovery_code (account);
";
