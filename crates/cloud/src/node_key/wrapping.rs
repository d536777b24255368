//! Data keys as they lie in the store: each sealed under a key made of the node key, for its own label and generation.

use zeroize::Zeroizing;

use super::data_keys::{DataKey, DataKeys, Generation};
use super::primitives::{expand, keyed_hash, open_with, seal_with};
use super::{KEY_LENGTH, Label, NodeKey, NodeKeyError, Use, random};
use crate::weakened::{self, Weakness};
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

/// Tells node keys apart, and says nothing about them.
pub(crate) type KeyMark = [u8; KEY_LENGTH];

/// A data key, wrapped.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WrappedKey {
    /// Its label, by name: a later release may have had others.
    pub(crate) label: String,
    /// Which of the label's keys it is.
    pub(crate) generation: Generation,
    /// The key, sealed: 60 bytes.
    pub(crate) wrapped: Vec<u8>,
}

impl NodeKey {
    /// What names this node key in a store.
    pub(crate) fn mark(&self) -> KeyMark {
        keyed_hash(&self.made(Label::STORE_CHECK), b"this store")
    }

    /// The first bytes of [`NodeKey::mark`]: enough to tell the keys of a few nodes apart.
    pub(crate) fn short_mark(&self) -> [u8; 8] {
        self.mark().first_chunk().copied().unwrap_or_default()
    }

    /// The key itself, for copies of it.
    pub(crate) fn secret(&self) -> &Zeroizing<[u8; KEY_LENGTH]> {
        &self.secret
    }

    /// A new random key of a label, wrapped.
    pub(crate) fn new_key(
        &self,
        label: Label,
        generation: Generation,
    ) -> Result<WrappedKey, NodeKeyError> {
        let mut key = Zeroizing::new([0; KEY_LENGTH]);
        if !weakened::is(Weakness::KeysKnown) {
            random(key.as_mut_slice())?;
        }
        self.wrap(label.name(), generation, &key)
    }

    /// The key of a label that is made of the node key, wrapped: its generation 0.
    pub(crate) fn first_key(&self, label: Label) -> Result<WrappedKey, NodeKeyError> {
        self.wrap(label.name(), Generation(0), &self.made(label))
    }

    /// Takes up all the data keys of a store, in the place of those it had. What is known to no label of this release
    /// is passed over.
    pub(crate) fn take_up(&self, wrapped: &[WrappedKey]) -> Result<(), NodeKeyError> {
        let mut found: BTreeMap<Label, Vec<Arc<DataKey>>> = BTreeMap::new();
        for key in wrapped {
            let label = Label::named(&key.label).filter(|label| label.usage() != Use::Fixed);
            if let Some(label) = label {
                let key = DataKey::new(key.generation, self.unwrap(key)?);
                found.entry(label).or_default().push(Arc::new(key));
            }
        }
        let mut ring = self.ring.lock().unwrap_or_else(PoisonError::into_inner);
        for (label, mut keys) in found {
            keys.sort_by_key(|key| std::cmp::Reverse(key.generation()));
            match (ring.get(&label), keys.first()) {
                (Some(known), _) => known.replace(keys),
                (None, Some(newest)) => {
                    let known = DataKeys::new(Arc::clone(newest));
                    known.replace(keys);
                    ring.insert(label, known);
                }
                (None, None) => {}
            }
        }
        Ok(())
    }

    fn wrap(
        &self,
        label: &str,
        generation: Generation,
        key: &Zeroizing<[u8; KEY_LENGTH]>,
    ) -> Result<WrappedKey, NodeKeyError> {
        let context = context(label, generation);
        let wrapped = seal_with(&self.wrapping(), &context, key.as_slice())?;
        Ok(WrappedKey { label: label.to_owned(), generation, wrapped })
    }

    fn unwrap(&self, key: &WrappedKey) -> Result<Zeroizing<[u8; KEY_LENGTH]>, NodeKeyError> {
        let context = context(&key.label, key.generation);
        let opened = open_with(&self.wrapping(), &context, &key.wrapped)?;
        let bytes = <[u8; KEY_LENGTH]>::try_from(opened.as_slice());
        bytes.map(Zeroizing::new).map_err(|_| NodeKeyError::NotSealedHere)
    }

    fn wrapping(&self) -> Zeroizing<[u8; KEY_LENGTH]> {
        if weakened::is(Weakness::KeysUnwrapped) {
            return Zeroizing::new([0; KEY_LENGTH]);
        }
        expand(self.secret.as_slice(), Label::DATA_KEYS.name().as_bytes())
    }
}

fn context(label: &str, generation: Generation) -> Vec<u8> {
    let mut context = b"data key ".to_vec();
    context.extend(generation.0.to_be_bytes());
    context.extend(label.as_bytes());
    context
}
