//! The roll as it is when a node starts: all pins and all owners, each in one pass over the store.

use super::Roll;
use crate::store::{Store, StoreError};
use std::sync::PoisonError;

impl Roll {
    /// Takes in every pin and every owner that the store holds, as they are read: nothing is held twice.
    ///
    /// # Errors
    /// What the store says.
    pub fn load(&self, store: &Store) -> Result<(), StoreError> {
        let pins = store.pins().count().wait()?;
        self.shared.names.write().unwrap_or_else(PoisonError::into_inner).reserve(pins);
        for pin in store.pins().all() {
            let (key, device) = pin?;
            self.set_key(device, Some(key));
        }
        let mut last = None;
        for owned in store.devices().owners() {
            let (device, owner) = owned?;
            // One owner's devices come one after the other.
            let known = last.filter(|(account, _)| *account == owner).map(|(_, number)| number);
            let number = known.unwrap_or_else(|| self.shared.owners.number(Some(owner)));
            last = Some((owner, number));
            self.set_owner_number(device, number);
        }
        Ok(())
    }
}
