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
";
