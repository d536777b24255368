//! The way to a pin: a weak RSA key is refused with the reason, every other key goes to the store.
//!
//! A key is looked at alone and beside every RSA key that is pinned. That is done for one caller at a time, so that
//! two keys with a prime in common cannot be pinned at the same moment. P-256 keys pass: that they are on the curve
//! is checked whenever they are used.

use crate::audit::TokenMark;
use crate::device_key::DeviceKey;
use crate::store::pin::{BatchError, NewPin, PinChange, PinError};
use crate::store::{Store, StoreError};
use pintle_protocol::DeviceId;
use pintle_protocol::tcp::DevicePublicKey;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::MutexGuard;

#[cfg(feature = "tcp")]
mod weak;
#[cfg(not(feature = "tcp"))]
#[path = "pinning/no_tcp.rs"]
mod weak;

pub use weak::KnownWeak;
pub(crate) use weak::{Modulus, look, own_key};

/// Sets pins.
#[derive(Clone)]
pub struct Pinning {
    store: Store,
    known_weak: Arc<KnownWeak>,
}

impl Pinning {
    /// Sets pins in this store; refuses, beside what is weak by itself, the keys of a list.
    #[must_use]
    pub fn new(store: Store, known_weak: Arc<KnownWeak>) -> Self {
        Self { store, known_weak }
    }

    /// Pins a key to a device, replacing the one it had.
    ///
    /// # Errors
    /// [`PinError`]; nothing is changed then.
    pub async fn set(&self, pin: &NewPin) -> Result<PinChange, PinError> {
        let _turn = self.sound(std::slice::from_ref(pin)).await.map_err(|bad| bad.error)?;
        self.store.pins().set(pin).await
    }

    /// Pins a key to a device that has none and is nobody's or already the owner's.
    ///
    /// # Errors
    /// [`PinError`]; nothing is changed then.
    pub async fn set_first(&self, pin: &NewPin) -> Result<PinChange, PinError> {
        let _turn = self.sound(std::slice::from_ref(pin)).await.map_err(|bad| bad.error)?;
        self.store.pins().set_first(pin).await
    }

    /// Pins a key to a device for its owner, replacing the one it had.
    ///
    /// # Errors
    /// [`PinError`]; nothing is changed then.
    pub async fn replace(
        &self,
        pin: &NewPin,
        token: TokenMark,
        why: Option<&str>,
    ) -> Result<PinChange, PinError> {
        let _turn = self.sound(std::slice::from_ref(pin)).await.map_err(|bad| bad.error)?;
        self.store.pins().replace(pin, token, why).await
    }

    /// Pins a whole batch, or nothing of it.
    ///
    /// # Errors
    /// [`BatchError`], with the position of the first pin that cannot be set.
    pub async fn set_all(&self, pins: &[NewPin]) -> Result<Vec<PinChange>, BatchError> {
        let _turn = self.sound(pins).await?;
        self.store.pins().set_all(pins).await
    }

    /// Pins what can be pinned of a batch of devices that are new here, and says of the others why not, by their
    /// position. A device that has another key, and a key that another device has, stay as they are.
    ///
    /// # Errors
    /// [`BatchError`] where the store fails, or somebody else pinned meanwhile; nothing is changed then.
    pub async fn set_sound(
        &self,
        pins: &[NewPin],
    ) -> Result<(Vec<PinChange>, BTreeMap<usize, PinError>), BatchError> {
        let turn = self.turn(pins).await;
        let mut bad = self.faults(pins).await?;
        for (index, error) in self.taken(pins).await? {
            bad.insert(index, error);
        }
        let good: Vec<NewPin> = pins
            .iter()
            .enumerate()
            .filter(|(index, _)| !bad.contains_key(index))
            .map(|(_, pin)| pin.clone())
            .collect();
        let set = self.store.pins().set_all(&good).await?;
        drop(turn);
        Ok((set, bad))
    }

    /// Whether all of these are sound; the turn to pin them if so.
    async fn sound(&self, pins: &[NewPin]) -> Result<Option<MutexGuard<'_, ()>>, BatchError> {
        let turn = self.turn(pins).await;
        match self.faults(pins).await?.into_iter().next() {
            Some((index, error)) => Err(BatchError { index, error }),
            None => Ok(turn),
        }
    }

    async fn turn(&self, pins: &[NewPin]) -> Option<MutexGuard<'_, ()>> {
        match rsa_keys(pins).next() {
            Some(_) => Some(self.store.one_rsa_pin_at_a_time().await),
            None => None,
        }
    }

    /// What is wrong with keys, by their position among the pins.
    async fn faults(&self, pins: &[NewPin]) -> Result<BTreeMap<usize, PinError>, StoreError> {
        let keys: Vec<_> = rsa_keys(pins).collect();
        if keys.is_empty() {
            return Ok(BTreeMap::new());
        }
        let (store, known) = (self.store.clone(), Arc::clone(&self.known_weak));
        let looked = tokio::task::spawn_blocking(move || weak::faults(&store, &known, keys)).await;
        looked.unwrap_or(Err(StoreError::Closed))
    }

    /// The pins whose device has another key, or whose key another device has, here or earlier in the batch.
    async fn taken(&self, pins: &[NewPin]) -> Result<Vec<(usize, PinError)>, StoreError> {
        let mut holders = BTreeMap::new();
        let mut taken = Vec::new();
        for (index, pin) in pins.iter().enumerate() {
            let key = pin.key.fingerprint();
            let here = self.store.pins().device_of(key).await?;
            let had = self.store.pins().key_of(pin.device).await?;
            if had.is_some_and(|had| had != key) {
                taken.push((index, PinError::AnotherKeyPinned { device: pin.device }));
                continue;
            }
            let to = *holders.entry(key).or_insert(here.unwrap_or(pin.device));
            if to != pin.device {
                taken.push((index, PinError::KeyAlreadyPinned { to }));
            }
        }
        Ok(taken)
    }
}

/// An RSA key on its way to a pin.
#[cfg_attr(not(feature = "tcp"), expect(dead_code, reason = "without RSA nobody looks at it"))]
struct Candidate {
    /// Its place in the batch.
    index: usize,
    device: DeviceId,
    key: DevicePublicKey,
}

fn rsa_keys(pins: &[NewPin]) -> impl Iterator<Item = Candidate> + '_ {
    pins.iter().enumerate().filter_map(|(index, pin)| match pin.key {
        DeviceKey::Rsa1024(key) => Some(Candidate { index, device: pin.device, key }),
        DeviceKey::P256(_) => None,
    })
}

#[cfg(test)]
mod tests;
