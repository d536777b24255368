//! How long a cloud may be silent: the keep-alive ping, how long its answer is waited for, and how often a
//! session is resumed in vain.

use std::time::Duration;

/// How long after a ping the session is resumed from a new port.
const PING_TIMEOUT: Duration = Duration::from_secs(30);
/// The same in a session that was just resumed: a cloud that lost it never answers, and the sooner that shows
/// the sooner there is a new one.
const RESUME_TIMEOUT: Duration = Duration::from_secs(10);
/// How often in a row a session is resumed without hearing anything.
const MAX_RESUMES: u8 = 3;

/// What is to be done about a silence.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Due {
    /// A ping.
    Ping,
    /// The same session from a new port.
    Resume,
    /// Another session.
    GiveUp,
}

/// Since when nothing was heard, and what was tried.
pub(super) struct Silence {
    last_heard: Duration,
    pinged: Option<Duration>,
    /// Resumes since something was last heard.
    resumes: u8,
}

impl Silence {
    pub(super) const fn new(now: Duration) -> Self {
        Self { last_heard: now, pinged: None, resumes: 0 }
    }

    /// Something authentic came.
    pub(super) const fn heard(&mut self, now: Duration) {
        *self = Self::new(now);
    }

    /// A ping goes out.
    pub(super) const fn pinged(&mut self, now: Duration) {
        self.pinged = Some(now);
    }

    /// The session goes on from a new port.
    pub(super) const fn resumed(&mut self) {
        self.resumes += 1;
    }

    /// There was no socket to resume with: that says nothing about the cloud.
    pub(super) const fn excuse(&mut self) {
        self.resumes = self.resumes.saturating_sub(1);
    }

    /// When something is due.
    pub(super) fn deadline(&self, keepalive: Duration) -> Duration {
        let patience = if self.resumes > 0 { RESUME_TIMEOUT } else { PING_TIMEOUT };
        self.pinged.map_or(self.last_heard + keepalive, |pinged| pinged + patience)
    }

    /// What is due now.
    pub(super) fn due(&self, now: Duration, keepalive: Duration) -> Option<Due> {
        let due = match self.pinged {
            None => Due::Ping,
            Some(_) if self.resumes < MAX_RESUMES => Due::Resume,
            Some(_) => Due::GiveUp,
        };
        (self.deadline(keepalive) <= now).then_some(due)
    }
}
