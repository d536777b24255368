//! What a device does with an update that comes: whether it is wanted, and what it turns out to be (P8).

use super::content::checked;
use super::declined::of_disk;
use super::store::{Incoming, Store};
use crate::life::{Declined, Updates};
use pintle_firmware::Digest;
use pintle_firmware::flash::Flash;
use pintle_firmware::module::{Function, Installed, Module, Platform, Product, Reason, Wanted};
use pintle_firmware::release::{Known, Release, ReleaseFault};
use pintle_firmware::slots::{Fault, Image, Refused, Slot, Standing};
use pintle_protocol::update::{Refusal, Start};

impl Store {
    /// Whether this file may come, by all that can be known of it before.
    pub(super) fn judge(
        &mut self,
        sha256: Option<Digest>,
        length: u32,
        statement: &[u8],
    ) -> Result<(Image, Option<Release>), Declined> {
        let sha256 = sha256.ok_or_else(|| {
            Declined::new(Refusal::PROTOCOL, "an update is taken only with its SHA-256")
        })?;
        let floor = self.slots.state().floor;
        let installed = self.installed();
        let known = Known {
            platform: Platform(self.purpose.platform),
            version: self.running_product().map_or(0, |product| product.version),
            counter: floor,
            number: self.trust.number(),
            installed: &installed,
        };
        let holds = self.trust.check(statement, &known, (self.clock)())?;
        let Some(holds) = holds else {
            return Ok((Image { digest: sha256, length, counter: floor, version: 0 }, None));
        };
        let release = holds.release;
        if release.digest != sha256 || release.length != length {
            return Err(ReleaseFault::Image.into());
        }
        let image = release.image();
        if self.slots.state().was_rejected(&image.digest) {
            return Err(Fault::Refused(Refused::Rejected).into());
        }
        let remembered = self.trust.remember(&holds);
        remembered.map_err(|error| of_disk("remember the release", error.kind()))?;
        Ok((image, Some(release)))
    }

    /// Everything that can be wrong with a file once all of it is there.
    pub(super) fn examine(&self, file: &[u8], release: Option<&Release>) -> Result<(), Declined> {
        let installed = self.installed();
        let wanted = Wanted {
            platform: Some(Platform(self.purpose.platform)),
            product: self.product(),
            function: Some(Function::USER_PART),
            installed: Some(&installed),
            ..Wanted::default()
        };
        let module = checked(file, &wanted)?;
        if let Some(release) = release {
            release.is_about(file)?;
            release.matches(&module)?;
        } else if self.product().is_none() {
            self.is_without_product(&module)?;
        }
        Ok(())
    }

    /// A device of no product takes firmware of none.
    fn is_without_product(&self, module: &Module<'_>) -> Result<(), Declined> {
        let of_none =
            |product: Product| product == Product::NONE || product.id == self.purpose.platform;
        match module.suffix().product.filter(|product| !of_none(*product)) {
            Some(found) if self.is_installed() => {
                Err(Reason::ProductId { found, wanted: self.purpose.platform }.into())
            }
            _ => Ok(()),
        }
    }

    fn running_product(&self) -> Option<Product> {
        self.running.as_ref().and_then(|(_, firmware)| firmware.product)
    }

    /// The product that firmware has to belong to.
    fn product(&self) -> Option<u16> {
        let running = || self.running_product().map(|product| product.id);
        let running = || running().filter(|id| *id != self.purpose.platform);
        self.purpose.product.or_else(running)
    }

    fn installed(&self) -> [Installed; 2] {
        let version = self.purpose.system_version;
        [(Function::SYSTEM_PART, 1), (Function::MONOLITHIC, 0)].map(|(function, index)| Installed {
            function,
            index,
            version,
        })
    }

    fn take_in(&mut self, incoming: &Incoming) -> Result<(), Declined> {
        let spare = self.slots.state().current.ok_or(Fault::NothingBoots)?.other();
        let file = self.read(spare, incoming.image.length)?;
        if Digest::of(&file) != incoming.image.digest {
            return Err(Fault::Damaged.into());
        }
        self.examine(&file, incoming.release.as_ref())?;
        self.prepare(spare, &file)?;
        Ok(self.slots.stage()?)
    }

    fn is_on_trial(&self) -> bool {
        let state = self.slots.state();
        let on_trial = |slot| {
            let standing = state.entry(slot).map(|entry| entry.standing);
            matches!(standing, Some(Standing::Trial { .. }))
        };
        Slot::BOTH.into_iter().any(on_trial)
    }
}

impl Updates for Store {
    fn room(&self) -> u32 {
        self.slots.layout().room(self.slots.flash().geometry())
    }

    fn begin(&mut self, start: &Start<'_>) -> Result<u32, Declined> {
        self.incoming = None;
        if start.file_size > self.room() {
            let (size, limit) = (start.file_size as usize, self.room() as usize);
            return Err(Reason::TooLarge { size, limit }.into());
        }
        let function = start.function.map(Function).filter(|one| *one != Function::USER_PART);
        if let Some(found) = function {
            return Err(Reason::Function { found, wanted: Function::USER_PART }.into());
        }
        let sha256 = start.sha256.map(Digest);
        let (image, release) = self.judge(sha256, start.file_size, start.statement)?;
        if start.discard && self.slots.begin(&image, start.statement).is_ok() {
            self.slots.cancel()?;
        }
        let (stored, there) = match self.slots.begin(&image, start.statement) {
            Ok(stored) => (stored, false),
            // A cloud that does not know yet is told in the usual way: nothing to send, then a start of the image.
            Err(Fault::Refused(Refused::AlreadyThere)) if !self.is_on_trial() => {
                (image.length, true)
            }
            Err(Fault::Refused(Refused::AlreadyThere)) => {
                return Err(Fault::Refused(Refused::NotConfirmed).into());
            }
            Err(fault) => return Err(fault.into()),
        };
        self.incoming = Some(Incoming { image, release, there });
        Ok(stored)
    }

    fn store(&mut self, offset: u32, bytes: &[u8]) -> Result<(), Declined> {
        Ok(self.slots.store(offset, bytes)?)
    }

    fn finish(&mut self) -> Result<(), Declined> {
        let incoming = self.incoming.take().ok_or(Declined::plain(Refusal::NOT_RUNNING))?;
        if incoming.there {
            return Ok(());
        }
        let taken = self.take_in(&incoming);
        if taken.is_err() {
            // Nothing of it is kept: the next try begins anew.
            let _ = self.slots.cancel();
        }
        taken
    }

    fn cancel(&mut self, forget: bool) {
        let there = self.incoming.take().is_none_or(|incoming| incoming.there);
        if forget && !there {
            // What cannot be forgotten now is found out when it is gone on with.
            let _ = self.slots.cancel();
        }
    }
}
