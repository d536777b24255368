//! The step between a right password and a second factor: what would have been granted goes to the client, sealed, and
//! comes back with a code. The node keeps nothing meanwhile.

use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::second_factor::ProofError;
use super::{AccountError, AccountId, Accounts, Grant, Holder, Lifetime, sealed_token};
use crate::product::ProductId;

/// How long a code may take to be typed, in milliseconds.
const WITHIN_MS: i64 = 5 * 60_000;

/// What the token is bound to.
const PURPOSE: &[u8] = b"login";

/// A grant on its way.
#[derive(Serialize, Deserialize, Zeroize, ZeroizeOnDrop)]
struct Carried {
    account: [u8; 16],
    name: String,
    client: String,
    holder: String,
    scopes: String,
    product: Option<u16>,
    seconds: u64,
    refreshable: bool,
}

impl Accounts {
    /// A token that stands for this grant until a second factor is proven for it.
    ///
    /// # Errors
    /// [`AccountError::Crypto`]
    pub fn challenge(&self, grant: &Grant, now_ms: i64) -> Result<Zeroizing<String>, AccountError> {
        let carried = Carried {
            account: *grant.account.as_bytes(),
            name: grant.name.to_string(),
            client: grant.client.clone(),
            holder: grant.holder.name().to_owned(),
            scopes: grant.scopes.to_string(),
            product: grant.product.map(|product| product.0),
            seconds: grant.lifetime.seconds(),
            refreshable: grant.refreshable,
        };
        let content = serde_json::to_vec(&carried).map_err(|_| AccountError::Crypto)?;
        sealed_token::seal(&self.login_steps, PURPOSE, &Zeroizing::new(content), now_ms)
    }

    /// The grant that such a token stands for, once its account's second factor is proven by what somebody typed.
    /// `client` is who asks; a token is good for the client alone that it was given to.
    ///
    /// # Errors
    /// [`ProofError`]
    pub async fn answer_challenge(
        &self,
        token: &str,
        client: &str,
        typed: &str,
        now_ms: i64,
    ) -> Result<Grant, ProofError> {
        let content = sealed_token::open(&self.login_steps, PURPOSE, token, now_ms, WITHIN_MS)
            .ok_or(ProofError::Expired)?;
        let grant = opened(&content).ok_or(ProofError::Expired)?;
        if grant.client != Grant::new(grant.account, "", client).client {
            return Err(ProofError::Expired);
        }
        self.prove(grant.account, typed, now_ms).await?;
        Ok(Grant { second_factor_at_ms: Some(now_ms), ..grant })
    }
}

fn opened(content: &[u8]) -> Option<Grant> {
    let carried: Carried = serde_json::from_slice(content).ok()?;
    let account = AccountId::from_bytes(carried.account);
    Some(Grant {
        holder: Holder::from_name(&carried.holder)?,
        scopes: carried.scopes.parse().ok()?,
        product: carried.product.map(ProductId),
        lifetime: Lifetime::asked(Some(carried.seconds)),
        refreshable: carried.refreshable,
        ..Grant::new(account, &carried.name, &carried.client)
    })
}
