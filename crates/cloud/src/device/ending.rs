//! Why a session ends, and whether the device is told.

use pintle_protocol::DeviceId;
use pintle_protocol::tcp::Anomaly;
use std::fmt;

/// Why a session ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// The device closed it.
    ClosedByDevice,
    /// The device shook hands anew.
    Replaced,
    /// The device never said who it is.
    NotIntroduced,
    /// The device said another id than its key's.
    WrongId(DeviceId),
    /// The device's pin was changed.
    KeyChanged,
    /// Too many records under its key failed to authenticate.
    Forged,
    /// It has used up its record numbers.
    Exhausted,
    /// The device acknowledged parts of an update that were never sent to it.
    Lied,
    /// Over TCP: something that no device says, or says now.
    Anomaly(Anomaly),
    /// Over TCP: nothing came for too long.
    Silent,
    /// Over TCP: the device does not read what it is sent.
    NotReading,
    /// Over TCP: the device acknowledged so many questions without an answer that no more can be told apart.
    NotAnswering,
    /// Over TCP: somebody broke an update of the device off.
    Cancelled,
    /// Over TCP: the node stops. Nothing of the session outlives it.
    Stopped,
}

impl End {
    /// Whether the device hears an authenticated close_notify, so that it shakes hands at once. A
    /// refusal is silent (promise P1), and who left needs no word.
    pub const fn is_said(self) -> bool {
        matches!(self, Self::KeyChanged | Self::Forged | Self::Exhausted | Self::Lied)
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ClosedByDevice => f.write_str("closed by the device"),
            Self::Replaced => f.write_str("replaced by a newer handshake"),
            Self::NotIntroduced => f.write_str("no Hello in time"),
            Self::WrongId(claimed) => write!(f, "the Hello says {claimed}"),
            Self::KeyChanged => f.write_str("the pinned key was changed"),
            Self::Forged => f.write_str("too many forged records"),
            Self::Exhausted => f.write_str("its record numbers are used up"),
            Self::Lied => f.write_str("it acknowledged parts of an update that were never sent"),
            Self::Anomaly(anomaly) => anomaly.fmt(f),
            Self::Silent => f.write_str("nothing came for too long"),
            Self::NotReading => f.write_str("the device does not read what it is sent"),
            Self::NotAnswering => f.write_str("the device leaves too many questions unanswered"),
            Self::Cancelled => f.write_str("an update of the device was broken off"),
            Self::Stopped => f.write_str("the node stops"),
        }
    }
}
