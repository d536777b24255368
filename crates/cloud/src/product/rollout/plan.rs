//! What a person asks of a rollout: its stages, how long to wait, what counts as success.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;
use thiserror::Error;

/// The most stages a rollout may have.
pub const MOST_STAGES: usize = 32;
/// The most devices that may be under way at once.
pub const MOST_AT_ONCE: u32 = 10_000;
/// The longest wait after a stage, and the longest patience with a device.
pub const LONGEST: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// The least patience with a device: an update and a boot take that long.
pub const LEAST_PATIENCE: Duration = Duration::from_secs(1);

/// How far a stage reaches, those before it included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// To this part of the product's devices, rounded up; 1 to 100.
    Percent(u8),
    /// To so many devices, at least one.
    Devices(u32),
}

/// What a person asks of a rollout.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// How far each stage reaches.
    pub stages: Vec<Size>,
    /// How long to wait after a stage has met its bar, in milliseconds.
    pub wait_ms: i64,
    /// Of those reached in a stage, how many in a hundred have to be updated; 1 to 100.
    pub success: u8,
    /// How many devices may be under way at once: being sent to, or not yet back.
    pub at_once: NonZeroU32,
    /// How long a device may take to report after it took the image, or to take it once it was offered, in
    /// milliseconds. An offline device keeps a stage waiting for as long.
    pub patience_ms: i64,
}

/// Why a plan is none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PlanError {
    /// A stage is not to be understood.
    #[error(
        "`{0}` is no stage: write a part of the devices (5 or 5%) or a number of them (10devices)"
    )]
    Stage(String),
    /// A duration is not to be understood.
    #[error("`{0}` is no time: write 30s, 10m, 2h or 1d")]
    Time(String),
    /// Too few or too many stages.
    #[error("a rollout has 1 to {MOST_STAGES} stages")]
    Stages,
    /// A stage reaches no further than the one before it.
    #[error(
        "stage {0} reaches no further than the one before it: each says how far it reaches in all, as in 5,25,100"
    )]
    Order(usize),
    /// The success bar is out of range.
    #[error("the success bar is 1 to 100 percent")]
    Success,
    /// Too many at once.
    #[error("1 to {MOST_AT_ONCE} devices may be under way at once")]
    AtOnce,
    /// The wait is out of range.
    #[error("the wait after a stage is 0s to 90d")]
    Wait,
    /// The patience is out of range.
    #[error("the patience with a device is 1s to 90d")]
    Patience,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            stages: vec![Size::Percent(5), Size::Percent(25), Size::Percent(100)],
            wait_ms: 10 * 60_000,
            success: 95,
            at_once: NonZeroU32::MIN.saturating_add(49),
            patience_ms: 30 * 60_000,
        }
    }
}

impl Plan {
    /// Whether it can be followed.
    ///
    /// # Errors
    /// [`PlanError`]: the first thing that is wrong.
    pub fn check(&self) -> Result<(), PlanError> {
        if self.stages.is_empty() || self.stages.len() > MOST_STAGES {
            return Err(PlanError::Stages);
        }
        for stage in &self.stages {
            if matches!(stage, Size::Percent(0 | 101..) | Size::Devices(0)) {
                return Err(PlanError::Stage(stage.to_string()));
            }
        }
        let pairs = self.stages.iter().zip(self.stages.iter().skip(1)).zip(2..);
        for ((before, after), number) in pairs {
            if !after.may_follow(*before) {
                return Err(PlanError::Order(number));
            }
        }
        let in_range = |ms: i64, least: Duration| {
            u64::try_from(ms).is_ok_and(|ms| (least..=LONGEST).contains(&Duration::from_millis(ms)))
        };
        match () {
            () if !(1..=100).contains(&self.success) => Err(PlanError::Success),
            () if self.at_once.get() > MOST_AT_ONCE => Err(PlanError::AtOnce),
            () if !in_range(self.wait_ms, Duration::ZERO) => Err(PlanError::Wait),
            () if !in_range(self.patience_ms, LEAST_PATIENCE) => Err(PlanError::Patience),
            () => Ok(()),
        }
    }

    /// How many of `devices` each stage reaches, those before it included.
    pub fn reach(&self, devices: u32) -> Vec<u32> {
        let mut furthest = 0;
        let reach = |stage: &Size| {
            furthest = stage.of(devices).max(furthest);
            furthest
        };
        self.stages.iter().map(reach).collect()
    }
}

impl Size {
    fn of(self, devices: u32) -> u32 {
        match self {
            Self::Devices(count) => count.min(devices),
            Self::Percent(percent) => {
                let part = (u64::from(devices) * u64::from(percent.min(100))).div_ceil(100);
                u32::try_from(part).unwrap_or(devices)
            }
        }
    }

    fn may_follow(self, before: Self) -> bool {
        match (before, self) {
            (Self::Percent(before), Self::Percent(after)) => before < after,
            (Self::Devices(before), Self::Devices(after)) => before < after,
            // Which is more depends on how many devices there are.
            _ => true,
        }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(f, "{percent}%"),
            Self::Devices(count) => write!(f, "{count}devices"),
        }
    }
}

impl FromStr for Size {
    type Err = PlanError;

    fn from_str(text: &str) -> Result<Self, PlanError> {
        let text = text.trim();
        let bad = || PlanError::Stage(text.to_owned());
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = text.get(digits.len()..).unwrap_or_default().trim();
        match unit {
            "" | "%" => {
                let percent = digits.parse().ok().filter(|percent| (1..=100).contains(percent));
                percent.map(Self::Percent).ok_or_else(bad)
            }
            "device" | "devices" => {
                let count = digits.parse().ok().filter(|count| *count > 0);
                count.map(Self::Devices).ok_or_else(bad)
            }
            _ => Err(bad()),
        }
    }
}

/// A time as a person types it: `30s`, `10m`, `2h`, `1d`.
///
/// # Errors
/// [`PlanError::Time`].
pub fn parse_duration(text: &str) -> Result<Duration, PlanError> {
    let bad = || PlanError::Time(text.to_owned());
    let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
    let seconds = match text.get(digits.len()..).unwrap_or_default() {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(bad()),
    };
    let number: u64 = digits.parse().map_err(|_| bad())?;
    let time = number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(bad)?;
    (time <= LONGEST).then_some(time).ok_or_else(bad)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stages_are_parts_or_numbers_and_reach_ever_further() {
        let stages: Vec<Size> =
            ["1devices", "5", " 25% ", "100"].map(|text| text.parse().unwrap()).into();
        let plan = Plan { stages, ..Plan::default() };
        plan.check().unwrap();
        assert_eq!(plan.reach(200), [1, 10, 50, 200]);
        assert_eq!(plan.reach(3), [1, 1, 1, 3], "a small fleet has stages that nobody is in");
        assert_eq!(plan.reach(0), [0; 4]);
    }

    #[test]
    fn what_is_no_stage_is_said_so() {
        for text in
            ["", "0", "101", "5x", "-5", "%", "devices", "0devices", "1.5", "99999999999devices"]
        {
            assert!(matches!(text.parse::<Size>(), Err(PlanError::Stage(_))), "{text}");
        }
    }

    #[test]
    fn a_plan_that_cannot_be_followed_is_refused() {
        let with = |change: fn(&mut Plan)| {
            let mut plan = Plan::default();
            change(&mut plan);
            plan.check().unwrap_err()
        };
        assert_eq!(Plan::default().check(), Ok(()));
        assert_eq!(with(|plan| plan.stages.clear()), PlanError::Stages);
        assert_eq!(with(|plan| plan.stages.reverse()), PlanError::Order(2));
        assert_eq!(with(|plan| plan.success = 0), PlanError::Success);
        assert_eq!(with(|plan| plan.wait_ms = -1), PlanError::Wait);
        assert_eq!(with(|plan| plan.patience_ms = 0), PlanError::Patience);
        assert_eq!(with(|plan| plan.at_once = NonZeroU32::MAX), PlanError::AtOnce);
    }

    #[test]
    fn times_have_a_unit_and_a_bound() {
        assert_eq!(parse_duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_duration("1d"), Ok(Duration::from_secs(86_400)));
        for text in ["", "10", "m", "-1s", "1w", "91d", "99999999999999999999d"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }
}
