//! What is known of one device in a rollout, and what it is said to be in.

use pintle_protocol::DeviceId;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a transfer is, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// So many the device has.
    pub stored: u32,
    /// Of so many.
    pub of: u32,
}

/// How a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It is online and its turn has not come, or comes again.
    Waiting,
    /// It is not online; its turn comes when it is.
    Offline,
    /// It was offered the image, and is being sent it.
    Sending,
    /// It has the whole image, and has not reported what it runs since. Not updated.
    Sent,
    /// It had reported the new image, said Hello again, and has not said since what it runs. Not counted.
    Returning,
    /// It said Hello and described itself, and runs the new image by its own account.
    Updated,
    /// It took the image, and runs another one. It is never offered this image again.
    FellBack,
    /// It cannot or will not take the image, or the cloud may not send it.
    Refused,
    /// It did not report, or did not take the image, within the time it has.
    Quiet,
    /// It is in the rollout no longer: it left the product, say.
    Exempt,
}

impl Kind {
    /// All of them, in the order of a device's way.
    pub const ALL: [Self; 10] = [
        Self::Waiting,
        Self::Offline,
        Self::Sending,
        Self::Sent,
        Self::Returning,
        Self::Updated,
        Self::FellBack,
        Self::Refused,
        Self::Quiet,
        Self::Exempt,
    ];

    /// Its name, which does not change.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Offline => "offline",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Returning => "returning",
            Self::Updated => "updated",
            Self::FellBack => "fell-back",
            Self::Refused => "refused",
            Self::Quiet => "quiet",
            Self::Exempt => "exempt",
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it counts against the success bar.
    pub const fn is_failure(self) -> bool {
        matches!(self, Self::FellBack | Self::Refused | Self::Quiet)
    }

    /// Whether it counts among those that may be so at once.
    pub const fn is_under_way(self) -> bool {
        matches!(self, Self::Sending | Self::Sent)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How a device stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct State {
    /// How.
    pub kind: Kind,
    /// Why, where there is something to say.
    pub why: Option<String>,
    /// How far the transfer is, while there is one.
    pub progress: Option<Progress>,
}

impl State {
    pub(super) fn plain(kind: Kind) -> Self {
        Self { kind, why: None, progress: None }
    }

    pub(super) fn because(kind: Kind, why: impl Into<String>) -> Self {
        Self { why: Some(why.into()), ..Self::plain(kind) }
    }

    pub(super) fn perhaps(kind: Kind, why: Option<&String>) -> Self {
        Self { why: why.cloned(), ..Self::plain(kind) }
    }
}

/// An offer, written down before the first datagram of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// When the device was first offered the image, in milliseconds since 1970.
    pub first_ms: i64,
    /// How many Hellos it had said by the newest offer.
    pub greeting: u64,
    /// How often it was offered the image.
    pub tries: u32,
    /// Not offered again before this moment, in milliseconds since 1970.
    pub again_ms: i64,
}

/// What a rollout remembers of one device. It is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The device.
    pub device: DeviceId,
    /// Its place among all, from 0.
    pub rank: u32,
    /// The newest offer.
    pub offered: Option<Offered>,
    /// Why the newest offer came to nothing.
    pub trouble: Option<String>,
    /// It is [`Kind::FellBack`] or [`Kind::Refused`] for good, and why.
    pub ended: Option<(Kind, String)>,
    /// What it was last seen to be.
    pub last: Kind,
    /// The failure that a person who resumed the rollout knew of: it counts no more.
    pub forgiven: Option<Kind>,
}

impl Member {
    /// A device that nothing has happened to yet.
    pub fn new(device: DeviceId, rank: u32) -> Self {
        let (offered, trouble, ended, forgiven) = (None, None, None, None);
        Self { device, rank, offered, trouble, ended, last: Kind::Waiting, forgiven }
    }
}

/// What is known of one device at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Whether it can be reached.
    pub online: bool,
    /// An offer to it is being carried out, and how far that is.
    pub sending: Option<Progress>,
    /// How many Hellos it has said, ever.
    pub greetings: u64,
    /// When it said the last of them, in milliseconds since 1970.
    pub greeted_ms: i64,
    /// After how many of them it last described itself; 0 for never.
    pub described_in: u64,
    /// Whether what it described is the image of this rollout, running.
    pub runs_image: bool,
    /// It took the image of this rollout whole: after how many Hellos, and when.
    pub took: Option<(u64, i64)>,
    /// It fell back from this image at an earlier time, and why.
    pub rejected: Option<String>,
    /// After how many Hellos it last said that it fell back from an image, and why.
    pub confessed: Option<(u64, String)>,
    /// It is not to get this image, and why: it left the product, say.
    pub exempt: Option<String>,
}

/// The moments that a judgement needs; all in milliseconds, since 1970 where they are moments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// Now.
    pub now: i64,
    /// How long a device may take.
    pub patience: i64,
}
