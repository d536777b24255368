//! The firmware of one device: its slots, whose word counts for them, and what it does with an update (P8).
//!
//! 1. [`Store::begin`] (in [`super::intake`]) asks for a release that holds, where a keyring is pinned, and the slots whether the image is
//!    wanted. What came with the release is remembered before a byte is stored.
//! 2. Pieces go to the slot that is not running.
//! 3. [`Store::finish`] reads the file back from flash, looks at everything that a module can have wrong, puts its
//!    program where it can be run, and lets the next start try it.
//! 4. [`Store::boot`] decides what runs. An image on trial is confirmed or rejected by whoever runs it.

use super::content::program_of;
use super::declined::of_disk;
use super::flash::{FlashError, Medium};
use super::note::{Note, Notes};
use super::trust::Trust;
use crate::error::Error;
use crate::life::{Declined, LastReset, Updates};
use crate::private_file;
use pintle_firmware::Digest;
use pintle_firmware::flash::Flash;
use pintle_firmware::module::{Dependency, Module, Product, Reason};
use pintle_firmware::release::{MAX_STATEMENT, Release, Time};
use pintle_firmware::slots::{Booted, Fault, Image, Slot, Slots, State, Why};
use std::borrow::Cow;
use std::path::PathBuf;

/// Mode of a program: its owner runs it.
const PROGRAM: u32 = 0o700;

/// What firmware has to be for, and what is there for it to need.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Purpose {
    /// The device's platform.
    pub(crate) platform: u16,
    /// Its product, where it is configured; else that of the firmware it runs.
    pub(crate) product: Option<u16>,
    /// The version of its system part.
    pub(crate) system_version: u16,
}

/// The firmware that a device runs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Firmware {
    /// The SHA-256 of the module's file.
    pub sha256: [u8; 32],
    /// Its product and its version there, if it has one.
    pub product: Option<Product>,
    /// The module's own version.
    pub version: u16,
    /// Which user part it is.
    pub index: u8,
    /// What it needs.
    pub dependencies: Vec<Dependency>,
    /// The length of the module's file in bytes.
    pub size: u32,
    /// How long such a file may be, in bytes.
    pub room: u32,
}

/// What is to be run.
#[derive(Debug)]
pub(crate) struct Boot {
    pub(crate) firmware: Firmware,
    /// Whether it has to show that it is well.
    pub(crate) on_trial: bool,
    /// What the cloud is to be told of it.
    pub(crate) report: Option<LastReset>,
    /// Its program; none of a virtual device.
    pub(crate) program: Option<Result<PathBuf, Declined>>,
    slot: Slot,
}

/// An update on its way.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) image: Image,
    pub(super) release: Option<Release>,
    /// It is the image that is there already: nothing is to be stored.
    pub(super) there: bool,
}

/// The firmware of one device.
#[derive(Debug)]
pub(crate) struct Store {
    pub(super) slots: Slots<Medium>,
    pub(super) trust: Trust,
    pub(super) notes: Notes,
    pub(super) purpose: Purpose,
    /// Where programs go; nowhere for a virtual device.
    pub(super) programs: Option<PathBuf>,
    pub(super) clock: fn() -> Time,
    pub(super) incoming: Option<Incoming>,
    pub(super) running: Option<(Slot, Firmware)>,
}

impl Store {
    /// The firmware on a flash.
    ///
    /// # Errors
    /// [`Error::Slots`] for a flash that is too small.
    pub(crate) fn new(
        medium: Medium,
        trust: Trust,
        purpose: Purpose,
        folder: Option<PathBuf>,
    ) -> Result<Self, Error> {
        let layout = medium.layout();
        let slots = Slots::new(medium, layout).map_err(|fault| Error::Slots(fault.to_string()))?;
        Ok(Self {
            slots,
            trust,
            notes: Notes::new(folder.as_deref()),
            purpose,
            programs: folder,
            clock: super::clock::now,
            incoming: None,
            running: None,
        })
    }

    /// Whether there is a last known good image.
    pub(crate) fn is_installed(&self) -> bool {
        self.slots.state().current.is_some()
    }

    /// What the slots hold.
    pub(crate) fn state(&self) -> State {
        self.slots.state()
    }

    /// Makes `file` the first image of a device that has none: it counts as well.
    ///
    /// # Errors
    /// [`Declined`]: what is wrong with it, as of an update.
    pub(crate) fn install(&mut self, file: &[u8], statement: &[u8]) -> Result<(), Declined> {
        let length = u32::try_from(file.len()).unwrap_or(u32::MAX);
        let (image, release) = self.judge(Some(Digest::of(file)), length, statement)?;
        let slot = Slot::A;
        let geometry = self.slots.flash().geometry();
        let area = self.slots.layout().image(slot, geometry);
        let area = area.filter(|area| area.length >= length).ok_or(Reason::TooLarge {
            size: file.len(),
            limit: self.slots.layout().room(geometry) as usize,
        })?;
        self.examine(file, release.as_ref())?;
        self.prepare(slot, file)?;
        let mut at = area.start;
        for piece in file.chunks(geometry.block as usize) {
            let mut padded = piece.to_vec();
            padded.resize(piece.len().next_multiple_of(geometry.unit as usize), 0xff);
            let flash = self.slots.flash_mut();
            let written = flash.erase(at).and_then(|()| flash.write(at, &padded));
            written.map_err(|FlashError(reason)| of_disk("store the firmware", reason))?;
            at += geometry.block;
        }
        Ok(self.slots.install(slot, image, statement)?)
    }

    /// Decides what runs; to be called whenever the device starts.
    ///
    /// # Errors
    /// [`Error::Slots`] when nothing can.
    pub(crate) fn boot(&mut self) -> Result<Boot, Error> {
        self.incoming = None;
        let trust = &self.trust;
        let admits = |slots: &Slots<Medium>, slot, image: &Image| {
            !trust.asks_for_a_release() || trust.admits(&statement(slots, slot), image)
        };
        let no_boot = |fault: Fault<FlashError>| Error::Slots(Declined::from(fault).message);
        let booted = self.slots.boot_if(admits).map_err(no_boot)?;
        let file = self.read(booted.slot, booted.image.length);
        let file = file.map_err(|fault| Error::Slots(fault.message))?;
        let firmware = self.firmware_of(&file, &booted)?;
        let report = self.report(booted.why);
        let program = self.programs.is_some().then(|| self.prepare(booted.slot, &file));
        let program = program.map(|path| path.map(Option::unwrap_or_default));
        self.running = Some((booted.slot, firmware.clone()));
        let on_trial = matches!(booted.why, Why::Trial { .. });
        Ok(Boot { firmware, on_trial, report, program, slot: booted.slot })
    }

    fn firmware_of(&self, file: &[u8], booted: &Booted) -> Result<Firmware, Error> {
        let module = Module::read(file).map_err(|why| Error::Slots(why.to_string()))?;
        let product = module.suffix().product.filter(|product| *product != Product::NONE);
        Ok(Firmware {
            sha256: booted.image.digest.0,
            product,
            version: module.prefix().version,
            index: module.prefix().index,
            dependencies: module.dependencies().collect(),
            size: booted.image.length,
            room: self.room(),
        })
    }

    /// What the cloud is to be told of this start.
    fn report(&mut self, why: Why) -> Option<LastReset> {
        let (image, because) = match why {
            Why::Trial { .. } => return Some(LastReset::Updated),
            Why::FellBack { from } => (from, "it was started several times, and never well"),
            Why::Damaged { what } => (what, "it was damaged on flash, or is not signed any more"),
            Why::Confirmed | Why::LastResort => {
                let note = self.notes.read()?;
                let was_rejected = self.slots.state().was_rejected(&note.image);
                return was_rejected.then(|| note.to_report());
            }
        };
        let note = Note { image: image.digest, timed_out: false, why: because.to_owned() };
        self.notes.write(&note);
        Some(note.to_report())
    }

    /// The cloud was told.
    pub(crate) fn reported(&mut self) {
        self.notes.forget();
    }

    /// The image on trial is well: it is the last known good one from now on.
    ///
    /// # Errors
    /// [`Declined`] when that could not be written down: it stays on trial.
    pub(crate) fn confirm(&mut self, boot: &Boot) -> Result<(), Declined> {
        Ok(self.slots.confirm(boot.slot)?)
    }

    /// The image on trial is not well: it is never run again.
    ///
    /// # Errors
    /// [`Declined`] when that could not be written down: it has one trial less.
    pub(crate) fn reject(&mut self, boot: &Boot, why: &LastReset) -> Result<(), Declined> {
        let timed_out = matches!(why, LastReset::TimedOut(_));
        let (LastReset::Failed(text) | LastReset::TimedOut(text)) = why else { return Ok(()) };
        let image = Digest(boot.firmware.sha256);
        // First, so that no power cut parts the rejection from its reason; the slots say whether it counts.
        self.notes.write(&Note { image, timed_out, why: text.clone() });
        Ok(self.slots.reject(boot.slot)?)
    }

    /// Puts the program of a slot's file where it can be run; where that is.
    pub(super) fn prepare(&self, slot: Slot, file: &[u8]) -> Result<Option<PathBuf>, Declined> {
        let program: Cow<'_, [u8]> = program_of(&Module::read(file)?)?;
        let Some(folder) = &self.programs else { return Ok(None) };
        let path = folder.join(match slot {
            Slot::A => "application-a",
            Slot::B => "application-b",
        });
        // Reading what is there is quicker than writing, and a full disk does not hinder it.
        if !std::fs::read(&path).is_ok_and(|there| there == *program) {
            private_file::replace(&path, PROGRAM, &program)
                .map_err(|error| of_disk("put the program beside its settings", error.kind()))?;
        }
        Ok(Some(path))
    }

    pub(super) fn read(&self, slot: Slot, length: u32) -> Result<Vec<u8>, Declined> {
        let flash = self.slots.flash();
        let area = self.slots.layout().image(slot, flash.geometry());
        let area = area.filter(|area| area.length >= length).ok_or(Fault::Damaged)?;
        let mut file = vec![0; length as usize];
        flash.read(area.start, &mut file).map_err(Fault::Flash)?;
        Ok(file)
    }
}

/// What was signed about the image of a slot.
fn statement(slots: &Slots<Medium>, slot: Slot) -> Vec<u8> {
    let mut statement = vec![0; MAX_STATEMENT];
    let length = slots.release(slot, &mut statement).unwrap_or(0);
    statement.truncate(length);
    statement
}
