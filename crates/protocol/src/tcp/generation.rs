//! The generations of firmware that speak TCP: how a hello tells them apart, what each can take, and their faults.

use super::Hello;
use crate::hello::HelloFlags;

/// Which firmware a device runs, as far as it matters to a cloud.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Generation {
    /// A Spark Core, any version (up to 1.4.4).
    Core,
    /// A Photon or P1 up to 0.7: the same code as a Core's.
    PhotonOld,
    /// A Photon, P1 or Electron from 0.8 to 2.3.
    Photon,
    /// A Photon, P1 or Electron with 3.x.
    Photon3,
}

/// What a generation can take without harm, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The ciphertext of one frame to the device. Somewhat less than its buffer: an old device writes its reply
    /// right behind the frame it received, and would write past the end.
    pub frame: usize,
    /// The ciphertext of one frame from the device.
    pub frame_from: usize,
    /// The name of a function or variable.
    pub name: usize,
    /// The argument of a function. A device that gets a longer one refuses it and calls the function all the same,
    /// with another argument.
    pub argument: usize,
    /// The name of an event.
    pub event_name: usize,
    /// The data of an event.
    pub event_data: usize,
    /// The data of an event from the device.
    pub event_data_from: usize,
    /// The chunk of an update.
    pub chunk: usize,
}

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::Core, Self::PhotonOld, Self::Photon, Self::Photon3];

    /// The flags that only newer code has: diagnostics, immediate updates, goodbye, describes unasked.
    const NEWER: u16 = 0x3e;

    pub(super) fn of(hello: &Hello) -> Self {
        match hello {
            Hello { sizes: Some(_), .. } => Self::Photon3,
            Hello { platform_id: 0, .. } => Self::Core,
            Hello { flags: HelloFlags(flags), .. } if flags & Self::NEWER == 0 => Self::PhotonOld,
            _ => Self::Photon,
        }
    }

    /// What it can take.
    #[must_use]
    pub const fn limits(self) -> Limits {
        let chunk = super::update::CHUNK as usize;
        match self {
            Self::Core => Limits {
                frame: 608,
                frame_from: 640,
                name: 12,
                argument: 63,
                event_name: 63,
                event_data: 255,
                event_data_from: 255,
                chunk,
            },
            Self::PhotonOld => Limits {
                frame: 768,
                frame_from: 800,
                name: 12,
                argument: 63,
                event_name: 63,
                event_data: 255,
                event_data_from: 255,
                chunk,
            },
            Self::Photon => Limits {
                frame: 768,
                frame_from: 800,
                name: 64,
                argument: 622,
                event_name: 64,
                event_data: 622,
                event_data_from: 622,
                chunk,
            },
            // What a 3.x device sends is bounded by its hello, and that by this.
            Self::Photon3 => Limits {
                frame: 928,
                frame_from: 1280,
                name: 64,
                argument: 864,
                event_name: 64,
                event_data: 864,
                event_data_from: crate::MAX_DATA,
                chunk,
            },
        }
    }

    /// The name of it that people read.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::PhotonOld => "photon-0.7",
            Self::Photon => "photon-2",
            Self::Photon3 => "photon-3",
        }
    }

    /// Whether the acknowledgement of a ping or a signal has the device's own next id, and uses it up.
    #[must_use]
    pub const fn acknowledges_with_own_id(self) -> bool {
        matches!(self, Self::Photon | Self::Photon3)
    }

    /// Whether an empty acknowledgement may have its fields shifted by a byte: 0.4.0 does that, and nothing in the
    /// hello tells it from its successors.
    #[must_use]
    pub const fn may_shift_acknowledgements(self) -> bool {
        matches!(self, Self::Core | Self::PhotonOld)
    }

    /// Whether a describe may be answered twice, the system's part first: 0.5 and 0.6.0 do that.
    #[must_use]
    pub const fn may_describe_twice(self) -> bool {
        matches!(self, Self::Core | Self::PhotonOld)
    }

    /// Whether a read of a variable that does not exist is answered 4.04. Other devices read whatever is at address
    /// zero, so a cloud must only ask for what the device described. (True from 1.5 on, which a hello does not tell.)
    #[must_use]
    pub const fn knows_its_variables(self) -> bool {
        matches!(self, Self::Photon3)
    }

    /// Whether it may answer each chunk of a fast update: up to 0.6, which a hello does not tell from 0.7.
    #[must_use]
    pub const fn may_answer_fast_chunks(self) -> bool {
        matches!(self, Self::Core | Self::PhotonOld)
    }

    /// Whether it may refuse an update with an acknowledgement that has the code of a request, as 0.4.0 does.
    #[must_use]
    pub const fn may_refuse_with_request(self) -> bool {
        matches!(self, Self::Core | Self::PhotonOld)
    }

    /// Whether it may say by itself that an update is complete.
    #[must_use]
    pub const fn may_finish_by_itself(self) -> bool {
        matches!(self, Self::Core | Self::PhotonOld)
    }

    /// Whether it can be asked for measurements.
    #[must_use]
    pub const fn knows_metrics(self) -> bool {
        matches!(self, Self::Photon | Self::Photon3)
    }

    /// Whether it can be asked for a describe block by block.
    #[must_use]
    pub const fn knows_blocks(self) -> bool {
        matches!(self, Self::Photon3)
    }

    /// Whether a describe that it sends of its own accord ends after the first block.
    #[must_use]
    pub const fn stalls_on_long_describes(self) -> bool {
        matches!(self, Self::Photon3)
    }
}
