//! How an account is found by a name that is written down nowhere: by its keyed hash.
//!
//! When the key of names is replaced, every hash stays under the older key until its owner next logs in: only then is the
//! name here to be hashed anew. Until that day a name is looked for under each key, newest first.

use super::{AccountError, AccountId, Accounts, name};
use crate::node_key::{Generation, KEY_LENGTH};
use crate::store::Ask;
use crate::store::account::AccountRow;
use crate::weakened::{self, Weakness};

/// The keyed hash an account is found by, and by which its failed logins are counted.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameHash(pub(crate) [u8; KEY_LENGTH]);

/// An account that was found by a name.
pub(super) struct Found {
    pub(super) row: AccountRow,
    /// The hash of the same name under the newest key, where it lies under an older one.
    pub(super) moves_to: Option<[u8; KEY_LENGTH]>,
}

impl Found {
    /// Whose it is, and where the name moves to.
    pub(super) fn name(&self) -> (AccountId, Option<[u8; KEY_LENGTH]>) {
        (self.row.id, self.moves_to)
    }
}

impl Accounts {
    /// The hash a name is known by. Case, surrounding blanks and ways to compose a letter make no difference.
    #[must_use]
    pub fn name_hash(&self, name: &str) -> NameHash {
        self.hash_of(name::normal(name).as_bytes())
    }

    /// Under the newest key.
    fn hash_of(&self, normal: &[u8]) -> NameHash {
        if weakened::is(Weakness::NamesUnhashed) {
            return NameHash(std::array::from_fn(|at| normal.get(at).copied().unwrap_or(0)));
        }
        NameHash(self.names.tag(normal))
    }

    /// Which key new hashes are under.
    pub(super) fn newest_name_key(&self) -> Generation {
        self.names.newest().generation()
    }

    /// Looks for a normalised name under each key, newest first.
    pub(super) fn known(&self, normal: &[u8]) -> impl Iterator<Item = Ask<Option<AccountRow>>> {
        let newest = self.hash_of(normal).0;
        let older = self.names.tags(normal).into_iter().skip(1);
        let all: Vec<_> = std::iter::once(newest).chain(older).collect();
        all.into_iter().map(|hash| self.store.accounts().find(&hash))
    }

    /// The account of a normalised name.
    pub(super) async fn found(&self, normal: &[u8]) -> Result<Option<Found>, AccountError> {
        for (ask, is_newest) in
            self.known(normal).zip(std::iter::once(true).chain(std::iter::repeat(false)))
        {
            if let Some(row) = ask.await? {
                let moves_to = (!is_newest).then(|| self.hash_of(normal).0);
                return Ok(Some(Found { row, moves_to }));
            }
        }
        Ok(None)
    }

    /// Lets an account be found under the newest key.
    pub(super) async fn move_name(
        &self,
        id: AccountId,
        hash: &[u8; KEY_LENGTH],
    ) -> Result<(), AccountError> {
        let key = self.newest_name_key();
        Ok(self.store.accounts().move_name(id, hash, key).await.map(drop)?)
    }
}
