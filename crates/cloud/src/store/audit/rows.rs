//! Rows of the audit log, as they are read.

use crate::audit::{Link, Logged};
use crate::store::{Row, StoreError};

/// The next rows after a number.
pub(super) const PAGE: &str =
    "SELECT seq, body, link, signature FROM audit_entry WHERE seq > ?1 ORDER BY seq LIMIT 1024";

/// A row of [`PAGE`].
pub(super) fn logged(row: &Row) -> Result<Logged, StoreError> {
    Ok(Logged {
        seq: row.number(0)?,
        body: row.maybe_blob(1)?.map(<[u8]>::to_vec),
        link: Link(row.array(2)?),
        signature: row.maybe_array(3)?,
    })
}
