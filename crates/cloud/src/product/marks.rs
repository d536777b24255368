//! How far each product has come, in a sealed file beside the store: an older standing that somebody put back into
//! the database, seal and all, is known by it.
//!
//! The file is written after the store. A node that is killed between the two comes back with a store that is ahead,
//! which is taken; never with one that is behind.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::PathBuf;

use super::{ProductId, Refusal, Standing};
use crate::node_key::Sealer;
use crate::private_file::{self, Readers};

/// The name of the file in a data folder.
pub(super) const FILE_NAME: &str = "products.mark";

const CONTEXT: &[u8] = b"marks of products";

/// The generation of each product's standing that was seen last.
pub(super) struct Marks {
    path: PathBuf,
    sealer: Sealer,
    seen: Option<BTreeMap<u16, u64>>,
}

impl Marks {
    pub(super) fn new(path: PathBuf, sealer: Sealer) -> Self {
        Self { path, sealer, seen: None }
    }

    /// Whether a standing is no older than what was seen. Blocks at its first use.
    pub(super) fn check(&mut self, product: ProductId, standing: &Standing) -> Result<(), Refusal> {
        const OLD: &str =
            "an older state of it was put back into the store; restore the whole data folder";
        const NO_MARK: &str =
            "products.mark does not know it; restore that file from the same backup as the store";
        let seen = self.load(product)?.get(&product.0).copied();
        match seen {
            Some(seen) if standing.generation < seen => Err(Refusal::Locked { product, why: OLD }),
            Some(_) => Ok(()),
            // Made, and the node ended before the mark was written.
            None if *standing == Standing::new() => Ok(()),
            None => Err(Refusal::Locked { product, why: NO_MARK }),
        }
    }

    /// Whether a product was ever seen. Blocks at its first use.
    pub(super) fn knows(&mut self, product: ProductId) -> Result<bool, Refusal> {
        Ok(self.load(product)?.contains_key(&product.0))
    }

    /// Remembers a standing that is in the store now. Blocks.
    pub(super) fn raise(&mut self, product: ProductId, generation: u64) -> Result<(), Refusal> {
        let mut seen = self.load(product)?.clone();
        let mark = seen.entry(product.0).or_default();
        *mark = generation.max(*mark);
        let written = self.write(&seen);
        self.seen = Some(seen);
        if let Err(error) = written {
            // What is in the store counts already. Until the file is written again, only a copy that is older than
            // the one before would be known.
            tracing::error!(path = %self.path.display(), %error, "the marks of products could not be written");
        }
        Ok(())
    }

    /// Writes the file anew, under the newest key. Blocks. What cannot be read stays as it is, and locks as it did.
    pub(super) fn reseal(&mut self) -> io::Result<()> {
        match self.load(ProductId(0)) {
            Ok(seen) if seen.is_empty() => Ok(()),
            Ok(seen) => {
                let seen = seen.clone();
                self.write(&seen)
            }
            Err(refusal) => Err(io::Error::other(refusal)),
        }
    }

    fn write(&self, seen: &BTreeMap<u16, u64>) -> io::Result<()> {
        let plain = serde_json::to_vec(seen)?;
        let sealed = self.sealer.seal(CONTEXT, &plain).map_err(io::Error::other)?;
        private_file::replace(&self.path, Readers::Owner, &sealed)
    }

    fn load(&mut self, product: ProductId) -> Result<&mut BTreeMap<u16, u64>, Refusal> {
        if self.seen.is_none() {
            self.seen = Some(self.read(product)?);
        }
        self.seen.as_mut().ok_or(Refusal::Internal)
    }

    fn read(&self, product: ProductId) -> Result<BTreeMap<u16, u64>, Refusal> {
        const BAD: &str = "products.mark cannot be read or was not written by this node; restore it from a backup";
        let bad = Refusal::Locked { product, why: BAD };
        let sealed = match fs::read(&self.path) {
            Ok(sealed) => sealed,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(_) => return Err(bad),
        };
        let plain = self.sealer.open(CONTEXT, &sealed).map_err(|_| bad.clone())?;
        serde_json::from_slice(&plain).map_err(|_| bad)
    }
}
