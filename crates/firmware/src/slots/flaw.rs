//! Bugs to plant: what `tests/powercuts` has to find.

use super::{Slots, Standing, State};
use crate::flash::Flash;

/// A bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A state is written once, not twice.
    WrittenOnce,
    /// A full bank is erased and written again, though it holds what counts.
    ErasesWhatCounts,
    /// A state of which one copy is lost is not written again.
    NotMended,
    /// The boots of an image on trial are not counted.
    BootsNotCounted,
    /// A rejected image is not remembered.
    RejectedForgotten,
    /// Confirming does not raise the security counter.
    CounterNotRaised,
    /// An image is taken for whole without being read.
    BootsUnverified,
    /// An update is written over the running image.
    WritesOverRunning,
    /// A block is marked as stored before it is.
    MarkedBeforeStored,
    /// An image is confirmed by being booted.
    ConfirmedByBooting,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::WrittenOnce,
        Self::ErasesWhatCounts,
        Self::NotMended,
        Self::BootsNotCounted,
        Self::RejectedForgotten,
        Self::CounterNotRaised,
        Self::BootsUnverified,
        Self::WritesOverRunning,
        Self::MarkedBeforeStored,
        Self::ConfirmedByBooting,
    ];
}

impl<F: Flash> Slots<F> {
    /// Plants a bug.
    #[must_use]
    pub fn with_flaw(mut self, flaw: Option<Flaw>) -> Self {
        self.flaw = flaw;
        self
    }

    /// What a flaw makes of a state that is about to be written.
    pub(super) fn weakened(&self, mut state: State) -> State {
        let on_trial = super::Slot::BOTH.into_iter().find(|slot| {
            state.entry(*slot).is_some_and(|entry| matches!(entry.standing, Standing::Trial { .. }))
        });
        match (self.flaw, on_trial) {
            (Some(Flaw::BootsNotCounted), Some(slot)) => {
                state.stand(slot, Standing::Trial { boots: 0 });
            }
            (Some(Flaw::ConfirmedByBooting), Some(slot)) => state.confirm(slot),
            (Some(Flaw::CounterNotRaised), _) => state.floor = 0,
            (Some(Flaw::RejectedForgotten), _) => state.rejected = State::EMPTY.rejected,
            _ => {}
        }
        state
    }
}
