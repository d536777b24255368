//! What happens to one device, from a seed: its flash, its images, and which updates the cloud wants when.

use fastrand::Rng;
use pintle_firmware::Digest;
use pintle_firmware::flash::{Area, Geometry};
use pintle_firmware::slots::{Image, Layout};
use std::sync::Arc;

/// What an image does when it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It is well.
    Well,
    /// It never comes as far as to say anything.
    Crashes,
    /// It says Hello, finds itself unwell, and rejects itself.
    Unwell,
}

/// An image.
#[derive(Clone, Debug)]
pub struct Spec {
    /// What identifies it.
    pub image: Image,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// What it does when it runs.
    pub health: Health,
}

/// What the cloud wants.
#[derive(Clone, Copy, Debug)]
pub struct Update {
    /// The image, by its place in the list.
    pub to: usize,
    /// The cloud changes its mind after so many steps.
    pub abandoned_after: Option<u32>,
    /// A piece of the first transfer comes with a bit turned.
    pub corrupted: bool,
}

/// What happens to a device.
#[derive(Clone, Debug)]
pub struct History {
    /// How its flash is written.
    pub geometry: Geometry,
    /// Whether its flash corrects errors.
    pub corrects_errors: bool,
    /// Where things are.
    pub layout: Layout,
    /// How large the flash is.
    pub size: u32,
    /// How often an image may boot before it is confirmed.
    pub trial_boots: u8,
    /// How many bytes a piece of a transfer has.
    pub chunk: u32,
    /// The images; the first is there from the start.
    pub images: Arc<[Spec]>,
    /// What the cloud wants, in turn.
    pub updates: Vec<Update>,
}

const BLOCKS: [u32; 3] = [256, 512, 1024];
const UNITS: [u32; 6] = [1, 4, 8, 16, 32, 64];
const RELEASE: u32 = 64;

/// Two states in each half.
const STATE: u32 = 2 * 768;

impl History {
    /// The history of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let block = BLOCKS[rng.usize(..BLOCKS.len())];
        let unit = UNITS[rng.usize(..UNITS.len())];
        let geometry = Geometry { block, unit };
        let state = STATE.next_multiple_of(2 * block) * rng.u32(1..=2);
        let slot = block * rng.u32(3..=5) + 64 * unit.max(8);
        let slot = slot.next_multiple_of(block);
        let area = |start| Area { start, length: slot };
        let layout = Layout {
            state: Area { start: 0, length: state },
            a: area(state),
            b: area(state + slot),
            release: RELEASE,
        };
        let images = images(&mut rng, layout.room(geometry));
        Self {
            geometry,
            corrects_errors: rng.u8(..3) == 0,
            size: state + 2 * slot,
            layout,
            trial_boots: if rng.u8(..4) == 0 { 1 } else { 3 },
            chunk: (unit * rng.u32(1..=8)).max(128),
            updates: updates(&mut rng, images.len()),
            images,
        }
    }
}

/// The first image is well and small; the others as it comes.
fn images(rng: &mut Rng, room: u32) -> Arc<[Spec]> {
    let mut counter = 1;
    let count = rng.u16(3..=5);
    let mut spec = |version: u16| {
        let health = match rng.u8(..6) {
            _ if version == 0 => Health::Well,
            0 => Health::Crashes,
            1 => Health::Unwell,
            _ => Health::Well,
        };
        counter += rng.u32(..3) / 2;
        let older = version > 1 && rng.u8(..8) == 0;
        let length = rng.u32(1..=room.min(1500));
        let bytes: Vec<u8> = (0..length).map(|_| rng.u8(..)).collect();
        let image = Image {
            digest: Digest::of(&bytes),
            length,
            counter: if older { counter.saturating_sub(1) } else { counter },
            version,
        };
        Spec { image, bytes, health }
    };
    (0..count).map(&mut spec).collect()
}

fn updates(rng: &mut Rng, images: usize) -> Vec<Update> {
    let mut updates: Vec<Update> = (1..images)
        .map(|to| Update {
            to,
            abandoned_after: (rng.u8(..5) == 0).then(|| rng.u32(1..12)),
            corrupted: rng.u8(..6) == 0,
        })
        .collect();
    // One that the device has seen before: to be refused if it was rejected, or is older.
    let again = rng.usize(1..images);
    updates.push(Update { to: again, abandoned_after: None, corrupted: false });
    updates
}
