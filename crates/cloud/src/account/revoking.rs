//! The end of tokens before their time: one, all of an account, a family.

use super::caller::{Caller, mark};
use super::token::Token;
use super::{AccountError, AccountId, Accounts};
use crate::audit::{Act, Who};
use crate::node_key::KEY_LENGTH;

impl Accounts {
    /// Revokes the token a caller came with.
    pub async fn revoke_current(&self, caller: &Caller, now_ms: i64) -> Result<bool, AccountError> {
        self.revoke_hash(&caller.hash, caller.who(), now_ms).await
    }

    /// Revokes a token by holding it; false if there is no such token.
    pub async fn revoke(&self, presented: &str, now_ms: i64) -> Result<bool, AccountError> {
        let Some(token) = Token::parse(presented) else { return Ok(false) };
        self.revoke_hash(&self.token_hash(&token), Who::Stranger, now_ms).await
    }

    /// Revokes every token of an account, and with them what could refresh them.
    pub async fn revoke_all(
        &self,
        account: AccountId,
        who: Who,
        now_ms: i64,
    ) -> Result<usize, AccountError> {
        let act = Act::new("token.all-revoked", who, now_ms).on("account", account.handle());
        let revoked = self.store.tokens().revoke_all(account, act).await?;
        self.leases.end_account(account);
        Ok(revoked)
    }

    async fn revoke_hash(
        &self,
        hash: &[u8; KEY_LENGTH],
        who: Who,
        now_ms: i64,
    ) -> Result<bool, AccountError> {
        let act = Act::new("token.revoked", who, now_ms).from_token(mark(hash));
        let ended = self.store.tokens().revoke(hash, act).await?;
        self.end_leases(&ended);
        Ok(!ended.is_empty())
    }

    /// Ends what is held open with these tokens.
    pub(super) fn end_leases(&self, ended: &[[u8; KEY_LENGTH]]) {
        for hash in ended {
            self.leases.end_token(hash);
        }
    }
}
