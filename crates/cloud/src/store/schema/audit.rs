//! The audit log: a chain of entries, and beside it the reasons that people gave, sealed.
//!
//! `signature` is there on the last entry of each commit. Of an entry that was removed because of its age, what may be left
//! is its number and `link`, where the next entry still needs it. A reason can be erased or sealed anew: the chain holds a
//! commitment to it only.

pub(super) const STEP: &str = "
CREATE TABLE audit_entry (
    seq INTEGER PRIMARY KEY,
    body BLOB,
    link BLOB NOT NULL,
    signature BLOB,
    names_key BIGINT NOT NULL
);
CREATE INDEX audit_entry_key ON audit_entry (seq) WHERE names_key = 1;

CREATE TABLE audit_reason (
    seq BIGINT PRIMARY KEY,
    sealed BLOB NOT NULL
);
";
