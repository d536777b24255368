//! What firmware a device has, takes and runs (P8).
//!
//! [`Store`] keeps it: two slots on a [`flash`], whose word counts for them, and what falls out of an update. A
//! `Program` runs what is in a slot. [`VirtualFirmware`] is the same without a disk and without a program.

mod bench;
mod clock;
mod content;
mod declined;
mod flash;
mod install;
mod intake;
mod note;
mod program;
mod store;
mod trust;
mod virtual_firmware;

#[cfg(feature = "test-switches")]
pub(crate) mod switches;

pub use bench::{Bench, Started};
pub use flash::MemoryFlash;
pub use install::{InSlot, Installed, install, installed};
pub(crate) use install::{open, purpose_of};
pub(crate) use program::Program;
pub use store::Firmware;
pub(crate) use store::{Boot, Purpose, Store};
pub use trust::pin_keyring;
pub(crate) use virtual_firmware::Health;
pub use virtual_firmware::VirtualFirmware;

use crate::life::{Declined, Updates};
use pintle_protocol::update::Start;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store that both a life and whoever runs the firmware use.
#[derive(Clone, Debug)]
pub(crate) struct Shared(Arc<Mutex<Store>>);

impl Shared {
    pub(crate) fn new(store: Store) -> Self {
        Self(Arc::new(Mutex::new(store)))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, Store> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Updates for Shared {
    fn room(&self) -> u32 {
        self.lock().room()
    }

    fn begin(&mut self, start: &Start<'_>) -> Result<u32, Declined> {
        self.lock().begin(start)
    }

    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Declined> {
        self.lock().store(offset, bytes)
    }

    fn finish(&mut self) -> Result<(), Declined> {
        self.lock().finish()
    }

    fn cancel(&mut self, forget: bool) {
        self.lock().cancel(forget);
    }
}

#[cfg(test)]
pub(crate) mod tests;
