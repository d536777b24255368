//! The keys of one label: the newest, under which everything new is sealed or hashed, and those before it, under which
//! something may lie still.
//!
//! Whoever seals keeps a handle for as long as it lives. A new generation reaches all handles at once and without a
//! lock: the sets of keys are links of a chain, each handle follows the chain to its end, and only a rotation adds a
//! link.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::aead::LessSafeKey;
use zeroize::Zeroizing;

use super::primitives::{keyed_hash, open_under, seal_under, sealing_key};
use super::{KEY_LENGTH, NodeKeyError};

/// How many keys a label had before this one. 0 is the key that is made of the node key itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Generation(pub u32);

/// One key. Not printable, wiped when dropped.
pub struct DataKey {
    generation: Generation,
    bytes: Zeroizing<[u8; KEY_LENGTH]>,
    /// None where the library refused to make one; nothing is sealed or opened then.
    sealing: Option<LessSafeKey>,
}

impl DataKey {
    pub(super) fn new(generation: Generation, bytes: Zeroizing<[u8; KEY_LENGTH]>) -> Self {
        let sealing = sealing_key(&bytes).ok();
        Self { generation, bytes, sealing }
    }

    fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, NodeKeyError> {
        seal_under(self.sealing.as_ref().ok_or(NodeKeyError::Crypto)?, context, plaintext)
    }

    fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        open_under(self.sealing.as_ref()?, context, sealed).ok()
    }

    /// Which one it is.
    #[must_use]
    pub fn generation(&self) -> Generation {
        self.generation
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &Zeroizing<[u8; KEY_LENGTH]> {
        &self.bytes
    }
}

/// The keys there are at one time, newest first; never none.
struct Link {
    newest: Arc<DataKey>,
    older: Vec<Arc<DataKey>>,
    next: OnceLock<Arc<Self>>,
}

/// A handle on the keys of one label, which sees every later change of them. Cheap to clone.
#[derive(Clone)]
pub struct DataKeys(Arc<Link>);

impl DataKeys {
    pub(super) fn new(newest: Arc<DataKey>) -> Self {
        Self(Arc::new(Link { newest, older: Vec::new(), next: OnceLock::new() }))
    }

    /// The key under which everything new goes.
    #[must_use]
    pub fn newest(&self) -> &DataKey {
        &self.now().newest
    }

    /// All of them, newest first.
    pub fn all(&self) -> impl Iterator<Item = &DataKey> {
        let now = self.now();
        std::iter::once(&now.newest).chain(&now.older).map(AsRef::as_ref)
    }

    /// The key of one generation, where it is still there.
    #[must_use]
    pub fn of(&self, generation: Generation) -> Option<&DataKey> {
        self.all().find(|key| key.generation == generation)
    }

    /// A keyed hash of `message` under the newest key.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> [u8; KEY_LENGTH] {
        keyed_hash(&self.newest().bytes, message)
    }

    /// The keyed hash of `message` under each key, newest first: what was hashed earlier is found under a later one.
    #[must_use]
    pub fn tags(&self, message: &[u8]) -> Vec<[u8; KEY_LENGTH]> {
        self.all().map(|key| keyed_hash(&key.bytes, message)).collect()
    }

    /// Puts other keys, newest first, in the place of these, in every handle.
    pub(super) fn replace(&self, keys: Vec<Arc<DataKey>>) {
        let mut keys = keys.into_iter();
        let Some(newest) = keys.next() else { return };
        let mut link = Arc::new(Link { newest, older: keys.collect(), next: OnceLock::new() });
        // Where another thread was first, this link comes after its.
        while let Err(unset) = self.now().next.set(link) {
            link = unset;
        }
    }

    fn now(&self) -> &Link {
        let mut link = &self.0;
        while let Some(next) = link.next.get() {
            link = next;
        }
        link
    }
}

/// Seals and opens for one purpose, many times over. Cheap to clone.
#[derive(Clone)]
pub struct Sealer {
    keys: DataKeys,
}

impl Sealer {
    pub(super) fn new(keys: DataKeys) -> Self {
        Self { keys }
    }

    /// See [`super::NodeKey::seal`].
    pub fn seal(&self, context: &[u8], plaintext: &[u8]) -> Result<Vec<u8>, NodeKeyError> {
        self.keys.newest().seal(context, plaintext)
    }

    /// See [`super::NodeKey::open`].
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, NodeKeyError> {
        let opened = self.keys.all().find_map(|key| key.open(context, sealed));
        opened.ok_or(NodeKeyError::NotSealedHere)
    }

    /// Seals anew what lies under an older key; `None` where it lies under the newest.
    ///
    /// # Errors
    /// [`NodeKeyError::NotSealedHere`] where none of the keys opens it.
    pub fn reseal(&self, context: &[u8], sealed: &[u8]) -> Result<Option<Vec<u8>>, NodeKeyError> {
        if self.keys.newest().open(context, sealed).is_some() {
            return Ok(None);
        }
        self.seal(context, &self.open(context, sealed)?).map(Some)
    }
}
