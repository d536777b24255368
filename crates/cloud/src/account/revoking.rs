//! The end of tokens before their time: one, all of an account, a family.

use super::caller::{Caller, mark, shown_mark};
use super::token::Token;
use super::{AccountError, AccountId, Accounts};
use crate::audit::{Act, Who};
use crate::node_key::KEY_LENGTH;
use crate::weakened::{self, Weakness};

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

    /// Revokes a token that a client was given, whether it calls or refreshes, and what came of the same login. What is
    /// not this client's stays.
    pub async fn revoke_for(
        &self,
        presented: &str,
        client: &str,
        now_ms: i64,
    ) -> Result<(), AccountError> {
        let Some(token) = Token::parse(presented) else { return Ok(()) };
        let hash = self.token_hash(&token);
        let who = || Who::Client(client.to_owned());
        if let Some(row) = self.store.tokens().find(&hash, now_ms).await? {
            if row.client == client {
                self.revoke_hash(&hash, who(), now_ms).await?;
            }
        } else if let Some((row, family)) = self.store.refreshes().find(&hash, now_ms).await?
            && family.client == client
        {
            let act = Act::new("token.revoked", who(), now_ms).from_token(mark(&hash));
            self.end_family(&row.family, act).await?;
        }
        Ok(())
    }

    /// Revokes the one of an account's tokens that the audit log knows by this mark, in 16 hex digits; false if there is
    /// none.
    pub async fn revoke_marked(
        &self,
        caller: &Caller,
        mark: &str,
        now_ms: i64,
    ) -> Result<bool, AccountError> {
        let tokens = self.store.tokens().list(caller.account, now_ms).await?;
        match tokens.iter().find(|row| shown_mark(&row.hash) == mark) {
            Some(row) => self.revoke_hash(&row.hash, caller.who(), now_ms).await,
            None => Ok(false),
        }
    }

    async fn revoke_hash(
        &self,
        hash: &[u8; KEY_LENGTH],
        who: Who,
        now_ms: i64,
    ) -> Result<bool, AccountError> {
        let act = Act::new("token.revoked", who, now_ms).from_token(mark(hash));
        if weakened::is(Weakness::LogoutsIgnored) {
            return Ok(true);
        }
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
