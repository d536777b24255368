//! Two image slots and a little state, on raw flash: an update that cannot brick the device (P8).
//!
//! ```text
//!           begin, store...          stage            boot              confirm
//!   empty ------------------> (full) -----> staged ----------> trial ----------> confirmed
//!                                             |                | ^ |
//!                                             | damaged        | +-+ boot again, so many times
//!                                             v                v
//!                                           empty           rejected: remembered, never tried again
//! ```
//!
//! 1. An update is written to the slot that is not running, block by block; each whole block gets a mark, so that a
//!    transfer goes on after a cut where the flash says ([`Slots::begin`]).
//! 2. Only an image whose SHA-256 was read back from flash is staged ([`Slots::stage`]).
//! 3. [`Slots::boot`] counts a boot of it *before* it runs. An image that runs and finds itself well says so
//!    ([`Slots::confirm`]): it becomes the last known good one, and the security counter rises to its own. One that
//!    does not, in the boots it has, is rejected, and the device is back on the last known good one.
//! 4. [`decide`] is a pure function of what is on flash. Whatever instant the power fails, the next boot finds either
//!    the state before or the state after: a state is one record with a check of its own, written twice, and never over
//!    another that still counts.
//!
//! What this cannot survive: both copies of the newest record lost at once (the device then boots what its slots say
//! of themselves, and the counter is the highest of theirs).

mod decide;
mod fault;
mod image;
mod layout;
mod log;
mod record;
mod slot;
mod state;
mod transfer;

#[cfg(feature = "simulation")]
mod flaw;

pub use decide::{Decision, Why, decide};
pub use fault::{Fault, Refused};
#[cfg(feature = "simulation")]
pub use flaw::Flaw;
pub use image::Image;
pub use layout::{Layout, LayoutFault};
pub use state::{Entry, REMEMBERED, Slot, Standing, State};

use crate::flash::Flash;
use log::Log;
use transfer::Transfer;

/// What a boot came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Booted {
    /// The slot to run.
    pub slot: Slot,
    /// The image in it.
    pub image: Image,
    /// Why this one.
    pub why: Why,
}

/// The slots of a device.
#[derive(Clone, Debug)]
pub struct Slots<F> {
    flash: F,
    layout: Layout,
    trial_boots: u8,
    transfer: Option<Transfer>,
    #[cfg(feature = "simulation")]
    flaw: Option<Flaw>,
}

impl<F: Flash> Slots<F> {
    /// How often an image may be booted before it has to be confirmed.
    pub const TRIAL_BOOTS: u8 = 3;

    /// The slots that lie on a flash.
    ///
    /// # Errors
    /// [`LayoutFault`] when the layout does not fit how the flash is written.
    pub fn new(flash: F, layout: Layout) -> Result<Self, LayoutFault> {
        layout.check(flash.geometry())?;
        Ok(Self {
            flash,
            layout,
            trial_boots: Self::TRIAL_BOOTS,
            transfer: None,
            #[cfg(feature = "simulation")]
            flaw: None,
        })
    }

    /// Lets an image be booted `boots` times before it has to be confirmed, at least once.
    #[must_use]
    pub fn with_trial_boots(mut self, boots: u8) -> Self {
        self.trial_boots = boots.max(1);
        self
    }

    /// The flash, to look at.
    pub const fn flash(&self) -> &F {
        &self.flash
    }

    /// The flash, to do something else with.
    pub const fn flash_mut(&mut self) -> &mut F {
        &mut self.flash
    }

    /// Where things are.
    pub const fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The state on flash; where there is none, what the slots say of themselves.
    #[must_use]
    pub fn state(&self) -> State {
        match Log::load(&self.flash, &self.layout) {
            Some(found) => found.state,
            None => slot::salvage(&self.flash, &self.layout),
        }
    }

    /// Makes a fresh device: the image that was put into `slot` by other means is the last known good one, and
    /// `release` is what is said about it.
    ///
    /// # Errors
    /// [`Fault::Damaged`] when the slot does not hold that image; [`Fault::Refused`] when the release does not fit;
    /// [`Fault::Flash`].
    pub fn install(
        &mut self,
        slot: Slot,
        image: Image,
        release: &[u8],
    ) -> Result<(), Fault<F::Error>> {
        if !self.holds(slot, &image) {
            return Err(Fault::Damaged);
        }
        self.describe(slot, &image, release)?;
        let mut state = State::EMPTY;
        state.set(slot, Some(Entry { image, standing: Standing::Trial { boots: 0 } }));
        state.confirm(slot);
        self.save(&state)?;
        self.mark(&state)
    }

    /// Decides what runs, and writes down what has to be known before it does. To be called once a start.
    ///
    /// # Errors
    /// [`Fault::NothingBoots`] when no slot holds a valid image; [`Fault::Flash`].
    pub fn boot(&mut self) -> Result<Booted, Fault<F::Error>> {
        self.boot_if(|_, _, _| true)
    }

    /// As [`Slots::boot`], for a device that also checks the signed release beside an image ([`Slots::release`]) each
    /// time before it runs: `admits` says whether it holds, and an image it does not admit counts as damaged. What was
    /// good once must stay so: no expiry is to be checked here.
    ///
    /// # Errors
    /// As [`Slots::boot`].
    pub fn boot_if(
        &mut self,
        admits: impl Fn(&Self, Slot, &Image) -> bool,
    ) -> Result<Booted, Fault<F::Error>> {
        self.transfer = None;
        let found = Log::load(&self.flash, &self.layout);
        let intact = found.as_ref().is_some_and(|found| found.intact);
        let state = match found {
            Some(found) => found.state,
            None => slot::salvage(&self.flash, &self.layout),
        };
        let runs = |slot, image: &Image| self.holds(slot, image) && admits(self, slot, image);
        let decision = decide(&state, self.trial_boots, runs);
        if self.must_save(&state, &decision.state, intact) {
            self.save(&decision.state)?;
        }
        self.mark(&decision.state)?;
        let (slot, image) = decision.boot.ok_or(Fault::NothingBoots)?;
        Ok(Booted { slot, image, why: decision.why })
    }

    /// The running image found itself well: it is the last known good one from now on.
    ///
    /// # Errors
    /// [`Fault::NotOnTrial`] when `running` holds no image on trial; [`Fault::Flash`]: it is not confirmed then.
    pub fn confirm(&mut self, running: Slot) -> Result<(), Fault<F::Error>> {
        let mut state = self.state();
        match state.entry(running).map(|entry| entry.standing) {
            Some(Standing::Confirmed) => return Ok(()),
            Some(Standing::Trial { .. }) => {}
            _ => return Err(Fault::NotOnTrial),
        }
        state.confirm(running);
        self.save(&state)?;
        self.mark(&state)
    }

    /// The running image found itself unwell: it is rejected without using up its boots.
    ///
    /// # Errors
    /// [`Fault::NotOnTrial`]; [`Fault::Flash`].
    pub fn reject(&mut self, running: Slot) -> Result<(), Fault<F::Error>> {
        let mut state = self.state();
        match state.entry(running).map(|entry| entry.standing) {
            Some(Standing::Trial { .. }) => {}
            _ => return Err(Fault::NotOnTrial),
        }
        state.reject(running);
        self.save(&state)?;
        self.mark(&state)
    }

    /// Whether a slot holds an image, by reading all of it.
    #[must_use]
    pub fn holds(&self, slot: Slot, image: &Image) -> bool {
        #[cfg(feature = "simulation")]
        if self.flaw == Some(Flaw::BootsUnverified) {
            return true;
        }
        slot::digest(&self.flash, self.layout.slot(slot), image.length) == Some(image.digest)
    }

    fn save(&mut self, state: &State) -> Result<(), Fault<F::Error>> {
        #[cfg(feature = "simulation")]
        let state = &self.weakened(*state);
        let log = Log {
            #[cfg(feature = "simulation")]
            flaw: self.flaw,
        };
        log.append(&mut self.flash, &self.layout, state)
    }

    fn must_save(&self, before: &State, after: &State, intact: bool) -> bool {
        #[cfg(feature = "simulation")]
        if self.flaw == Some(Flaw::NotMended) {
            return before != after;
        }
        before != after || !intact
    }

    /// Tells in the slots themselves what the state says of them, for when no state can be read any more.
    fn mark(&mut self, state: &State) -> Result<(), Fault<F::Error>> {
        for slot in Slot::BOTH {
            let mark = match state.entry(slot).map(|entry| entry.standing) {
                Some(Standing::Confirmed) => slot::Mark::Good,
                Some(Standing::Rejected) => slot::Mark::Void,
                _ => continue,
            };
            slot::set_mark(&mut self.flash, &self.layout, slot, mark).map_err(Fault::Flash)?;
        }
        Ok(())
    }
}
