//! A login goes on by itself: a token that is about to end is exchanged for another with the login's refresh token.
//!
//! A refresh token is good once, so of several commands at the same time one refreshes, under a lock, and the others use
//! what it got.

use super::login::folder;
use super::{Login, Server};
use crate::failure::Failure;
use nix::fcntl::{Flock, FlockArg};
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{SystemTime, UNIX_EPOCH};

/// A token that ends within so many seconds is exchanged beforehand.
const BEFOREHAND: i64 = 60;

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

impl Login {
    /// The login that is kept, with a token that is good for a while.
    pub fn current() -> Result<Self, Failure> {
        let login = Self::load()?;
        if !login.ends_soon() {
            return Ok(login);
        }
        let path = folder()?.join("login.lock");
        let failed = |why: String| Failure::failed(format!("{}: {why}", path.display()));
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        let file = options.open(&path).map_err(|error| failed(error.to_string()))?;
        let _lock = Flock::lock(file, FlockArg::LockExclusive)
            .map_err(|(_, why)| failed(why.to_string()))?;
        // Somebody else may have been quicker.
        let login = Self::load()?;
        if login.ends_soon() { login.refreshed() } else { Ok(login) }
    }

    fn ends_soon(&self) -> bool {
        self.refresh.is_some() && self.good_until.is_some_and(|end| end - now() < BEFOREHAND)
    }

    fn refreshed(mut self) -> Result<Self, Failure> {
        let Some(refresh) = &self.refresh else { return Ok(self) };
        let server = Server::at(&self.server, self.ca.as_deref())?;
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", self.client.as_str()),
            ("refresh_token", refresh.as_str()),
        ];
        let over = |_| Failure::usage("the login is over: `pintle login`");
        let answer = match server.post_form("/oauth/token", &fields) {
            Err(Failure::Usage(why)) => return Err(over(why)),
            answer => answer?,
        };
        self.take(&answer)?;
        self.save()?;
        Ok(self)
    }
}
