//! Authorization codes (RFC 6749 4.1): a browser carries one from the login page to the client, which takes it in within
//! a minute, once, with the secret of its challenge.
//!
//! They are kept in memory alone: a restart forgets them, and whoever was logging in does it again. One that is taken in
//! twice ends what it was taken in for (RFC 6749 4.1.2). Only a login makes one, and the table is bounded.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::grant::{FamilyId, Grant, IssuedToken};
use super::pkce::Challenge;
use super::token::Token;
use super::{AccountError, Accounts};
use crate::audit::{Act, Who};
use crate::node_key::KEY_LENGTH;
use crate::weakened::{self, Weakness};

/// How long a code waits.
const WAITS: Duration = Duration::from_secs(60);
/// How long one that was taken in is remembered, so that a second time is noticed.
const REMEMBERED: Duration = Duration::from_secs(600);
/// The most codes at once.
const MOST: usize = 4_096;

/// Codes under way. Clones share them.
#[derive(Clone, Default)]
pub struct Codes(Arc<Mutex<HashMap<[u8; KEY_LENGTH], Entry>>>);

struct Entry {
    state: State,
    until: Duration,
}

enum State {
    Waiting(Box<Waiting>),
    /// Taken in; the family is known as soon as its tokens are made.
    Used(Option<FamilyId>),
}

/// What a code stands for.
struct Waiting {
    grant: Grant,
    redirect_uri: String,
    challenge: Challenge,
}

/// A code as a client takes it in.
pub struct TakenIn<'a> {
    /// The code as it was sent.
    pub presented: &'a str,
    /// The client that sent it, which proved itself if it has to.
    pub client: &'a str,
    /// The redirect address it asked with.
    pub redirect_uri: &'a str,
    /// The secret of its challenge.
    pub verifier: &'a str,
}

/// Why a code was not made or not taken in.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CodeError {
    /// Unknown, expired, of another client, with the wrong secret, or used before.
    #[error("the code is not good: it was used, it ended, or it is not this client's")]
    NotGood,
    /// The table is full.
    #[error("too many logins are under way: try again in a minute")]
    Busy,
    /// The store failed, or cryptography.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl Codes {
    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; KEY_LENGTH], Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the code stands for, which from now on is used. A wrong secret uses it up, too.
    fn take(&self, hash: &[u8; KEY_LENGTH], now: Duration) -> Option<State> {
        let mut table = self.lock();
        let entry = table.get_mut(hash).filter(|entry| entry.until > now)?;
        entry.until = now + REMEMBERED;
        let family = match &entry.state {
            State::Used(family) => *family,
            State::Waiting(_) => None,
        };
        Some(std::mem::replace(&mut entry.state, State::Used(family)))
    }

    fn used_for(&self, hash: &[u8; KEY_LENGTH], family: FamilyId) {
        if let Some(entry) = self.lock().get_mut(hash) {
            entry.state = State::Used(Some(family));
        }
    }
}

impl Accounts {
    /// Makes a code for a grant. `now` is the time since any fixed start.
    ///
    /// # Errors
    /// [`CodeError`]
    pub fn give_code(
        &self,
        grant: Grant,
        redirect_uri: &str,
        challenge: Challenge,
        now: Duration,
    ) -> Result<Token, CodeError> {
        let code = Token::generate()?;
        let mut table = self.codes.lock();
        table.retain(|_, entry| entry.until > now);
        if table.len() >= MOST {
            return Err(CodeError::Busy);
        }
        let waiting = Waiting { grant, redirect_uri: redirect_uri.to_owned(), challenge };
        let state = State::Waiting(Box::new(waiting));
        table.insert(self.token_hash(&code), Entry { state, until: now + WAITS });
        Ok(code)
    }

    /// Takes a code in, for the tokens that it stands for.
    ///
    /// # Errors
    /// [`CodeError`]
    pub async fn take_code(
        &self,
        taken: &TakenIn<'_>,
        now: Duration,
        now_ms: i64,
    ) -> Result<IssuedToken, CodeError> {
        let code = Token::parse(taken.presented).ok_or(CodeError::NotGood)?;
        let hash = self.token_hash(&code);
        match self.codes.take(&hash, now) {
            Some(State::Waiting(waiting)) => {
                let right = waiting.grant.client == taken.client
                    && waiting.redirect_uri == taken.redirect_uri
                    && waiting.challenge.is_of(taken.verifier);
                if !right {
                    return Err(CodeError::NotGood);
                }
                let issued = self.issue(&waiting.grant, now_ms).await?;
                if let Some(family) = issued.family {
                    self.codes.used_for(&hash, family);
                }
                Ok(issued)
            }
            Some(State::Used(Some(family))) => {
                let act = Act::new("token.code-reused", Who::Stranger, now_ms)
                    .on("client", taken.client)
                    .refused("a code came a second time: everything that came of its login ended");
                if !weakened::is(Weakness::LoginCodesReused) {
                    self.end_family(&family, act).await?;
                }
                Err(CodeError::NotGood)
            }
            Some(State::Used(None)) | None => Err(CodeError::NotGood),
        }
    }
}

impl Grant {
    /// The same for a login through a browser or on another machine: short, and to be refreshed.
    #[must_use]
    pub fn refreshed_often(self) -> Self {
        Self { lifetime: super::SHORT, refreshable: true, ..self }
    }
}
