//! Webhooks. What they have yet to deliver is in the journal, not here.

pub(super) const STEP: &str = "
CREATE TABLE hook (
    id BLOB PRIMARY KEY,
    owner BLOB NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    product BIGINT REFERENCES product (id) ON DELETE CASCADE,
    sealed BLOB NOT NULL,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX hook_owner ON hook (owner);
CREATE INDEX hook_product ON hook (product);
";
