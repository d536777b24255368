//! What was promised, and is held against every boot.

use crate::world::World;
use pintle_firmware::Digest;
use pintle_firmware::slots::{Booted, Image, Why};
use std::collections::{BTreeMap, BTreeSet};

/// A promise that was not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What was promised.
    pub promise: &'static str,
    /// What was seen instead.
    pub seen: String,
}

impl Violation {
    pub(crate) fn new(promise: &'static str, seen: impl Into<String>) -> Self {
        Self { promise, seen: seen.into() }
    }
}

/// What a device may count on, whatever happened to its power.
#[derive(Clone, Debug)]
pub struct Promises {
    /// No image with a lower counter runs.
    floor: u32,
    /// The last known good image; two while it is being confirmed.
    good: Vec<Image>,
    /// Images that fell back: never to run again.
    rejected: BTreeSet<Digest>,
    /// How often an image was booted on trial.
    boots: BTreeMap<Digest, u8>,
    /// How often the power failed since an image was staged.
    cuts: u8,
}

impl Promises {
    pub(crate) fn new(first: Image) -> Self {
        Self {
            floor: first.counter,
            good: vec![first],
            rejected: BTreeSet::new(),
            boots: BTreeMap::new(),
            cuts: 0,
        }
    }

    /// An image is about to be staged: its trial begins anew.
    pub(crate) fn staging(&mut self, image: Image) {
        self.cuts = 0;
        self.boots.remove(&image.digest);
    }

    pub(crate) fn power_failed(&mut self) {
        self.cuts = self.cuts.saturating_add(1);
    }

    /// Confirming has begun: from now on either may be the good one.
    pub(crate) fn confirming(&mut self, image: Image) {
        self.good.push(image);
    }

    /// Confirming is done.
    pub(crate) fn confirmed(&mut self, image: Image) {
        self.floor = self.floor.max(image.counter);
        self.good = vec![image];
    }

    pub(crate) fn rejected(&mut self, digest: Digest) {
        self.rejected.insert(digest);
    }

    /// Whether the device may run what it booted.
    pub(crate) fn booted(&mut self, world: &World, booted: &Booted) -> Result<(), Violation> {
        let image = booted.image;
        let (slots, history) = (world.slots(), world.history());
        let spec = history.images.iter().find(|spec| spec.image == image);
        let start = if booted.slot == pintle_firmware::slots::Slot::A {
            history.layout.a.start
        } else {
            history.layout.b.start
        };
        let there = slots.flash().peek(start, image.length);
        if spec.is_none_or(|spec| spec.bytes != there) {
            return Err(Violation::new("a valid image boots", format!("{image:?} is not whole")));
        }
        if image.counter < self.floor {
            let seen = format!("counter {} boots, the device is at {}", image.counter, self.floor);
            return Err(Violation::new("no image older than the security counter runs", seen));
        }
        if self.rejected.contains(&image.digest) {
            let seen = format!("version {} boots again", image.version);
            return Err(Violation::new("a rejected image is never tried again", seen));
        }
        match booted.why {
            Why::Trial { .. } => self.on_trial(world, image),
            Why::Confirmed => self.good(image),
            Why::FellBack { from } => self.fell_back(world, from).and_then(|()| self.good(image)),
            Why::Damaged { what } => {
                let seen = format!("version {} was staged and is damaged", what.version);
                Err(Violation::new("what is staged is whole", seen))
            }
            Why::LastResort => {
                let seen = format!("version {} boots as a last resort", image.version);
                Err(Violation::new("the last known good image is there", seen))
            }
        }
    }

    fn on_trial(&mut self, world: &World, image: Image) -> Result<(), Violation> {
        if !world.was_offered(&image) {
            let seen = format!("version {} on trial", image.version);
            return Err(Violation::new("only what was offered is tried", seen));
        }
        let boots = self.boots.entry(image.digest).or_default();
        *boots += 1;
        if *boots > world.history().trial_boots {
            let seen = format!("boot {boots} of version {}", image.version);
            return Err(Violation::new("a trial ends after the boots it has", seen));
        }
        Ok(())
    }

    fn good(&mut self, image: Image) -> Result<(), Violation> {
        if !self.good.contains(&image) {
            let seen = format!("version {} boots as confirmed", image.version);
            return Err(Violation::new(
                "the last known good image is what was confirmed last",
                seen,
            ));
        }
        // Whoever ran as confirmed stays so.
        self.confirmed(image);
        Ok(())
    }

    fn fell_back(&mut self, world: &World, from: Image) -> Result<(), Violation> {
        let well = world.is_well(&from);
        if well && self.cuts < world.history().trial_boots && from.counter >= self.floor {
            let seen = format!("version {} was rejected after {} cuts", from.version, self.cuts);
            return Err(Violation::new("a good image gets through", seen));
        }
        self.rejected.insert(from.digest);
        Ok(())
    }
}
