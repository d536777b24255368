//! In which of the wire's numbers each thing is refused that can be wrong with an update.

use super::flash::FlashError;
use crate::life::Declined;
use pintle_firmware::module::{Reason, Unreadable};
use pintle_firmware::release::ReleaseFault;
use pintle_firmware::slots::{Fault, Refused};
use pintle_protocol::update::Refusal;
use std::io;

impl From<Fault<FlashError>> for Declined {
    fn from(fault: Fault<FlashError>) -> Self {
        let why = match fault {
            Fault::Refused(Refused::TooLarge { .. }) => Refusal::SIZE,
            Fault::Refused(Refused::NotConfirmed) => Refusal::BUSY,
            Fault::Refused(_) => Refusal::VALIDATION,
            Fault::Damaged => Refusal::INTEGRITY,
            Fault::NoTransfer => Refusal::NOT_RUNNING,
            Fault::OutOfOrder { .. } | Fault::Unaligned { .. } | Fault::Length { .. } => {
                Refusal::PROTOCOL
            }
            Fault::Flash(FlashError(reason)) => return of_disk("store the update", reason),
            _ => Refusal::FAILED,
        };
        Self::new(why, fault)
    }
}

/// What the disk refused.
pub(super) fn of_disk(what: &str, reason: io::ErrorKind) -> Declined {
    let reason = match reason {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => "its disk is full".to_owned(),
        reason => reason.to_string(),
    };
    Declined::new(Refusal::FAILED, format_args!("the device cannot {what}: {reason}"))
}

impl From<Unreadable> for Declined {
    fn from(why: Unreadable) -> Self {
        Self::new(Refusal::FORMAT, why)
    }
}

impl From<Reason> for Declined {
    fn from(reason: Reason) -> Self {
        let why = match reason {
            Reason::Crc { .. }
            | Reason::Sha256
            | Reason::Inflate
            | Reason::InflatedSize { .. }
            | Reason::AssetContent
            | Reason::Inner => Refusal::INTEGRITY,
            Reason::AddressOrder { .. } | Reason::AddressRange { .. } => Refusal::ADDRESS,
            Reason::InflatedTooLarge { .. } | Reason::TooLarge { .. } => Refusal::SIZE,
            Reason::UnknownPlatform(_) | Reason::Platform { .. } => Refusal::PLATFORM,
            Reason::DependencyMissing(_) | Reason::DependencyTooOld { .. } => Refusal::DEPENDENCY,
            Reason::Function { .. } | Reason::Index { .. } => Refusal::MODULE_NOT_FOUND,
            Reason::NoProduct { .. }
            | Reason::ProductId { .. }
            | Reason::ProductVersion { .. }
            | Reason::InnerDiffers => Refusal::VALIDATION,
            _ => Refusal::FORMAT,
        };
        Self::new(why, reason)
    }
}

impl From<ReleaseFault> for Declined {
    fn from(fault: ReleaseFault) -> Self {
        let why = match fault {
            ReleaseFault::Unreadable | ReleaseFault::Kind => Refusal::FORMAT,
            ReleaseFault::Platform { .. } => Refusal::PLATFORM,
            ReleaseFault::OverVersion { .. } | ReleaseFault::OverModule(_) => Refusal::DEPENDENCY,
            ReleaseFault::Image => Refusal::INTEGRITY,
            _ => Refusal::VALIDATION,
        };
        Self::new(why, fault)
    }
}
