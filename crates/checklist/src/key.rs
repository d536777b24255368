//! Pinned keys, and randomness across the fleet: what a cloud's audit service looks at, done on pinned keys.

mod batch;
mod legacy;
mod life;
mod own;
mod random;
mod refused;
mod shared;

pub use batch::Batch;

use crate::check::Check;
use crate::look::Look;
use crate::survey::{Entry, OwnKey, Pin, Place, Repeat, RsaLook, Survey};
use serde::{Deserialize, Serialize};

/// `[keys]` of a profile: what devices' keys are to be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Policy {
    /// The most days that a key may have been pinned; ten years where it does not say.
    pub oldest_days: Option<u32>,
    /// Batches whose keys are no longer to be admitted; an empty list says that there is none.
    pub revoked: Option<Vec<Batch>>,
}

/// What was seen.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Keys {
    /// Every pinned key, by device.
    pub pins: Vec<Pin>,
    /// What was looked for in all RSA keys.
    pub rsa: RsaLook,
    /// The cloud's own keys.
    pub own: Vec<OwnKey>,
    /// What happened to pins.
    pub history: Vec<Entry>,
    /// What a running node saw come again.
    pub repeats: Look<Repeats>,
}

/// What a running node saw come again that should come once.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Repeats {
    /// How many of the last handshakes a new one is held against.
    pub remembers: u32,
    /// Random numbers of hellos.
    pub randoms: Vec<Repeat>,
    /// Ephemeral points.
    pub points: Vec<Repeat>,
    /// First halves of signatures.
    pub signatures: Vec<Repeat>,
    /// Devices that came from two places in turn.
    pub places: Vec<Place>,
}

/// Looks at a survey.
#[must_use]
pub fn look(survey: Result<&Survey, String>) -> Look<Keys> {
    let survey = match survey {
        Ok(survey) => survey,
        Err(why) => return Look::unseen(why),
    };
    let seen = Keys {
        pins: survey.pins.clone(),
        rsa: survey.rsa.clone(),
        own: survey.own_keys.clone(),
        history: survey.history.clone(),
        repeats: repeats(survey),
    };
    Look::seen(["read the node's survey: pinned keys, each parsed anew, and their history"], seen)
}

fn repeats(survey: &Survey) -> Look<Repeats> {
    let Some(running) = &survey.running else {
        return Look::unseen(
            "no node runs on this folder: what repeats across the fleet is watched while one does",
        );
    };
    let watch = &running.watch;
    if watch.handshakes == 0 {
        return Look::unseen(
            "no device shook hands over UDP since the node started: look again when some have",
        );
    }
    let seen = Repeats {
        remembers: watch.remembers,
        randoms: watch.randoms.clone(),
        points: watch.points.clone(),
        signatures: watch.signatures.clone(),
        places: watch.places.clone(),
    };
    Look::seen(["asked the running node what came again since it started"], seen)
}

/// What it claims.
pub const CHECKS: &[&Check] = &[
    &shared::ONE_DEVICE,
    &shared::SOUND,
    &shared::STRONG,
    &shared::APART,
    &shared::DEBIAN,
    &legacy::LEGACY,
    &legacy::ENROLLED,
    &life::AGE,
    &batch::REVOKED,
    &life::STAY_OUT,
    &refused::ADMITTED,
    &refused::RIGHT_ID,
    &refused::HANDSHAKES,
    &refused::STRANGERS,
    &random::ONE_PLACE,
    &random::RANDOMS,
    &random::POINTS,
    &random::SIGNATURES,
    &own::SOUND,
];

/// A day, in milliseconds.
const DAY_MS: u64 = 24 * 3_600 * 1_000;

/// How long something that happened is news.
const NEWS_DAYS: u64 = 30;

/// Whether a moment is among the last thirty days.
fn is_news(now_ms: u64, at_ms: i64) -> bool {
    now_ms.saturating_sub(u64::try_from(at_ms).unwrap_or(0)) <= NEWS_DAYS * DAY_MS
}
