//! A life without a folder, for simulations: begun from what is in memory, and its session shown to whoever
//! watches the wire. Not in a release: a session holds keys.

use super::{Life, Phase, Profile};
use crate::error::Error;
use crate::saved::Saved;
use pintle_dtls::ExportedSession;
use pintle_dtls::client::ClientConfig;
use pintle_dtls::crypto::AwsLc;
use std::sync::Arc;
use std::time::Duration;

/// A session between two runs of a device.
pub struct Kept(Saved);

impl Life {
    /// A device that begins now, with the session of its last run where there is one. `seed` spreads its
    /// repetitions in time.
    ///
    /// # Errors
    /// [`Error::Describe`] for a profile out of bounds.
    pub fn simulated(
        config: Arc<ClientConfig<AwsLc>>,
        profile: Profile,
        kept: Option<Kept>,
        now: Duration,
        seed: u64,
    ) -> Result<Self, Error> {
        Self::start(config, profile, kept.map(|Kept(saved)| saved), now, seed)
    }

    /// What the next run goes on from, once the device left in peace.
    #[must_use]
    pub fn keep(mut self) -> Option<Kept> {
        self.take_saved().map(Kept)
    }

    /// Names the session of now: it counts up, and 0 is none yet.
    #[must_use]
    pub const fn session_number(&self) -> u32 {
        self.generation
    }

    /// The session of now, keys and all.
    #[must_use]
    pub fn session(&self) -> Option<ExportedSession> {
        match &self.phase {
            Phase::Linked(link) => Some(link.export()),
            _ => None,
        }
    }
}
