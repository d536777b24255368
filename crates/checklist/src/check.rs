//! A check: a claim, how it is tried, and what to do where it is broken.

use crate::anchor::Anchor;
use crate::risk::Risk;
use crate::scene::{Room, Scene};
use crate::verdict::Verdict;
use serde::{Deserialize, Serialize};

/// One claim of the checklist.
///
/// Texts are whole sentences for somebody who did not write the check.
#[derive(Debug)]
pub struct Check {
    /// Its name for ever, as `system-ports-declared`: the room, then words. Never given to another check.
    pub id: &'static str,
    /// The item of the checklist that it belongs to.
    pub item: Item,
    /// What a break of it means at worst.
    pub severity: Severity,
    /// What holds where it holds.
    pub claim: &'static str,
    /// How it is tried.
    pub how: &'static str,
    /// What to do where it is broken.
    pub remedy: &'static str,
    /// What asks for it, in the standards.
    pub anchors: &'static [Anchor],
    /// The risks that it keeps down.
    pub risks: &'static [Risk],
    /// Where what it judges was looked at; its evidence.
    pub room: Room,
    /// Judges what was seen. Never looks by itself.
    pub judge: fn(&Scene) -> Verdict,
}

/// The nine items of the checklist, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Item {
    /// Ports, protocols, the kernel, accounts.
    OperatingSystem,
    /// What runs, and with which rights.
    Applications,
    /// What all of it is made of.
    Dependencies,
    /// Between device and cloud, and between people and cloud.
    Communication,
    /// The node and its host.
    Cloud,
    /// People, tokens, roles.
    UserAccess,
    /// Attacks, our own and hired ones.
    PenetrationTest,
    /// Who looked at a firmware before it was released.
    FirmwareReview,
    /// What an update does when it goes wrong.
    UpdateMechanism,
}

impl Item {
    /// All nine, in the checklist's order.
    pub const ALL: [Self; 9] = [
        Self::OperatingSystem,
        Self::Applications,
        Self::Dependencies,
        Self::Communication,
        Self::Cloud,
        Self::UserAccess,
        Self::PenetrationTest,
        Self::FirmwareReview,
        Self::UpdateMechanism,
    ];

    /// Its place in the checklist, from 1.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8 + 1
    }

    /// As a heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::OperatingSystem => "Operating system",
            Self::Applications => "Applications",
            Self::Dependencies => "Dependencies",
            Self::Communication => "Communication",
            Self::Cloud => "Cloud",
            Self::UserAccess => "User access",
            Self::PenetrationTest => "Penetration test",
            Self::FirmwareReview => "Firmware code review",
            Self::UpdateMechanism => "Update mechanism",
        }
    }
}

/// What a break means at worst; a greater one is worse.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// A defence less; nobody gets in by it alone.
    Low,
    /// Helps somebody who is already near.
    Medium,
    /// One step from a break-in, or from no updates.
    High,
    /// A break-in, now.
    Critical,
}

impl Severity {
    /// The exit code of a run whose worst finding this is.
    #[must_use]
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Low => 3,
            Self::Medium => 4,
            Self::High | Self::Critical => 5,
        }
    }

    /// In lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
