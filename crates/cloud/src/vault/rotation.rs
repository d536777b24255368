//! New data keys for old, while the node runs.
//!
//! 1. Make a key for every label, wrap it, and keep it durably. Nothing is under it yet.
//! 2. Give it to everyone who seals: from now on all that is new goes under it.
//! 3. Go through everything that lies sealed, and seal anew what lies under an older key.
//! 4. Destroy the older keys under which nothing lies any more.
//!
//! A node that is killed in between has two keys of a label, which are as good as one; the next rotation, or the next
//! start ([`Vault::finish`]), does the rest. Older keys of names and passwords stay until nobody is under them: each moves
//! when its owner next logs in. Those of what lies in the journals stay too: they are no part of the store.

use std::io;

use super::Vault;
use crate::audit::{Act, Who};
use crate::clock::now_ms;
use crate::node_key::{Generation, Label, NodeKeyError, Sealer, Use};
use crate::store::sealed::{COLUMNS, SealedColumn};
use crate::store::{Row, StoreError, Transaction};

/// Why keys were not replaced. What was done until then stays, and harms nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RotationError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There are no random bytes.
    #[error(transparent)]
    Key(#[from] NodeKeyError),
    /// What lies in a column opens under no key of its label.
    #[error(
        "{table}.{column} holds what no data key opens: it was written by another node, or changed. The older keys are kept"
    )]
    Foreign {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The file beside the store that is sealed cannot be written.
    #[error("products.mark was not sealed anew: {0}. The older keys are kept")]
    Marks(io::Error),
}

/// What a rotation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotated {
    /// Labels that have a new key.
    pub labels: usize,
    /// Values that were sealed anew.
    pub resealed: usize,
    /// Older keys that are destroyed.
    pub destroyed: usize,
    /// Older keys that are kept, because something may lie under them still.
    pub kept: usize,
}

impl Vault {
    /// Makes a new data key for every label and seals everything anew.
    ///
    /// # Errors
    /// [`RotationError`]
    pub async fn rotate(&self, why: Option<String>, at_ms: i64) -> Result<Rotated, RotationError> {
        let _one = self.busy.lock().await;
        let act = Act::new("keys.rotated", Who::Operator, at_ms).because(why);
        let labels = self.renew(at_ms, act).await?;
        let mut done = self.go_through(at_ms).await?;
        done.labels = labels;
        Ok(done)
    }

    /// Does what an interrupted rotation left undone; nothing where there is nothing.
    ///
    /// # Errors
    /// [`RotationError`]
    pub async fn finish(&self, at_ms: i64) -> Result<Rotated, RotationError> {
        let _one = self.busy.lock().await;
        self.go_through(at_ms).await
    }

    async fn go_through(&self, at_ms: i64) -> Result<Rotated, RotationError> {
        let mut done = Rotated::default();
        if self.older().is_empty() {
            return Ok(done);
        }
        for column in COLUMNS {
            done.resealed += self.reseal(column).await?;
        }
        self.shelf.reseal_marks().await.map_err(RotationError::Marks)?;
        let (names, peppers) = self.store.accounts().keys_in_use().await?;
        let is_done_with = |label: Label, generation: Generation| match label {
            // Journals are not gone through.
            Label::SESSION | Label::OUTBOX => false,
            Label::ACCOUNT_NAME => !names.contains(&generation),
            Label::PASSWORD => !peppers.contains(&generation),
            label => label.usage() == Use::Seals,
        };
        let (gone, kept): (Vec<_>, Vec<_>) =
            self.older().into_iter().partition(|(label, key)| is_done_with(*label, *key));
        done.kept = kept.len();
        done.destroyed = gone.len();
        self.destroy(&gone, at_ms).await?;
        Ok(done)
    }

    /// The same on its own, at the start of a node.
    pub fn finish_by_itself(self) {
        tokio::spawn(async move {
            match self.finish(now_ms()).await {
                Ok(done) if done.resealed > 0 || done.destroyed > 0 => tracing::info!(
                    resealed = done.resealed,
                    destroyed = done.destroyed,
                    "an earlier rotation of keys was finished"
                ),
                Ok(_) => {}
                Err(error) => {
                    tracing::error!(%error, "an earlier rotation of keys is not finished")
                }
            }
        });
    }

    /// A new key for every label, durable and in use.
    async fn renew(&self, at_ms: i64, act: Act) -> Result<usize, RotationError> {
        let mut fresh = Vec::new();
        for label in Label::ALL.iter().filter(|label| label.rotates()) {
            let newest = self.node_key.keys(*label).newest().generation();
            fresh.push(self.node_key.new_key(*label, Generation(newest.0.saturating_add(1)))?);
        }
        let mark = self.node_key.mark();
        self.store.data_keys().put(&fresh, &mark, at_ms, Transaction::new().noting(act)).await?;
        self.take_up().await?;
        Ok(fresh.len())
    }

    async fn take_up(&self) -> Result<(), RotationError> {
        let keys = self.store.data_keys().wrapped(&self.node_key.mark()).await?;
        Ok(self.node_key.take_up(&keys)?)
    }

    /// Every key that is not the newest of its label.
    fn older(&self) -> Vec<(Label, Generation)> {
        let mut older = Vec::new();
        for label in Label::ALL.iter().filter(|label| label.rotates()) {
            let keys = self.node_key.keys(*label);
            older.extend(keys.all().skip(1).map(|key| (*label, key.generation())));
        }
        older
    }

    async fn destroy(&self, keys: &[(Label, Generation)], at_ms: i64) -> Result<(), RotationError> {
        if keys.is_empty() {
            return Ok(());
        }
        let act = Act::new("keys.destroyed", Who::Node, at_ms);
        self.store.data_keys().destroy(keys, Transaction::new().noting(act)).await?;
        self.take_up().await
    }

    /// Seals a column anew; how many of its values lay under an older key.
    async fn reseal(&self, column: &'static SealedColumn) -> Result<usize, RotationError> {
        let (store, label) = (self.store.clone(), column.label);
        let rows = move || store.sealed().rows(column).collect::<Result<Vec<Row>, StoreError>>();
        let rows = tokio::task::spawn_blocking(rows).await.map_err(|_| StoreError::Closed)??;
        let sealer = self.node_key.sealer(label)?;
        let mut resealed = 0;
        for row in &rows {
            resealed += usize::from(self.reseal_row(column, &sealer, row).await?);
        }
        Ok(resealed)
    }

    /// Until it lies under the newest key: somebody may write it at the same time, under that key by now.
    async fn reseal_row(
        &self,
        column: &SealedColumn,
        sealer: &Sealer,
        row: &Row,
    ) -> Result<bool, RotationError> {
        let (table, name) = column.name;
        while let Some(value) = self.store.sealed().value(column, row).await? {
            let foreign = |_| RotationError::Foreign { table, column: name };
            let anew = sealer.reseal(&value.context, &value.sealed).map_err(foreign)?;
            let Some(anew) = anew else { return Ok(false) };
            if self.store.sealed().exchange(column, row, &value.sealed, &anew).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
