//! Argon2id (RFC 9106) with a salt per account and a pepper made of the node key.
//!
//! The cost is stored beside each hash, so that it can rise: a password that was hashed at another one is hashed anew
//! when its owner logs in. Hashing has threads of its own, see [`pool`].

use std::num::NonZeroUsize;
use std::thread;

use argon2::{Algorithm, Argon2, Block, Version};
use aws_lc_rs::rand;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use super::AccountError;
use crate::node_key::{DataKey, DataKeys, KEY_LENGTH};
use crate::store::account::SavedPassword;

mod cost;
mod pool;
mod rules;

pub use cost::Cost;
pub use rules::WeakPassword;
pub(super) use rules::{check, check_length};

use pool::{Memory, Pool};

/// Hashes passwords. Cheap to clone.
#[derive(Clone)]
pub(super) struct Hasher {
    peppers: DataKeys,
    cost: Cost,
    pool: Pool,
}

/// How a password compares with the saved one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compared {
    /// It is another one, or there is none saved.
    Wrong,
    /// It is the same.
    Right,
    /// It is the same, and its hash costs something else than new ones do, or is under an older pepper.
    Outdated,
}

impl Hasher {
    /// With as many threads as half of the cores.
    pub(super) fn new(peppers: DataKeys) -> Self {
        let cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { peppers, cost: Cost::FULL, pool: Pool::new(cores / 2) }
    }

    pub(super) fn with_cost(self, cost: Cost) -> Self {
        Self { cost, ..self }
    }

    pub(super) fn with_threads(self, threads: usize) -> Self {
        Self { pool: Pool::new(threads), ..self }
    }

    /// Hashes a new password on this thread.
    pub(super) fn hash_blocking(&self, password: &str) -> Result<SavedPassword, AccountError> {
        fresh(self.peppers.newest(), password, self.cost, &mut Memory::new())
    }

    /// Hashes a new password.
    pub(super) async fn hash(
        &self,
        password: Zeroizing<String>,
    ) -> Result<SavedPassword, AccountError> {
        let (peppers, cost) = (self.peppers.clone(), self.cost);
        self.pool.run(move |memory| fresh(peppers.newest(), &password, cost, memory)).await?
    }

    /// Compares with the saved one. Without a saved one it works as long and says no.
    pub(super) async fn check(
        &self,
        password: Zeroizing<String>,
        saved: Option<SavedPassword>,
    ) -> Result<Compared, AccountError> {
        let (peppers, cost) = (self.peppers.clone(), self.cost);
        self.pool
            .run(move |memory| {
                let newest = peppers.newest();
                let nobody = || SavedPassword {
                    salt: [0; 16],
                    hash: [0; 32],
                    cost,
                    pepper: newest.generation(),
                };
                // What was hashed under a pepper that is no more is nobody's password.
                let pepper = saved.as_ref().and_then(|saved| peppers.of(saved.pepper));
                let exists = pepper.is_some();
                let saved = saved.unwrap_or_else(nobody);
                let found = hash(pepper.unwrap_or(newest).bytes(), &password, &saved, memory)?;
                let same = bool::from(found.as_slice().ct_eq(saved.hash.as_slice()));
                Ok(match same && exists {
                    false => Compared::Wrong,
                    true if saved.cost != cost || saved.pepper != newest.generation() => {
                        Compared::Outdated
                    }
                    true => Compared::Right,
                })
            })
            .await?
    }
}

fn fresh(
    pepper: &DataKey,
    password: &str,
    cost: Cost,
    memory: &mut Memory,
) -> Result<SavedPassword, AccountError> {
    let mut saved =
        SavedPassword { salt: [0; 16], hash: [0; 32], cost, pepper: pepper.generation() };
    rand::fill(&mut saved.salt).map_err(|_| AccountError::Crypto)?;
    saved.hash = *hash(pepper.bytes(), password, &saved, memory)?;
    Ok(saved)
}

fn hash(
    pepper: &[u8; KEY_LENGTH],
    password: &str,
    saved: &SavedPassword,
    memory: &mut Memory,
) -> Result<Zeroizing<[u8; 32]>, AccountError> {
    let params = saved.cost.params()?;
    let blocks = params.block_count();
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .map_err(|_| AccountError::Crypto)?;
    memory.resize(blocks, Block::new());
    let mut out = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into_with_memory(
            password.as_bytes(),
            &saved.salt,
            out.as_mut_slice(),
            memory.as_mut_slice(),
        )
        .map_err(|_| AccountError::Crypto)?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node_key::{Label, NodeKey};

    /// Hashes under one pepper.
    fn under(pepper: u8) -> Hasher {
        let node_key = NodeKey::from_bytes(Zeroizing::new([pepper; 32]));
        Hasher::new(node_key.keys(Label::PASSWORD)).with_cost(Cost::for_tests())
    }

    fn typed(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[tokio::test]
    async fn p9_a_password_is_known_again_whatever_it_cost_and_only_under_its_pepper() {
        let hasher = under(1);
        let saved = hasher.hash(typed("correct horse")).await.unwrap();
        let check = async |hasher: &Hasher, text: &str| {
            hasher.check(typed(text), Some(saved.clone())).await.unwrap()
        };
        assert_eq!(check(&hasher, "correct horse").await, Compared::Right);
        assert_eq!(check(&hasher, "correct horsf").await, Compared::Wrong);
        let dearer = Cost { passes: 2, ..Cost::for_tests() };
        assert_eq!(
            check(&hasher.clone().with_cost(dearer), "correct horse").await,
            Compared::Outdated
        );
        let thief = under(2);
        assert_eq!(check(&thief, "correct horse").await, Compared::Wrong);
        assert_eq!(hasher.check(typed(""), None).await.unwrap(), Compared::Wrong);
    }

    #[test]
    fn p9_a_password_is_hashed_to_its_last_byte() {
        let hasher = under(1);
        let long = "x".repeat(255);
        let saved = hasher.hash_blocking(&format!("{long}a")).unwrap();
        let pepper = hasher.peppers.newest().bytes();
        let of = |text: &str| *hash(pepper, text, &saved, &mut Memory::new()).unwrap();
        assert_eq!(of(&format!("{long}a")), saved.hash);
        assert_ne!(of(&format!("{long}b")), saved.hash);
    }

    #[test]
    fn p9_a_hash_costs_what_owasp_advises_at_the_least() {
        let Cost { memory_kib, passes, lanes } = Cost::FULL;
        assert!(memory_kib >= 19_456 && passes >= 2 && lanes >= 1);
    }
}
