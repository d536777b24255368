//! `[application]` and `[updates]`: whether the device runs what is in its slots, how that shows that it is well, and
//! whether updates are taken.

use serde::Deserialize;
use std::time::Duration;
use toml::Spanned;

/// How long a health command may take, in seconds.
const HEALTH_WITHIN: u64 = 60;
/// How long the cloud may take to greet new firmware, in seconds: longer than a cloud is restarted in.
const GREETED_WITHIN: u64 = 600;
/// Neither may be longer, in seconds.
pub(super) const LONGEST: u64 = 24 * 3600;

/// How new firmware shows that it is well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Application {
    /// A program and its arguments: well if it ends with 0, not yet with 75.
    pub health: Option<Vec<String>>,
    /// How long that may take.
    pub health_within: Duration,
    /// How long the cloud may take to acknowledge its Hello after that.
    pub greeted_within: Duration,
}

/// The section as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApplicationFile {
    pub(super) health: Option<Spanned<Vec<String>>>,
    pub(super) health_within_seconds: Option<Spanned<u64>>,
    pub(super) greeted_within_seconds: Option<Spanned<u64>>,
}

/// The section as it stands.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UpdatesFile {
    #[serde(default = "yes")]
    pub(super) enabled: bool,
}

const fn yes() -> bool {
    true
}

impl super::Reader<'_> {
    pub(super) fn application(
        &self,
        section: Option<Spanned<ApplicationFile>>,
    ) -> Result<Option<Application>, super::Error> {
        let Some(section) = section else { return Ok(None) };
        if self.tcp.is_some() {
            return Err(
                self.wrong(&section, "only a device with protocol = \"udp\" runs an application")
            );
        }
        let ApplicationFile { health, health_within_seconds, greeted_within_seconds } =
            section.into_inner();
        let health = health.map(|health| self.command(health.span().start, health.into_inner()));
        Ok(Some(Application {
            health: health.transpose()?,
            health_within: self.seconds(health_within_seconds, HEALTH_WITHIN)?,
            greeted_within: self.seconds(greeted_within_seconds, GREETED_WITHIN)?,
        }))
    }

    fn seconds(&self, given: Option<Spanned<u64>>, usual: u64) -> Result<Duration, super::Error> {
        match given {
            Some(given) if !(1..=LONGEST).contains(given.get_ref()) => {
                Err(self.wrong(&given, "give 1 to 86400 seconds"))
            }
            given => Ok(Duration::from_secs(given.map_or(usual, Spanned::into_inner))),
        }
    }
}
