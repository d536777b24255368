//! What boots: a pure function of the state and of which images are whole.

use super::{Entry, Image, Slot, Standing, State};

/// Why an image runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It is the last known good one, and nothing newer waits.
    Confirmed,
    /// It is new: this is its so many-th boot.
    Trial {
        /// Which boot of it, from 1.
        boot: u8,
    },
    /// The new image was not confirmed in the boots it had: this is the last known good one.
    FellBack {
        /// The image that is rejected now.
        from: Image,
    },
    /// The new image was damaged on flash: this is the last known good one.
    Damaged {
        /// The image that was there.
        what: Image,
    },
    /// The last known good image is damaged: this is another that once was good, or whatever is whole.
    LastResort,
}

/// What is to be done at a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    /// The slot and image to run; none when nothing is whole.
    pub boot: Option<(Slot, Image)>,
    /// Why.
    pub why: Why,
    /// The state to be on flash before it runs.
    pub state: State,
}

/// Decides. `holds` says whether a slot really holds an image; it is asked only where it matters.
#[must_use]
pub fn decide(state: &State, trial_boots: u8, holds: impl Fn(Slot, &Image) -> bool) -> Decision {
    let mut next = *state;
    let mut why = Why::Confirmed;
    for slot in Slot::BOTH {
        match try_new(&mut next, slot, trial_boots, &holds) {
            New::Boots(image, boot) => {
                return Decision {
                    boot: Some((slot, image)),
                    why: Why::Trial { boot },
                    state: next,
                };
            }
            New::Failed(because) => why = because,
            New::None => {}
        }
    }
    let confirmed = |slot: Slot| {
        let entry = next.entry(slot).filter(|entry| entry.standing == Standing::Confirmed)?;
        let runs = entry.image.counter >= next.floor && holds(slot, &entry.image);
        runs.then_some((slot, entry.image))
    };
    if let Some(boot) = next.current.and_then(confirmed) {
        return Decision { boot: Some(boot), why, state: next };
    }
    let other = Slot::BOTH.into_iter().find_map(confirmed);
    if let Some((slot, _)) = other {
        next.current = Some(slot);
    }
    Decision { boot: other, why: Why::LastResort, state: next }
}

enum New {
    None,
    Boots(Image, u8),
    Failed(Why),
}

/// What is to be done about an image that waits or is on trial.
fn try_new(
    next: &mut State,
    slot: Slot,
    trial_boots: u8,
    holds: &impl Fn(Slot, &Image) -> bool,
) -> New {
    let Some(Entry { image, standing }) = next.entry(slot).copied() else { return New::None };
    let boot = match standing {
        Standing::Staged => 1,
        Standing::Trial { boots } => boots.saturating_add(1),
        Standing::Confirmed | Standing::Rejected => return New::None,
    };
    if !next.admits(&image) || boot > trial_boots {
        next.reject(slot);
        return New::Failed(Why::FellBack { from: image });
    }
    if !holds(slot, &image) {
        next.set(slot, None);
        return New::Failed(Why::Damaged { what: image });
    }
    next.stand(slot, Standing::Trial { boots: boot });
    New::Boots(image, boot)
}
