//! Where a life puts what is to be sent, told and stored, and the little randomness it needs.

use super::{Happening, Intake};
use crate::saved::Saved;
use std::collections::VecDeque;

/// What comes out of a life.
pub(crate) struct Outlet {
    pub(crate) transmit: VecDeque<Vec<u8>>,
    pub(crate) happenings: VecDeque<Happening>,
    /// The session, once the device left.
    pub(crate) parting: Option<Saved>,
    /// Where pieces of an update go.
    pub(crate) intake: Intake,
    random: u64,
}

impl Outlet {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            transmit: VecDeque::new(),
            happenings: VecDeque::new(),
            parting: None,
            intake: Intake::default(),
            random: seed,
        }
    }

    pub(crate) fn tell(&mut self, happening: Happening) {
        self.happenings.push_back(happening);
    }

    /// Spreads repetitions in time (RFC 7252 4.2); SplitMix64, not for secrets.
    pub(crate) fn jitter(&mut self) -> u16 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ (self.random >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed >> 48) as u16
    }
}
