//! The second factor of an account: how it is enrolled, proven, renewed and taken away.
//!
//! 1. [`Accounts::offer_second_factor`] makes a seed and hands it out with a token in which it lies sealed; nothing is
//!    stored.
//! 2. [`Accounts::enrol`] takes that token with a first code from the seed, stores the seed sealed and makes recovery
//!    codes.
//! 3. [`Accounts::prove`] takes a code, each once, or a recovery code, each once.
//!
//! Who guesses is slowed, see [`tries`]; a recovery code is always looked at, so that no guesser locks an owner out.

use zeroize::Zeroizing;

use super::recovery::{self, RecoveryCodes};
use super::totp::{self, SEED_LENGTH, Seed, Step};
use super::{AccountError, AccountId, Accounts, NameHash, base32, sealed_token};
use crate::audit::{Act, Who};
use crate::guard::Behind;
use crate::node_key::random;
use crate::store::second_factor::SecondFactorRow;
use crate::weakened::{self, Weakness};

mod tries;

pub(super) use tries::Tries;

/// How long an offered seed waits for its first code, in milliseconds.
const OFFERED_FOR_MS: i64 = 15 * 60_000;

/// A seed that waits for its first code.
pub struct Offer {
    /// To be sent back with the first code.
    pub token: Zeroizing<String>,
    /// The seed in Base32, for who types it into an authenticator program.
    pub secret: Zeroizing<String>,
    /// The same as an `otpauth:` URI, for who scans it.
    pub uri: Zeroizing<String>,
}

/// Why a second factor was not taken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProofError {
    /// It is none of this account's codes, or not of this time.
    #[error("the code is wrong, or too old: type the one that is shown now")]
    Wrong,
    /// The code was used, or a later one was.
    #[error("the code was used already: wait for the next one")]
    Used,
    /// Too many wrong ones in a row.
    #[error("too many wrong codes: try again in {seconds} seconds, or use a recovery code")]
    TooMany {
        /// When to try again.
        seconds: u64,
    },
    /// The token that was to come with it is not this node's, not this account's, or too old.
    #[error("this took too long, or the token is not of this server: begin again")]
    Expired,
    /// The account has none.
    #[error("the account has no second factor")]
    NotEnrolled,
    /// The account has one.
    #[error("the account has a second factor already: remove that one first")]
    Enrolled,
    /// The store or the cryptography failed.
    #[error(transparent)]
    Account(#[from] AccountError),
}

impl From<crate::store::StoreError> for ProofError {
    fn from(error: crate::store::StoreError) -> Self {
        Self::Account(error.into())
    }
}

impl Accounts {
    /// What stands behind a name, for the guard. It costs the store the same whatever the answer.
    ///
    /// # Errors
    /// [`AccountError::Store`]
    pub async fn behind(&self, name: &NameHash) -> Result<Behind, AccountError> {
        let account = self.store.accounts().find(&name.0).await?.map(|row| row.id);
        let looked_up = account.unwrap_or_else(|| AccountId::from_bytes([0; 16]));
        let has_second_factor = self.has_second_factor(looked_up).await?;
        Ok(match account {
            None => Behind::Nobody,
            Some(_) if has_second_factor => Behind::SecondFactor,
            Some(_) => Behind::Password,
        })
    }

    /// Whether the account has a second factor.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn has_second_factor(&self, account: AccountId) -> Result<bool, AccountError> {
        Ok(self.store.second_factors().find(account).await?.is_some())
    }

    /// A new seed for an account; `name` is what an authenticator program shows beside its codes.
    ///
    /// # Errors
    /// [`AccountError::Crypto`]
    pub fn offer_second_factor(
        &self,
        account: AccountId,
        name: &str,
        now_ms: i64,
    ) -> Result<Offer, AccountError> {
        let mut seed = Seed::new([0; SEED_LENGTH]);
        random(seed.as_mut_slice())?;
        let secret = base32::encode(seed.as_slice());
        let label: String = form_urlencoded::byte_serialize(name.trim().as_bytes()).collect();
        let label = Zeroizing::new(label.replace('+', "%20"));
        let uri = format!(
            "otpauth://totp/Pintle:{}?secret={}&issuer=Pintle&algorithm=SHA1&digits=6&period=30",
            label.as_str(),
            secret.as_str()
        );
        let token =
            sealed_token::seal(&self.login_steps, &offered(account), seed.as_slice(), now_ms)?;
        Ok(Offer { token, secret, uri: Zeroizing::new(uri) })
    }

    /// Gives an account the seed that it was offered, with a first code from it; the recovery codes are shown once.
    ///
    /// # Errors
    /// [`ProofError`]
    pub async fn enrol(
        &self,
        account: AccountId,
        token: &str,
        typed: &str,
        now_ms: i64,
    ) -> Result<RecoveryCodes, ProofError> {
        let opened =
            sealed_token::open(&self.login_steps, &offered(account), token, now_ms, OFFERED_FOR_MS)
                .ok_or(ProofError::Expired)?;
        let seed =
            <[u8; SEED_LENGTH]>::try_from(opened.as_slice()).map_err(|_| ProofError::Expired)?;
        let seed = Seed::new(seed);
        self.tries.charge(account, now_ms)?;
        let step = totp::step_of(&seed, &digits(typed), now_ms).ok_or(ProofError::Wrong)?;
        self.tries.forgive(account);
        let (codes, hashes) = RecoveryCodes::make(account)?;
        let sealed_seed = self.seeds()?.seal(account.as_bytes(), seed.as_slice());
        let sealed_seed = sealed_seed.map_err(AccountError::from)?;
        let row = SecondFactorRow { sealed_seed, last_step: step.0 };
        let act = act("second-factor.enrolled", Who::Account(account), account, now_ms);
        match self.store.second_factors().enrol(account, &row, &hashes, act, now_ms).await? {
            true => Ok(codes),
            false => Err(ProofError::Enrolled),
        }
    }

    /// Takes what somebody typed as the second factor of this account: a code, or a recovery code. Each is good once.
    ///
    /// # Errors
    /// [`ProofError`]
    pub async fn prove(
        &self,
        account: AccountId,
        typed: &str,
        now_ms: i64,
    ) -> Result<(), ProofError> {
        let proven = match recovery::read(account, typed) {
            Some(hash) => self.use_recovery_code(account, &hash, now_ms).await,
            None => self.use_code(account, typed, now_ms).await,
        };
        let why = match &proven {
            Err(ProofError::Wrong) => "wrong code",
            Err(ProofError::Used) => "used code",
            _ => return proven,
        };
        let act = act("second-factor.refused", Who::Account(account), account, now_ms);
        self.store.note(act.refused(why));
        proven
    }

    async fn use_recovery_code(
        &self,
        account: AccountId,
        hash: &[u8; 32],
        now_ms: i64,
    ) -> Result<(), ProofError> {
        let act = act("recovery-code.used", Who::Account(account), account, now_ms);
        match self.store.second_factors().use_code(account, hash, act).await? {
            true => Ok(()),
            false => Err(ProofError::Wrong),
        }
    }

    async fn use_code(
        &self,
        account: AccountId,
        typed: &str,
        now_ms: i64,
    ) -> Result<(), ProofError> {
        self.tries.charge(account, now_ms)?;
        let row = self.store.second_factors().find(account).await?;
        let row = row.ok_or(ProofError::NotEnrolled)?;
        let seed = self.seeds()?.open(account.as_bytes(), &row.sealed_seed);
        let seed = seed.map_err(AccountError::from)?;
        let seed = <[u8; SEED_LENGTH]>::try_from(seed.as_slice());
        let seed = Seed::new(seed.map_err(|_| AccountError::Crypto)?);
        let Step(step) = totp::step_of(&seed, &digits(typed), now_ms).ok_or(ProofError::Wrong)?;
        // The store says who was first: two at once with one code do not both get in.
        let is_new = self.store.second_factors().advance(account, step).await?;
        if !is_new && !weakened::is(Weakness::FactorsReused) {
            return Err(ProofError::Used);
        }
        self.tries.forgive(account);
        Ok(())
    }

    /// How many recovery codes an account has left; `None` where it has no second factor.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn recovery_codes_left(
        &self,
        account: AccountId,
    ) -> Result<Option<usize>, AccountError> {
        if !self.has_second_factor(account).await? {
            return Ok(None);
        }
        Ok(Some(self.store.second_factors().codes_left(account).await?))
    }

    /// Other recovery codes for an account, in the place of all it has.
    ///
    /// # Errors
    /// [`ProofError`]
    pub async fn renew_recovery_codes(
        &self,
        account: AccountId,
        now_ms: i64,
    ) -> Result<RecoveryCodes, ProofError> {
        let (codes, hashes) = RecoveryCodes::make(account)?;
        let act = act("recovery-code.renewed", Who::Account(account), account, now_ms);
        match self.store.second_factors().replace_codes(account, &hashes, act).await? {
            true => Ok(codes),
            false => Err(ProofError::NotEnrolled),
        }
    }

    /// Takes the second factor away; false if there is none.
    ///
    /// # Errors
    /// [`AccountError`]
    pub async fn remove_second_factor(
        &self,
        account: AccountId,
        who: Who,
        now_ms: i64,
    ) -> Result<bool, AccountError> {
        let act = act("second-factor.removed", who, account, now_ms);
        Ok(self.store.second_factors().remove(account, act).await?)
    }
}

fn act(what: &'static str, who: Who, account: AccountId, now_ms: i64) -> Act {
    Act::new(what, who, now_ms).on("account", account.handle())
}

/// What an offered seed is bound to.
fn offered(account: AccountId) -> Vec<u8> {
    [b"second factor".as_slice(), account.as_bytes()].concat()
}

/// Authenticator programs show codes in groups.
fn digits(typed: &str) -> Zeroizing<String> {
    let most = 2 * totp::DIGITS;
    Zeroizing::new(typed.chars().filter(|c| !c.is_whitespace() && *c != '-').take(most).collect())
}
