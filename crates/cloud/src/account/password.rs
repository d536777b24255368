//! Argon2id (RFC 9106) with a salt per account and a pepper made of the node key.
//!
//! Cost: 19 MiB, two passes, one lane (OWASP's floor), stored beside each hash so that it can rise. At most as
//! many hashes run at once as there are permits; the others wait, so that a flood of logins costs bounded memory.

use std::sync::Arc;

use argon2::{Algorithm, Argon2, Params, Version};
use aws_lc_rs::rand;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

use super::AccountError;
use crate::node_key::KEY_LENGTH;
use crate::store::account::SavedPassword;

const MEMORY_KIB: u32 = 19_456;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// Hashes that run at once: at 19 MiB each, 76 MiB.
const AT_ONCE: usize = 4;

/// Hashes passwords. Cheap to clone.
#[derive(Clone)]
pub(super) struct Hasher {
    pepper: Arc<Zeroizing<[u8; KEY_LENGTH]>>,
    permits: Arc<Semaphore>,
}

impl Hasher {
    pub(super) fn new(pepper: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        Self { pepper: Arc::new(pepper), permits: Arc::new(Semaphore::new(AT_ONCE)) }
    }

    /// Hashes a new password on this thread.
    pub(super) fn hash_blocking(&self, password: &str) -> Result<SavedPassword, AccountError> {
        let mut saved = SavedPassword {
            salt: [0; 16],
            hash: [0; 32],
            memory_kib: MEMORY_KIB,
            passes: PASSES,
            lanes: LANES,
        };
        rand::fill(&mut saved.salt).map_err(|_| AccountError::Crypto)?;
        saved.hash = *hash(self.pepper.as_slice(), password, &saved)?;
        Ok(saved)
    }

    /// Whether the password is the saved one. Without a saved one it works as long and says no.
    pub(super) async fn check(
        &self,
        password: Zeroizing<String>,
        saved: Option<SavedPassword>,
    ) -> Result<bool, AccountError> {
        let permit =
            Arc::clone(&self.permits).acquire_owned().await.map_err(|_| AccountError::Crypto)?;
        let pepper = Arc::clone(&self.pepper);
        let work = tokio::task::spawn_blocking(move || {
            let _permit = permit;
            let nobody = SavedPassword {
                salt: [0; 16],
                hash: [0; 32],
                memory_kib: MEMORY_KIB,
                passes: PASSES,
                lanes: LANES,
            };
            let exists = saved.is_some();
            let saved = saved.unwrap_or(nobody);
            let found = hash(pepper.as_slice(), &password, &saved)?;
            let same = bool::from(found.as_slice().ct_eq(saved.hash.as_slice()));
            Ok(exists && same)
        });
        work.await.map_err(|_| AccountError::Crypto)?
    }
}

fn hash(
    pepper: &[u8],
    password: &str,
    saved: &SavedPassword,
) -> Result<Zeroizing<[u8; 32]>, AccountError> {
    let params = Params::new(saved.memory_kib, saved.passes, saved.lanes, Some(32));
    let params = params.map_err(|_| AccountError::Crypto)?;
    let argon2 = Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params)
        .map_err(|_| AccountError::Crypto)?;
    let mut out = Zeroizing::new([0; 32]);
    argon2
        .hash_password_into(password.as_bytes(), &saved.salt, out.as_mut_slice())
        .map_err(|_| AccountError::Crypto)?;
    Ok(out)
}
