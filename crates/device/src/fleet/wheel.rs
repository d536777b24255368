//! When each device wants to be looked at: a wheel of time slots that hold device numbers. An alarm that is no
//! longer wanted is not searched for: its device knows the time of the one that counts.

/// The length of a slot, in milliseconds.
const SLOT: u32 = 8;
/// How many slots there are: about half a minute. Who wants to wait longer is woken once on the way.
const SLOTS: u32 = 4096;

/// The wheel.
pub(super) struct Wheel {
    slots: Vec<Vec<u32>>,
    /// The next slot to ring, counted from the start.
    next: u32,
}

impl Wheel {
    /// A wheel that starts at 0.
    pub(super) fn new() -> Self {
        Self { slots: vec![Vec::new(); SLOTS as usize], next: 0 }
    }

    /// Rings for `device` at `at` milliseconds, or a little after, or for a far time before it; returns the time
    /// that it will ring with.
    pub(super) fn set(&mut self, device: u32, at: u32) -> u32 {
        let slot = at.div_ceil(SLOT).clamp(self.next, self.next + SLOTS - 1);
        if let Some(slot) = self.slots.get_mut((slot % SLOTS) as usize) {
            slot.push(device);
        }
        slot * SLOT
    }

    /// Takes the devices of the next slot that rang by `now`, and its time. The vector comes back empty through
    /// [`Self::give_back`].
    pub(super) fn due(&mut self, now: u32) -> Option<(u32, Vec<u32>)> {
        let at = self.next * SLOT;
        if at > now {
            return None;
        }
        let slot = self.slots.get_mut((self.next % SLOTS) as usize)?;
        self.next += 1;
        Some((at, std::mem::take(slot)))
    }

    /// Keeps the room of an emptied slot for the next turn.
    pub(super) fn give_back(&mut self, at: u32, mut emptied: Vec<u32>) {
        emptied.clear();
        if let Some(slot) = self.slots.get_mut((at / SLOT % SLOTS) as usize)
            && slot.capacity() == 0
        {
            *slot = emptied;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ring(wheel: &mut Wheel, now: u32) -> Vec<(u32, u32)> {
        let mut rang = Vec::new();
        while let Some((at, devices)) = wheel.due(now) {
            rang.extend(devices.iter().map(|device| (*device, at)));
            wheel.give_back(at, devices);
        }
        rang
    }

    #[test]
    fn an_alarm_rings_at_its_time_and_not_before() {
        let mut wheel = Wheel::new();
        let at = wheel.set(7, 1000);
        assert_eq!(at, 1000);
        assert_eq!(ring(&mut wheel, 999), []);
        assert_eq!(ring(&mut wheel, 1000), [(7, 1000)]);
        assert_eq!(ring(&mut wheel, 100_000), []);
    }

    #[test]
    fn an_alarm_for_a_far_time_rings_on_the_way() {
        let mut wheel = Wheel::new();
        let at = wheel.set(7, 1_000_000);
        assert!(at < 1_000_000);
        assert_eq!(ring(&mut wheel, 1_000_000), [(7, at)]);
    }

    #[test]
    fn an_alarm_for_the_past_rings_next() {
        let mut wheel = Wheel::new();
        assert_eq!(ring(&mut wheel, 1000), []);
        let at = wheel.set(7, 10);
        assert!(at > 1000 && at <= 1000 + SLOT);
        assert_eq!(ring(&mut wheel, at), [(7, at)]);
    }
}
