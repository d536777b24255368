//! Whether a stage has met its success bar, or never will.
//!
//! The bar is held against those of the stage that can tell anything: not those that left, not those that were offline
//! for longer than the plan's patience, and not failures that a person who resumed the rollout knew of.

use super::fact::{Kind, Member, State};

/// How the devices of one stage stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    counts: [u32; Kind::ALL.len()],
    excused: u32,
    forgiven: u32,
}

impl Tally {
    /// Counts a device; `away` where it is offline for too long to be waited for.
    pub fn count(&mut self, member: &Member, state: &State, away: bool) {
        if let Some(count) = self.counts.get_mut(state.kind as usize) {
            *count += 1;
        }
        let forgiven = state.kind.is_failure() && member.forgiven == Some(state.kind);
        self.forgiven += u32::from(forgiven);
        let is_away = away && state.kind == Kind::Offline;
        self.excused += u32::from(forgiven || is_away || state.kind == Kind::Exempt);
    }

    /// How many are so.
    pub fn of(&self, kind: Kind) -> u32 {
        self.counts.get(kind as usize).copied().unwrap_or(0)
    }

    /// How many there are.
    pub fn all(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// How many are being sent the image, or have it and are awaited.
    pub fn under_way(&self) -> u32 {
        self.sum(Kind::is_under_way)
    }

    /// How many failed that nobody has forgiven.
    pub fn failed(&self) -> u32 {
        self.sum(Kind::is_failure).saturating_sub(self.forgiven)
    }

    /// Against how many the bar is held.
    pub fn base(&self) -> u32 {
        self.all().saturating_sub(self.excused)
    }

    /// Whether enough are updated, whatever becomes of the others. A stage of nobody has nothing to wait for; one whose
    /// devices are all away has.
    pub fn is_met(&self, success: u8) -> bool {
        let nobody = self.all() == self.of(Kind::Exempt);
        nobody || (self.base() > 0 && reaches(self.of(Kind::Updated), self.base(), success))
    }

    /// Whether the bar cannot be met any more, even if all the others are updated.
    pub fn is_lost(&self, success: u8) -> bool {
        let at_best = self.base().saturating_sub(self.failed());
        self.failed() > 0 && !reaches(at_best, self.base(), success)
    }

    /// The failures, for a person: `2 fell back, 1 quiet`.
    pub fn failures(&self) -> String {
        let failed = Kind::ALL.into_iter().filter(|kind| kind.is_failure() && self.of(*kind) > 0);
        let words = failed.map(|kind| match kind {
            Kind::FellBack => format!("{} fell back", self.of(kind)),
            Kind::Refused => format!("{} refused", self.of(kind)),
            _ => format!("{} gone quiet", self.of(kind)),
        });
        words.collect::<Vec<_>>().join(", ")
    }

    fn sum(&self, which: fn(Kind) -> bool) -> u32 {
        Kind::ALL.into_iter().filter(|kind| which(*kind)).map(|kind| self.of(kind)).sum()
    }
}

fn reaches(count: u32, of: u32, percent: u8) -> bool {
    u64::from(count) * 100 >= u64::from(of) * u64::from(percent)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pintle_protocol::DeviceId;

    fn tally(kinds: &[(Kind, u32)]) -> Tally {
        let mut tally = Tally::default();
        let member = Member::new(DeviceId::from_bytes([1; 12]), 0);
        for (kind, count) in kinds {
            for _ in 0..*count {
                tally.count(&member, &State::plain(*kind), true);
            }
        }
        tally
    }

    #[test]
    fn a_bar_is_lost_as_soon_as_the_rest_cannot_make_up_for_it() {
        let one_of_twenty = tally(&[(Kind::FellBack, 1), (Kind::Waiting, 19)]);
        assert!(!one_of_twenty.is_lost(95) && one_of_twenty.is_lost(96));
        let two = tally(&[(Kind::FellBack, 1), (Kind::Refused, 1), (Kind::Updated, 18)]);
        assert!(two.is_lost(95) && !two.is_met(95) && two.is_met(90));
        assert_eq!(two.failures(), "1 fell back, 1 refused");
        assert!(!tally(&[(Kind::Waiting, 1)]).is_lost(100));
    }

    #[test]
    fn who_is_away_is_held_against_nobody_and_for_nobody() {
        let most_away = tally(&[(Kind::Offline, 90), (Kind::Updated, 10)]);
        assert!(most_away.is_met(100) && !most_away.is_lost(100));
        let all_away = tally(&[(Kind::Offline, 90)]);
        assert!(!all_away.is_met(1) && !all_away.is_lost(100));
        assert!(tally(&[(Kind::Exempt, 3)]).is_met(100) && tally(&[]).is_met(100));
    }

    #[test]
    fn what_a_person_knew_of_counts_no_more_and_a_new_failure_does() {
        let mut tally = tally(&[(Kind::Updated, 9)]);
        let quiet =
            Member { forgiven: Some(Kind::Quiet), ..Member::new(DeviceId::from_bytes([1; 12]), 0) };
        tally.count(&quiet, &State::plain(Kind::Quiet), false);
        assert!(tally.is_met(100) && !tally.is_lost(100));
        tally.count(&quiet, &State::plain(Kind::FellBack), false);
        assert!(tally.is_lost(95));
    }
}
