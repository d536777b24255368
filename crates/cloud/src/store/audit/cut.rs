//! Removes entries that are old enough, and leaves a log that still verifies.
//!
//! What stays: the entries that name keys, and of each entry that came just before one that stays, its number and link. The
//! act that tells up to where entries were removed is written in the same transaction, and a verifier accepts no other gap.

use crate::audit::entry::CUT;
use crate::audit::{Act, CUT_UP_TO, Who};
use crate::store::{Ask, Statement, Store, StoreError, Transaction};

impl Store {
    /// Removes the oldest entries of the audit log, those from before `before_ms`; the number of the last, if there were any.
    /// The first that is younger ends it, whatever comes after.
    ///
    /// # Errors
    /// [`StoreError`]; nothing is removed then.
    pub async fn cut_audit(&self, before_ms: i64, now_ms: i64) -> Result<Option<u64>, StoreError> {
        let (mut after, mut last, mut news) = (0, None, false);
        'pages: loop {
            let page = self.audit_page(after).await?;
            let Some(end) = page.last() else { break };
            after = end.seq;
            for row in page {
                let Some(entry) = row.entry() else { continue };
                if entry.at_ms >= before_ms {
                    break 'pages;
                }
                // What names a key stays, so that alone is nothing to remove.
                news |= entry.key.is_none();
                last = Some(row.seq);
            }
        }
        let Some(last) = last.filter(|_| news) else { return Ok(None) };
        self.remove_up_to(last, now_ms)?.await?;
        Ok(Some(last))
    }

    fn remove_up_to(&self, last: u64, now_ms: i64) -> Result<Ask<()>, StoreError> {
        let number = i64::try_from(last).map_err(|_| StoreError::Unmet)?;
        let reasons = Statement::new("DELETE FROM audit_reason WHERE seq <= ?1");
        let entries = Statement::new(
            "DELETE FROM audit_entry WHERE seq < ?1 AND names_key = 0 \
             AND seq + 1 NOT IN (SELECT seq FROM audit_entry WHERE names_key = 1)",
        );
        let links = Statement::new(
            "UPDATE audit_entry SET body = NULL, signature = NULL WHERE seq <= ?1 AND names_key = 0",
        );
        let all = [reasons, entries, links].map(|statement| statement.with(number));
        let act = Act::new(CUT, Who::Node, now_ms).on(CUT_UP_TO, last);
        let transaction = all.into_iter().collect::<Transaction>().noting(act);
        Ok(self.write(transaction, |_| Ok(())))
    }
}
