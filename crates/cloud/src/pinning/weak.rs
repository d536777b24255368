//! What makes RSA keys weak: each alone, one beside another in a batch, and beside those that are pinned.
//!
//! A key that is pinned already was looked at then, and passes. All keys of a batch are held against each other and
//! against the pinned ones at once; only those that share something with a pinned one are then held against each of
//! these, to name it.

use super::Candidate;
use crate::store::pin::PinError;
use crate::store::{Store, StoreError};
use pintle_protocol::DeviceId;
use pintle_rsa::KeyError;
use pintle_rsa::weak::shared::{self, Beside, Common};
use pintle_rsa::weak::{self, DebianList};
use std::collections::{BTreeMap, HashSet};

mod all;

pub(crate) use all::{look, own_key};

/// Pinned keys that are looked at together.
const CHUNK: usize = 4096;

pub(crate) type Modulus = [u8; 128];
type Faults = BTreeMap<usize, PinError>;

/// Keys that are known to be weak, which an operator gave a list of.
#[derive(Clone, Default)]
pub struct KnownWeak {
    debian: DebianList,
}

impl KnownWeak {
    /// From a list of Debian's weak keys.
    ///
    /// # Errors
    /// What is wrong with the list, for a person.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let debian = DebianList::parse(text).map_err(|error| error.to_string())?;
        Ok(Self { debian })
    }
}

/// What is wrong with each key, by its place in the batch.
pub(super) fn faults(
    store: &Store,
    known: &KnownWeak,
    mut keys: Vec<Candidate>,
) -> Result<Faults, StoreError> {
    let mut held = HashSet::new();
    let given: HashSet<Modulus> = keys.iter().map(|key| *key.key.modulus()).collect();
    for pinned in store.pins().rsa_keys() {
        let (_, key) = pinned?;
        held.extend(given.get(key.modulus()));
    }
    // Of two that are the same, the store refuses one.
    keys.retain(|key| held.insert(*key.key.modulus()));
    let mut faults = Faults::new();
    if keys.is_empty() {
        return Ok(faults);
    }
    for key in &keys {
        if let Err(error) = weak::check(key.key.modulus(), &known.debian) {
            faults.insert(key.index, alone(error));
        }
    }
    among(&keys, &mut faults);
    beside_pinned(store, &keys, &mut faults)?;
    Ok(faults)
}

/// What cannot be looked at is not pinned either.
fn alone(error: KeyError) -> PinError {
    let why = match error {
        KeyError::Weak(weakness) => weakness.to_string(),
        other => other.to_string(),
    };
    PinError::Weak { why }
}

fn among(keys: &[Candidate], faults: &mut Faults) {
    let moduli: Vec<&[u8]> = keys.iter().map(|key| key.key.modulus().as_slice()).collect();
    match shared::among(&moduli) {
        Ok(all) => {
            for found in all {
                let pair = (keys.get(found.key), keys.get(found.with));
                if let (Some(key), Some(with)) = pair {
                    faults.entry(key.index).or_insert(PinError::SharedFactor { with: with.device });
                }
            }
        }
        Err(error) => {
            for key in keys {
                faults.entry(key.index).or_insert_with(|| alone(error.clone()));
            }
        }
    }
}

fn beside_pinned(store: &Store, keys: &[Candidate], faults: &mut Faults) -> Result<(), StoreError> {
    let suspects = match suspects(store, keys)? {
        Ok(suspects) if suspects.is_empty() => return Ok(()),
        Ok(suspects) => suspects,
        Err(error) => {
            for key in keys {
                faults.entry(key.index).or_insert_with(|| alone(error.clone()));
            }
            return Ok(());
        }
    };
    let keys: Vec<&Candidate> = suspects.iter().filter_map(|place| keys.get(*place)).collect();
    let mut chunk: Vec<(DeviceId, Modulus)> = Vec::with_capacity(CHUNK);
    for pinned in store.pins().rsa_keys() {
        let (device, key) = pinned?;
        chunk.push((device, *key.modulus()));
        if chunk.len() == CHUNK {
            beside(&chunk, &keys, faults);
            chunk.clear();
        }
    }
    beside(&chunk, &keys, faults);
    Ok(())
}

/// The places of the keys that share something with a pinned one.
fn suspects(store: &Store, keys: &[Candidate]) -> Result<Result<Vec<usize>, KeyError>, StoreError> {
    let moduli: Vec<&[u8]> = keys.iter().map(|key| key.key.modulus().as_slice()).collect();
    let mut beside = match Beside::new(&moduli) {
        Ok(beside) => beside,
        Err(error) => return Ok(Err(error)),
    };
    for pinned in store.pins().rsa_keys() {
        if let Err(error) = beside.hold(pinned?.1.modulus()) {
            return Ok(Err(error));
        }
    }
    Ok(beside.suspects())
}

fn beside(chunk: &[(DeviceId, Modulus)], keys: &[&Candidate], faults: &mut Faults) {
    for key in keys {
        let moduli = chunk.iter().map(|(_, modulus)| modulus.as_slice());
        let fault = match shared::with(key.key.modulus(), moduli) {
            // A key that is pinned meanwhile is for the store to refuse.
            Ok(None | Some((_, Common::Key))) => continue,
            Ok(Some((place, Common::Prime))) => {
                chunk.get(place).map(|(with, _)| PinError::SharedFactor { with: *with })
            }
            Err(error) => Some(alone(error)),
        };
        if let Some(fault) = fault {
            faults.entry(key.index).or_insert(fault);
        }
    }
}
