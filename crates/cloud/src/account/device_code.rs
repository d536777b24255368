//! Logins of a machine without a browser (RFC 8628): it shows a short code, a person types that into a browser
//! elsewhere and logs in there, and the machine, which asks every few seconds, gets its tokens.
//!
//! They are kept in memory alone, so many at once from one source and in all, and for ten minutes.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::rand;

use super::grant::Grant;
use super::token::Token;
use super::{AccountError, Accounts, Scopes};
use crate::node_key::KEY_LENGTH;
use crate::product::ProductId;

/// How long a machine waits for its person.
pub const DEVICE_CODE_WAITS: Duration = Duration::from_secs(600);
/// How long it leaves between two questions, to begin with.
pub const POLL_EVERY: Duration = Duration::from_secs(2);
/// How much longer it is to leave each time it asked too early (RFC 8628 3.5).
const SLOWER: Duration = Duration::from_secs(5);
/// The most at once.
const MOST: usize = 4_096;
/// The most at once from one source.
const MOST_OF_ONE: usize = 16;

/// Letters that are no vowels and look like no others (RFC 8628 6.1).
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters of a code: 20^8 is 34 bits, and a guess costs a login attempt.
const LENGTH: usize = 8;

/// The short code that a person types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct UserCode([u8; LENGTH]);

impl UserCode {
    fn generate() -> Result<Self, AccountError> {
        let mut code = [0; LENGTH];
        for letter in &mut code {
            *letter = loop {
                let mut byte = [0];
                rand::fill(&mut byte).map_err(|_| AccountError::Crypto)?;
                // Below 240 every letter is as likely as the others.
                let [drawn] = byte;
                if let Some(letter) = LETTERS.get(usize::from(drawn % 20)).filter(|_| drawn < 240) {
                    break *letter;
                }
            };
        }
        Ok(Self(code))
    }

    /// Reads what a person typed: case, blanks and dashes make no difference.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() > 32 {
            return None;
        }
        let plain = text.bytes().filter(|byte| !b" -".contains(byte));
        let letters: Vec<u8> = plain.map(|byte| byte.to_ascii_uppercase()).collect();
        let code = <[u8; LENGTH]>::try_from(letters).ok()?;
        code.iter().all(|letter| LETTERS.contains(letter)).then_some(Self(code))
    }
}

impl fmt::Display for UserCode {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, letter) in self.0.iter().enumerate() {
            let dash = if index == LENGTH / 2 { "-" } else { "" };
            write!(out, "{dash}{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// What a machine asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The client on it.
    pub client: String,
    /// What the client is called, for people.
    pub client_name: String,
    /// The product it is for: a customer answers then, and not a person.
    pub product: Option<ProductId>,
    /// What it asks for.
    pub scopes: Scopes,
}

enum Answer {
    Awaited,
    Allowed(Box<Grant>),
    Denied,
}

struct Entry<S> {
    request: Request,
    user_code: UserCode,
    source: S,
    until: Duration,
    asked_at: Option<Duration>,
    every: Duration,
    answer: Answer,
}

/// Logins of machines that are under way.
pub struct DeviceCodes<S>(Mutex<HashMap<[u8; KEY_LENGTH], Entry<S>>>);

impl<S> Default for DeviceCodes<S> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// Why there are no tokens, yet or at all; the words are those of RFC 8628 3.5.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Pending {
    /// The person has not answered.
    #[error("authorization_pending")]
    Awaited,
    /// It asks too often; it is to leave five seconds more.
    #[error("slow_down")]
    SlowDown,
    /// The person said no.
    #[error("access_denied")]
    Denied,
    /// Unknown, or ten minutes are over.
    #[error("expired_token")]
    Expired,
}

/// Too many logins are under way, in all or from one source.
#[derive(Clone, Debug, thiserror::Error)]
pub enum BeginError {
    /// So many are enough.
    #[error("too many logins are under way: try again in some minutes")]
    Busy,
    /// There are no random bytes.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl<S: Eq + Hash> DeviceCodes<S> {
    /// Begins a login; `now` is the time since any fixed start.
    ///
    /// # Errors
    /// [`BeginError`]
    pub fn begin(
        &self,
        accounts: &Accounts,
        request: Request,
        source: S,
        now: Duration,
    ) -> Result<(Token, UserCode), BeginError> {
        let (token, user_code) = (Token::generate()?, UserCode::generate()?);
        let mut table = self.lock();
        table.retain(|_, entry| entry.until > now);
        let of_source = table.values().filter(|entry| entry.source == source).count();
        let taken = table.values().any(|entry| entry.user_code == user_code);
        if table.len() >= MOST || of_source >= MOST_OF_ONE || taken {
            return Err(BeginError::Busy);
        }
        let entry = Entry {
            request,
            user_code,
            source,
            until: now + DEVICE_CODE_WAITS,
            asked_at: None,
            every: POLL_EVERY,
            answer: Answer::Awaited,
        };
        table.insert(accounts.token_hash(&token), entry);
        Ok((token, user_code))
    }

    /// What a person who typed this code is asked to allow.
    pub fn request(&self, code: UserCode, now: Duration) -> Option<Request> {
        let table = self.lock();
        let entry = table.values().find(|entry| entry.awaits(code, now))?;
        Some(entry.request.clone())
    }

    /// Writes the person's answer down: a grant, or no. False if nothing waits under this code any more.
    pub fn answer(&self, code: UserCode, grant: Option<Grant>, now: Duration) -> bool {
        let mut table = self.lock();
        let Some(entry) = table.values_mut().find(|entry| entry.awaits(code, now)) else {
            return false;
        };
        entry.answer = grant.map_or(Answer::Denied, |grant| Answer::Allowed(Box::new(grant)));
        true
    }

    /// The machine asks: the grant, once, as soon as it was given.
    ///
    /// # Errors
    /// [`Pending`]
    pub fn poll(
        &self,
        accounts: &Accounts,
        presented: &str,
        client: &str,
        now: Duration,
    ) -> Result<Grant, Pending> {
        let hash = Token::parse(presented).map(|token| accounts.token_hash(&token));
        let hash = hash.ok_or(Pending::Expired)?;
        let mut table = self.lock();
        let entry = table.get_mut(&hash).filter(|entry| entry.until > now);
        let entry = entry.filter(|entry| entry.request.client == client);
        let entry = entry.ok_or(Pending::Expired)?;
        if entry.asked_at.is_some_and(|last| now < last + entry.every) {
            entry.every += SLOWER;
            entry.asked_at = Some(now);
            return Err(Pending::SlowDown);
        }
        entry.asked_at = Some(now);
        if matches!(entry.answer, Answer::Awaited) {
            return Err(Pending::Awaited);
        }
        match table.remove(&hash).map(|entry| entry.answer) {
            Some(Answer::Allowed(grant)) => Ok(*grant),
            _ => Err(Pending::Denied),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; KEY_LENGTH], Entry<S>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<S> Entry<S> {
    fn awaits(&self, code: UserCode, now: Duration) -> bool {
        self.user_code == code && self.until > now && matches!(self.answer, Answer::Awaited)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_code_is_read_however_a_person_types_it(text in ".{0,40}") {
            let code = UserCode::generate().unwrap();
            let shown = code.to_string();
            prop_assert_eq!(UserCode::parse(&shown), Some(code));
            prop_assert_eq!(UserCode::parse(&shown.to_lowercase().replace('-', " ")), Some(code));
            if let Some(read) = UserCode::parse(&text) {
                prop_assert_eq!(UserCode::parse(&read.to_string()), Some(read));
            }
        }
    }
}
