//! What a device knows about its slots. A state is always written whole.

use super::Image;
use crate::Digest;

/// One of the two slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// The first.
    A,
    /// The second.
    B,
}

impl Slot {
    /// Both.
    pub const BOTH: [Self; 2] = [Self::A, Self::B];

    /// The one that this is not.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::A => Self::B,
            Self::B => Self::A,
        }
    }
}

/// How an image in a slot stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Standing {
    /// It is whole and waits for the next boot.
    Staged,
    /// It was booted so often, and is not confirmed yet.
    Trial {
        /// How often.
        boots: u8,
    },
    /// It found itself well.
    Confirmed,
    /// It did not, and is never booted again.
    Rejected,
}

/// An image in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Entry {
    /// The image.
    pub image: Image,
    /// How it stands.
    pub standing: Standing,
}

/// How many rejected images are remembered; the oldest is forgotten first.
pub const REMEMBERED: usize = 4;

/// As much of a digest as is remembered of a rejected image.
pub(super) const REMEMBERED_BYTES: usize = 16;

/// What a device knows about its slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct State {
    pub(super) a: Option<Entry>,
    pub(super) b: Option<Entry>,
    /// The slot of the last known good image.
    pub current: Option<Slot>,
    /// The security counter: no image with a lower one runs.
    pub floor: u32,
    /// The starts of the digests of rejected images, newest first; zeros where there is none.
    pub(super) rejected: [[u8; REMEMBERED_BYTES]; REMEMBERED],
}

impl State {
    /// Nothing in either slot.
    pub const EMPTY: Self = Self {
        a: None,
        b: None,
        current: None,
        floor: 0,
        rejected: [[0; REMEMBERED_BYTES]; REMEMBERED],
    };

    /// What is in a slot.
    #[must_use]
    pub const fn entry(&self, slot: Slot) -> Option<&Entry> {
        match slot {
            Slot::A => self.a.as_ref(),
            Slot::B => self.b.as_ref(),
        }
    }

    pub(super) fn set(&mut self, slot: Slot, entry: Option<Entry>) {
        match slot {
            Slot::A => self.a = entry,
            Slot::B => self.b = entry,
        }
    }

    /// Whether an image was rejected and is still remembered.
    #[must_use]
    pub fn was_rejected(&self, digest: &Digest) -> bool {
        self.rejected.contains(&short(digest))
    }

    /// Whether an image may run at all.
    #[must_use]
    pub fn admits(&self, image: &Image) -> bool {
        image.counter >= self.floor && !self.was_rejected(&image.digest)
    }

    /// Changes how the image of a slot stands.
    pub(super) fn stand(&mut self, slot: Slot, standing: Standing) {
        if let Some(entry) = self.entry(slot).copied() {
            self.set(slot, Some(Entry { standing, ..entry }));
        }
    }

    pub(super) fn confirm(&mut self, slot: Slot) {
        self.stand(slot, Standing::Confirmed);
        if let Some(entry) = self.entry(slot) {
            self.floor = self.floor.max(entry.image.counter);
            self.current = Some(slot);
        }
    }

    pub(super) fn reject(&mut self, slot: Slot) {
        self.stand(slot, Standing::Rejected);
        if let Some(entry) = self.entry(slot) {
            let digest = entry.image.digest;
            self.remember(&digest);
        }
    }

    fn remember(&mut self, digest: &Digest) {
        if !self.was_rejected(digest) {
            self.rejected.rotate_right(1);
            if let Some(first) = self.rejected.first_mut() {
                *first = short(digest);
            }
        }
    }
}

fn short(digest: &Digest) -> [u8; REMEMBERED_BYTES] {
    digest.0.first_chunk().copied().unwrap_or_default()
}
