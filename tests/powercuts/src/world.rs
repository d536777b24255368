//! Device and cloud, in steps: each is what one of them does until the next message or restart.
//!
//! The device's memory is lost with its power, the flash is not. The cloud forgets nothing, and hears only what
//! arrives. A piece of a transfer is acknowledged before it is on flash: where a transfer goes on is the device's word
//! after the next Hello, not the cloud's memory of acknowledgements. An update counts as done when a device that is not
//! on trial reports the new image's hash.

use crate::flash::{Broken, CutFlash};
use crate::history::{Health, History, Spec};
use crate::promise::{Promises, Violation};
use pintle_firmware::Digest;
use pintle_firmware::slots::{Booted, Fault, Flaw, Image, Refused, Slot, Slots, Standing, Why};
use std::collections::BTreeSet;
use std::sync::Arc;

/// What happens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// The device starts.
    Boot,
    /// The device says what it runs, whether on trial, and what it fell back from.
    Hello,
    /// The cloud offers an image; the device says where to begin.
    Offer,
    /// The cloud sends a piece; the device acknowledges it, then stores it.
    Chunk,
    /// The device reads the image back, stages it, says so and restarts.
    Stage,
    /// The image on trial looks at itself: confirms, rejects itself, or crashes.
    Health,
    /// The device reports that the image is confirmed.
    Report,
}

/// How the cloud sees the update it wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Not there yet.
    Wanted,
    /// The new image reported in.
    Done,
    /// The device fell back, or refused.
    Failed,
}

/// What the device has in memory.
#[derive(Clone, Copy, Debug, Default)]
struct Memory {
    booted: Option<Booted>,
    said_hello: bool,
    on_trial: bool,
    to_report: bool,
    /// The next byte of a transfer.
    next: Option<u32>,
}

/// A device and its cloud.
#[derive(Clone, Debug)]
pub struct World {
    history: Arc<History>,
    slots: Slots<CutFlash>,
    memory: Memory,
    promises: Promises,
    wanted: usize,
    verdict: Verdict,
    /// What the device last said it runs.
    believed: Option<Digest>,
    offered: BTreeSet<Digest>,
    corrupted: bool,
}

impl World {
    /// A device with the first image, and a cloud that is content with it.
    ///
    /// # Errors
    /// [`Violation`] when not even that works.
    pub fn new(history: Arc<History>, flaw: Option<Flaw>, seed: u64) -> Result<Self, Violation> {
        let History { geometry, size, layout, .. } = *history;
        let mut flash = CutFlash::new(size, geometry, history.corrects_errors, seed);
        let Spec { image, bytes, .. } = &history.images[0];
        flash.put(layout.a.start, bytes);
        let broken = |seen: String| Violation::new("a fresh device can be made", seen);
        let slots = Slots::new(flash, layout).map_err(|fault| broken(fault.to_string()))?;
        let mut slots = slots.with_trial_boots(history.trial_boots).with_flaw(flaw);
        let release = [0x52; 20];
        slots.install(Slot::A, *image, &release).map_err(|fault| broken(fault.to_string()))?;
        Ok(Self {
            slots,
            memory: Memory::default(),
            promises: Promises::new(*image),
            wanted: 0,
            verdict: Verdict::Done,
            believed: None,
            offered: BTreeSet::new(),
            corrupted: false,
            history,
        })
    }

    /// What happens to it.
    #[must_use]
    pub fn history(&self) -> &History {
        &self.history
    }

    /// Its slots.
    #[must_use]
    pub const fn slots(&self) -> &Slots<CutFlash> {
        &self.slots
    }

    /// Its flash.
    pub const fn flash(&mut self) -> &mut CutFlash {
        self.slots.flash_mut()
    }

    pub(crate) fn was_offered(&self, image: &Image) -> bool {
        self.offered.contains(&image.digest)
    }

    pub(crate) fn is_well(&self, image: &Image) -> bool {
        self.spec(image).is_some_and(|spec| spec.health == Health::Well)
    }

    fn spec(&self, image: &Image) -> Option<&Spec> {
        self.history.images.iter().find(|spec| spec.image == *image)
    }

    fn target(&self) -> &Spec {
        &self.history.images[self.wanted]
    }

    /// The cloud wants another image from now on.
    pub fn want(&mut self, image: usize, corrupted: bool) {
        self.wanted = image;
        self.verdict = Verdict::Wanted;
        self.corrupted = corrupted;
        self.memory.next = None;
    }

    /// The device loses its power, and gets it back.
    pub fn lose_power(&mut self) {
        self.memory = Memory::default();
        self.flash().restore();
        self.promises.power_failed();
    }

    /// What happens next; nothing when cloud and device are done.
    #[must_use]
    pub fn next_step(&self) -> Option<Step> {
        let memory = &self.memory;
        if memory.booted.is_none() {
            return Some(Step::Boot);
        }
        if !memory.said_hello && !self.crashes() {
            return Some(Step::Hello);
        }
        if memory.on_trial {
            return Some(Step::Health);
        }
        if memory.to_report {
            return Some(Step::Report);
        }
        match memory.next {
            _ if self.verdict != Verdict::Wanted => None,
            None => Some(Step::Offer),
            Some(next) if next < self.target().image.length => Some(Step::Chunk),
            Some(_) => Some(Step::Stage),
        }
    }

    /// Whether the running image never says anything.
    fn crashes(&self) -> bool {
        let spec = self.memory.booted.and_then(|booted| self.spec(&booted.image));
        spec.is_some_and(|spec| spec.health == Health::Crashes)
    }

    /// Does a step. `heard` is whether what the device says arrives.
    ///
    /// # Errors
    /// [`Violation`]. When the power fails inside it is no violation: the flash says so.
    pub fn run(&mut self, step: Step, heard: bool) -> Result<(), Violation> {
        match step {
            Step::Boot => self.boot()?,
            Step::Hello => self.hello(heard),
            Step::Offer => self.offer(heard)?,
            Step::Chunk => self.chunk()?,
            Step::Stage => self.stage()?,
            Step::Health => self.health()?,
            Step::Report => {
                self.memory.to_report = false;
                if heard {
                    self.hear();
                }
            }
        }
        match self.slots.flash().misuse() {
            Some(misuse) => Err(Violation::new("the flash is used as it allows", misuse)),
            None => Ok(()),
        }
    }

    /// Whether the power is there; if not, what an operation said does not matter.
    fn is_powered(&self) -> bool {
        self.slots.flash().is_powered()
    }

    fn boot(&mut self) -> Result<(), Violation> {
        let booted = self.slots.boot();
        if !self.is_powered() {
            return Ok(());
        }
        let booted = booted
            .map_err(|fault| Violation::new("a valid image boots", format!("none: {fault}")))?;
        let mut promises = self.promises.clone();
        promises.booted(self, &booted)?;
        self.promises = promises;
        self.memory.booted = Some(booted);
        self.memory.on_trial = matches!(booted.why, Why::Trial { .. });
        Ok(())
    }

    fn hello(&mut self, heard: bool) {
        // It is said again until the cloud has heard it.
        if heard {
            self.memory.said_hello = true;
            self.hear();
        }
    }

    /// The cloud hears what the device runs, and what it fell back from.
    fn hear(&mut self) {
        let Some(booted) = self.memory.booted else { return };
        self.believed = Some(booted.image.digest);
        let target = self.target().image.digest;
        let state = self.slots.state();
        let fell_back = Slot::BOTH.into_iter().any(|slot| {
            state.entry(slot).is_some_and(|entry| {
                entry.standing == Standing::Rejected && entry.image.digest == target
            })
        });
        if booted.image.digest == target && !self.memory.on_trial {
            self.verdict = Verdict::Done;
        } else if fell_back {
            self.verdict = Verdict::Failed;
        }
    }

    fn offer(&mut self, heard: bool) -> Result<(), Violation> {
        let image = self.target().image;
        self.offered.insert(image.digest);
        let release = [u8::try_from(self.wanted).unwrap_or(0); 40];
        let answer = self.slots.begin(&image, &release);
        if !self.is_powered() {
            return Ok(());
        }
        match answer {
            Ok(next) => self.memory.next = Some(next),
            Err(Fault::Refused(why)) => self.refused(why, heard),
            Err(fault) => return Err(unexpected("an offer is answered", fault)),
        }
        Ok(())
    }

    fn refused(&mut self, why: Refused, heard: bool) {
        let runs = self.memory.booted.is_some_and(|booted| booted.image == self.target().image);
        match why {
            // The device says what it runs, or tries what it has.
            Refused::AlreadyThere if runs && heard => self.hear(),
            Refused::AlreadyThere if runs => {}
            Refused::AlreadyThere => self.memory = Memory::default(),
            _ if heard => self.verdict = Verdict::Failed,
            _ => {}
        }
    }

    fn chunk(&mut self) -> Result<(), Violation> {
        let Some(next) = self.memory.next else { return Ok(()) };
        let bytes = &self.target().bytes;
        let end = (next + self.history.chunk).min(self.target().image.length);
        let mut piece = bytes[next as usize..end as usize].to_vec();
        if self.corrupted
            && next == 0
            && let Some(byte) = piece.first_mut()
        {
            *byte ^= 1;
        }
        let stored = self.slots.store(next, &piece);
        if !self.is_powered() {
            return Ok(());
        }
        stored.map_err(|fault| unexpected("a piece is stored", fault))?;
        self.memory.next = Some(end);
        Ok(())
    }

    fn stage(&mut self) -> Result<(), Violation> {
        self.promises.staging(self.target().image);
        let staged = self.slots.stage();
        if !self.is_powered() {
            return Ok(());
        }
        match staged {
            // It restarts into it.
            Ok(()) => self.memory = Memory::default(),
            Err(Fault::Damaged) if self.corrupted => {
                self.corrupted = false;
                self.memory.next = None;
            }
            Err(fault) => return Err(unexpected("what was stored is staged", fault)),
        }
        Ok(())
    }

    fn health(&mut self) -> Result<(), Violation> {
        let Some(Booted { slot, image, .. }) = self.memory.booted else { return Ok(()) };
        let health = self.spec(&image).map(|spec| spec.health);
        match health {
            Some(Health::Well) => {
                self.promises.confirming(image);
                let confirmed = self.slots.confirm(slot);
                if !self.is_powered() {
                    return Ok(());
                }
                confirmed.map_err(|fault| unexpected("a good image is confirmed", fault))?;
                self.promises.confirmed(image);
                self.memory.on_trial = false;
                self.memory.to_report = true;
            }
            Some(Health::Unwell) => {
                let rejected = self.slots.reject(slot);
                if !self.is_powered() {
                    return Ok(());
                }
                rejected.map_err(|fault| unexpected("a bad image rejects itself", fault))?;
                self.promises.rejected(image.digest);
                self.memory = Memory::default();
            }
            Some(Health::Crashes) | None => self.memory = Memory::default(),
        }
        Ok(())
    }

    /// Whether cloud and device agree, and on the right image; to be asked when nothing happens next.
    ///
    /// # Errors
    /// [`Violation`].
    pub fn agree(&self) -> Result<(), Violation> {
        const AGREE: &str = "cloud and device agree on what runs";
        let running = self.memory.booted.map(|booted| booted.image);
        if running.map(|image| image.digest) != self.believed {
            return Err(Violation::new(AGREE, "the cloud believes in another image"));
        }
        let target = self.target();
        let runs = running == Some(target.image);
        match self.verdict {
            Verdict::Wanted => {
                Err(Violation::new(AGREE, "nothing happens, and the update is open"))
            }
            Verdict::Done if !runs => Err(Violation::new(AGREE, "done, and another image runs")),
            Verdict::Failed if runs => Err(Violation::new(AGREE, "failed, and the image runs")),
            Verdict::Done | Verdict::Failed => Ok(()),
        }
    }
}

fn unexpected(promise: &'static str, fault: Fault<Broken>) -> Violation {
    Violation::new(promise, fault.to_string())
}
