//! Firmware of a virtual device: slots in memory, and a closure in place of a program. Hundreds fit into one process.

use super::flash::{Medium, MemoryFlash};
use super::trust::Trust;
use super::{Firmware, Purpose, Store};
use crate::error::Error;
use std::sync::Arc;

/// How a virtual device finds that new firmware is well.
pub(crate) type Health = Arc<dyn Fn(&Firmware) -> Result<(), String> + Send + Sync>;

/// Firmware without a disk and a program. Clones share the flash: a device that is spawned again with a clone finds what
/// it left there.
#[derive(Clone)]
pub struct VirtualFirmware {
    first: Arc<[u8]>,
    statement: Vec<u8>,
    keyring: Option<Vec<u8>>,
    flash: MemoryFlash,
    health: Health,
    enabled: bool,
}

/// How long an image of a virtual device may be unless told otherwise, in bytes.
const USUAL_ROOM: u32 = 2 << 20;

impl VirtualFirmware {
    /// Begins with this module on a blank flash, takes unsigned updates of up to 2 MiB, and finds all of them well.
    #[must_use]
    pub fn new(first: impl Into<Arc<[u8]>>) -> Self {
        Self {
            first: first.into(),
            statement: Vec::new(),
            keyring: None,
            flash: MemoryFlash::new(USUAL_ROOM),
            health: Arc::new(|_| Ok(())),
            enabled: true,
        }
    }

    /// Says of each new image whether it is well, before the cloud hears of it; if not, why. On the device's thread.
    #[must_use]
    pub fn health(
        self,
        health: impl Fn(&Firmware) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { health: Arc::new(health), ..self }
    }

    /// Pins a keyring: nothing is taken without a release that holds, the first module neither.
    #[must_use]
    pub fn signed(self, keyring: Vec<u8>, statement: Vec<u8>) -> Self {
        Self { keyring: Some(keyring), statement, ..self }
    }

    /// Takes updates of up to so many bytes.
    #[must_use]
    pub fn room(self, bytes: u32) -> Self {
        Self { flash: MemoryFlash::new(bytes), ..self }
    }

    /// Takes updates only when they are forced.
    #[must_use]
    pub fn disabled(self) -> Self {
        Self { enabled: false, ..self }
    }

    /// What the slots lie on.
    #[must_use]
    pub const fn flash(&self) -> &MemoryFlash {
        &self.flash
    }

    /// The store on its flash, with the first module in it.
    pub(crate) fn open(&self, purpose: Purpose) -> Result<Store, Error> {
        let trust = Trust::in_memory(self.keyring.clone());
        let trust = trust.map_err(|reason| Error::Firmware(reason.to_string()))?;
        let medium = Medium::Memory(self.flash.clone());
        let mut store = Store::new(medium, trust, purpose, None)?;
        if !store.is_installed() {
            let installed = store.install(&self.first, &self.statement);
            installed.map_err(|declined| Error::Firmware(declined.message))?;
        }
        Ok(store)
    }

    pub(crate) fn health_check(&self) -> Health {
        Arc::clone(&self.health)
    }

    pub(crate) const fn is_enabled(&self) -> bool {
        self.enabled
    }
}
