//! Which key an account's name is hashed under, and which pepper its password; 0 is the one made of the node key.
//! Data keys, each wrapped by the node key that `wrapped_by` names. A key that nothing lies under any more is deleted.

pub(super) const STEP: &str = "
CREATE TABLE data_key (
    label TEXT NOT NULL,
    generation BIGINT NOT NULL,
    wrapped_by BLOB NOT NULL,
    wrapped BLOB NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (label, generation, wrapped_by)
);

ALTER TABLE account ADD COLUMN name_key BIGINT NOT NULL DEFAULT 0;
ALTER TABLE account ADD COLUMN pepper BIGINT NOT NULL DEFAULT 0;
";
