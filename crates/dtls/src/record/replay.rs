//! The 64-record replay window (RFC 6347 4.1.2.6). A number is marked only after its record authenticated.

/// Which of the newest 64 records were received.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct ReplayWindow {
    /// The highest sequence number received; meaningless while `seen` is 0.
    pub(crate) highest: u64,
    /// Bit n: `highest - n` was received.
    pub(crate) seen: u64,
}

impl ReplayWindow {
    /// Whether a record with this number may still be new.
    pub(crate) const fn admits(&self, sequence: u64) -> bool {
        if self.is_newest(sequence) {
            return true;
        }
        match self.highest - sequence {
            age @ 0..64 => self.seen & (1 << age) == 0,
            _ => false,
        }
    }

    /// Whether this number is above every number received.
    pub(crate) const fn is_newest(&self, sequence: u64) -> bool {
        self.seen == 0 || sequence > self.highest
    }

    /// Marks an authenticated record as received.
    pub(crate) const fn mark(&mut self, sequence: u64) {
        if self.is_newest(sequence) {
            let ahead = sequence.wrapping_sub(self.highest);
            let kept = if self.seen == 0 || ahead >= 64 { 0 } else { self.seen << ahead };
            self.seen = kept | 1;
            self.highest = sequence;
        } else if self.highest - sequence < 64 {
            self.seen |= 1 << (self.highest - sequence);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    #[test]
    fn the_first_record_may_have_any_number() {
        assert!(ReplayWindow::default().admits(0));
        assert!(ReplayWindow::default().admits(1 << 47));
    }

    #[test]
    fn p3_a_number_is_admitted_once() {
        let mut window = ReplayWindow::default();
        window.mark(5);
        assert!(!window.admits(5));
        assert!(window.admits(4) && window.admits(6));
    }

    #[test]
    fn p3_a_number_older_than_the_window_is_refused() {
        let mut window = ReplayWindow::default();
        window.mark(100);
        assert!(window.admits(37));
        assert!(!window.admits(36));
    }

    proptest! {
        #[test]
        fn p3_the_window_agrees_with_a_set(numbers in prop::collection::vec(0_u64..300, 1..200)) {
            let mut window = ReplayWindow::default();
            let mut model = BTreeSet::new();
            for number in numbers {
                let highest = model.last().copied();
                let fits = highest.is_none_or(|highest: u64| number + 64 > highest);
                let expected = fits && !model.contains(&number);
                prop_assert_eq!(window.admits(number), expected);
                if expected {
                    window.mark(number);
                    model.insert(number);
                }
            }
        }
    }
}
