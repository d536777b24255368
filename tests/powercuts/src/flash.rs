//! Flash that loses its power at a chosen point.
//!
//! Writing a byte takes one point, ending a write or an erasure another; erasing takes one for each byte of the block.
//! At a point inside a write the byte is half written: some of its bits are clear. At a point inside an erasure the
//! bytes before are erased, and some bits of those after are set. A chip with error correction cannot read a torn unit
//! at all. Writing a unit twice without erasing it, or across its bounds, is noted: real chips do not allow it.

use fastrand::Rng;
use pintle_firmware::flash::{Area, ERASED, Flash, Geometry};

/// Why nothing happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Broken {
    /// There is no power.
    Power,
    /// The unit was torn, and its error correction says so.
    Torn,
}

/// Flash that can lose its power.
#[derive(Clone, Debug)]
pub struct CutFlash {
    bytes: Vec<u8>,
    /// One for each unit that cannot be read; empty for a chip without error correction.
    torn: Vec<bool>,
    geometry: Geometry,
    rng: Rng,
    points: u64,
    cut: Option<u64>,
    powered: bool,
    misuse: Option<String>,
}

impl CutFlash {
    /// Erased flash.
    #[must_use]
    pub fn new(size: u32, geometry: Geometry, corrects_errors: bool, seed: u64) -> Self {
        let units = if corrects_errors { size / geometry.unit } else { 0 };
        Self {
            bytes: vec![ERASED; size as usize],
            torn: vec![false; units as usize],
            geometry,
            rng: Rng::with_seed(seed),
            points: 0,
            cut: None,
            powered: true,
            misuse: None,
        }
    }

    /// How many points have passed.
    #[must_use]
    pub const fn points(&self) -> u64 {
        self.points
    }

    /// Cuts the power when `after` more points have passed; what is torn is torn by `seed`.
    pub fn cut_after(&mut self, after: u64, seed: u64) {
        self.cut = Some(after);
        self.rng = Rng::with_seed(seed);
    }

    /// Whether the power is there.
    #[must_use]
    pub const fn is_powered(&self) -> bool {
        self.powered
    }

    /// The power comes back, and nothing cuts it.
    pub const fn restore(&mut self) {
        self.powered = true;
        self.cut = None;
    }

    /// What was done that real flash does not allow.
    #[must_use]
    pub fn misuse(&self) -> Option<&str> {
        self.misuse.as_deref()
    }

    /// The bytes of a range.
    #[must_use]
    pub fn peek(&self, at: u32, length: u32) -> &[u8] {
        self.bytes.get(at as usize..(at + length) as usize).unwrap_or_default()
    }

    /// Turns one bit of an area, by its own chance and mostly where something is written; with error correction its unit
    /// becomes unreadable.
    pub fn turn_a_bit(&mut self, area: Area) {
        let begin = area.start + self.rng.u32(..area.length);
        let written = |at: &u32| self.bytes[*at as usize] != ERASED;
        let found = (begin..area.end()).chain(area.start..begin).find(written);
        let at = if self.rng.u8(..4) == 0 { begin } else { found.unwrap_or(begin) };
        if self.torn.is_empty() {
            self.bytes[at as usize] ^= 1 << self.rng.u8(..8);
        } else {
            self.torn[(at / self.geometry.unit) as usize] = true;
        }
    }

    /// Puts bytes there by other means.
    pub fn put(&mut self, at: u32, bytes: &[u8]) {
        self.bytes[at as usize..at as usize + bytes.len()].copy_from_slice(bytes);
    }

    /// The point inside an operation of `length` bytes at which the power fails, if it does.
    fn passes(&mut self, length: usize) -> Option<usize> {
        let all = length as u64 + 1;
        match self.cut {
            Some(left) if left < all => {
                self.points += left;
                self.cut = None;
                self.powered = false;
                Some(left as usize)
            }
            left => {
                self.cut = left.map(|left| left - all);
                self.points += all;
                None
            }
        }
    }

    fn note(&mut self, what: String) {
        self.misuse.get_or_insert(what);
    }

    fn set_torn(&mut self, from: usize, to: usize, torn: bool) {
        let unit = self.geometry.unit as usize;
        if let Some(units) = self.torn.get_mut(from / unit..to.div_ceil(unit)) {
            units.fill(torn);
        }
    }

    fn check_write(&mut self, at: usize, length: usize) {
        let unit = self.geometry.unit as usize;
        if !at.is_multiple_of(unit) || !length.is_multiple_of(unit) {
            return self.note(format!("{length} bytes written at {at}: not whole units of {unit}"));
        }
        let written = self.bytes[at..at + length].iter().position(|byte| *byte != ERASED);
        let torn = self.torn.get(at / unit..(at + length) / unit).unwrap_or_default();
        if let Some(index) = written {
            self.note(format!("written again without erasing, at {}", at + index));
        } else if torn.contains(&true) {
            self.note(format!("a torn unit written without erasing, from {at}"));
        }
    }
}

impl Flash for CutFlash {
    type Error = Broken;

    fn geometry(&self) -> Geometry {
        self.geometry
    }

    fn read(&self, at: u32, out: &mut [u8]) -> Result<(), Broken> {
        if !self.powered {
            return Err(Broken::Power);
        }
        let (at, end) = (at as usize, at as usize + out.len());
        let unit = self.geometry.unit as usize;
        let torn = self.torn.get(at / unit..end.div_ceil(unit)).unwrap_or_default();
        if torn.contains(&true) {
            return Err(Broken::Torn);
        }
        out.copy_from_slice(&self.bytes[at..end]);
        Ok(())
    }

    fn write(&mut self, at: u32, bytes: &[u8]) -> Result<(), Broken> {
        if !self.powered {
            return Err(Broken::Power);
        }
        let at = at as usize;
        self.check_write(at, bytes.len());
        let cut = self.passes(bytes.len());
        let whole = cut.unwrap_or(bytes.len());
        for (place, byte) in self.bytes[at..].iter_mut().zip(&bytes[..whole]) {
            *place &= byte;
        }
        let Some(cut) = cut else { return Ok(()) };
        if let Some(byte) = bytes.get(cut) {
            self.bytes[at + cut] &= byte | self.rng.u8(..);
            let unit = self.geometry.unit as usize;
            let begin = cut / unit * unit;
            if cut > begin || self.bytes[at + cut] != ERASED {
                self.set_torn(at + begin, at + begin + unit, true);
            }
        }
        Err(Broken::Power)
    }

    fn erase(&mut self, at: u32) -> Result<(), Broken> {
        if !self.powered {
            return Err(Broken::Power);
        }
        let (at, block) = (at as usize, self.geometry.block as usize);
        if !at.is_multiple_of(block) {
            self.note(format!("erased at {at}: not where a block of {block} begins"));
        }
        let cut = self.passes(block);
        let whole = cut.unwrap_or(block);
        self.bytes[at..at + whole].fill(ERASED);
        let Some(cut) = cut else {
            self.set_torn(at, at + block, false);
            return Ok(());
        };
        for byte in &mut self.bytes[at + cut..at + block] {
            *byte |= self.rng.u8(..);
        }
        if cut < block {
            self.set_torn(at + cut, at + block, true);
        }
        Err(Broken::Power)
    }
}
