//! What a device does by itself, whatever a cloud sends: a virtual one with the agent's own slots and trust, handed each
//! update as a cloud would that checks nothing, or was taken over.

use super::Trials;
use super::image::{Kind, sha256, turned};
use super::team::{REVIEWERS, Says, Team};
use pintle_attack::Outcome;
use pintle_device::{Bench, VirtualFirmware};

/// Bytes of content of an image; more than one block of flash.
const SIZE: usize = 9_000;
/// Room for an image, in bytes.
const ROOM: u32 = 32 << 10;
/// A device starts new firmware that never says it is well at most so often.
const MOST_STARTS: usize = 12;
/// No update takes more writes than this.
const MOST_WRITES: u32 = 2_000;

/// A device, and the people who sign for it.
pub struct Workbench {
    kind: Kind,
    team: Team,
    strangers: Team,
    first: Vec<u8>,
    second: Vec<u8>,
    third: Vec<u8>,
    /// Whether a keyring is pinned in the device: else it takes what nobody signed.
    pinned: bool,
}

const FIRST: Says = Says { version: 1, counter: 1, number: 1 };
const SECOND: Says = Says { version: 2, counter: 5, number: 5 };
const THIRD: Says = Says { version: 3, counter: 5, number: 6 };

type Trial = fn(&Workbench) -> Option<Outcome>;

/// All trials, by name.
const TRIALS: &[(&str, Trial)] = &[
    ("sound", sound),
    ("unsigned", unsigned),
    ("unreviewed", unreviewed),
    ("strangers", strangers),
    ("other-file", other_file),
    ("other-keyring", other_keyring),
    ("turned-bit", turned_bit),
    ("other-board", other_board),
    ("other-product", other_product),
    ("older-counter", older_counter),
    ("older-statement", older_statement),
    ("ended", ended),
    ("too-long", too_long),
    ("power-cut", power_cut),
    ("resumed", resumed),
    ("unwell", unwell),
    ("never-well", never_well),
    ("once-rejected", once_rejected),
];

impl Workbench {
    /// Makes a device and its people; none where the system has no random bytes. `now` in seconds since 1970.
    #[must_use]
    pub fn new(kind: Kind, now: u64) -> Option<Self> {
        Some(Self {
            kind,
            team: Team::new(kind.product, kind.platform, now)?,
            strangers: Team::new(kind.product, kind.platform, now)?,
            first: kind.image(1, SIZE),
            second: kind.image(2, SIZE),
            third: kind.image(3, SIZE),
            pinned: true,
        })
    }

    /// The same with a device that nobody pinned a keyring in.
    #[must_use]
    pub fn unpinned(self) -> Self {
        Self { pinned: false, ..self }
    }

    /// Tries all of it.
    #[must_use]
    pub fn try_all(&self) -> Trials {
        let none =
            || Outcome::untried("no random bytes for keys, or no virtual device could be made");
        TRIALS
            .iter()
            .map(|(name, trial)| ((*name).to_owned(), trial(self).unwrap_or_else(none)))
            .collect()
    }

    fn firmware(&self) -> Option<VirtualFirmware> {
        let firmware = VirtualFirmware::new(self.first.clone()).room(ROOM);
        if !self.pinned {
            return Some(firmware);
        }
        let release = self.team.release(&self.first, FIRST, REVIEWERS)?;
        Some(firmware.signed(self.team.keyring(1)?, release))
    }

    fn open(&self, firmware: &VirtualFirmware) -> Option<Bench> {
        firmware.bench(self.kind.platform, Some(self.kind.product)).ok()
    }

    /// A device that runs the first image.
    fn bench(&self) -> Option<Bench> {
        let mut bench = self.open(&self.firmware()?)?;
        bench.start().ok()?;
        Some(bench)
    }

    /// A device that took the second image and found it well.
    fn updated(&self) -> Option<Bench> {
        let mut bench = self.bench()?;
        let release = self.team.release(&self.second, SECOND, REVIEWERS)?;
        bench.offer(&self.second, &self.second, &release).ok()?;
        bench.start_and_judge(Ok(())).ok()?;
        Some(bench)
    }

    /// Hands the device something that it must not take; `runs` is what it has to run afterwards.
    fn refuses(&self, mut bench: Bench, offer: &Offer<'_>, runs: &[u8]) -> Outcome {
        if bench.offer(offer.file, offer.sent, offer.statement).is_ok() {
            return Outcome::broke("the device took it");
        }
        match bench.start() {
            Ok(started) if started.sha256 == sha256(runs) && !started.on_trial => {
                Outcome::held("refused, and the firmware from before runs")
            }
            Ok(_) => Outcome::broke("the device refused it, and runs something else than before"),
            Err(_) => Outcome::broke("the device refused it, and runs nothing any more"),
        }
    }

    /// The same, for a device as it was made.
    fn refuses_at_first(&self, offer: &Offer<'_>) -> Option<Outcome> {
        Some(self.refuses(self.bench()?, offer, &self.first))
    }
}

/// What is handed to a device.
struct Offer<'a> {
    file: &'a [u8],
    sent: &'a [u8],
    statement: &'a [u8],
}

impl<'a> Offer<'a> {
    const fn of(file: &'a [u8], statement: &'a [u8]) -> Self {
        Self { file, sent: file, statement }
    }
}

fn sound(on: &Workbench) -> Option<Outcome> {
    let mut bench = on.bench()?;
    let release = on.team.release(&on.second, SECOND, REVIEWERS)?;
    if let Err(why) = bench.offer(&on.second, &on.second, &release) {
        return Some(Outcome::broke(format!("the device refused what is sound: {why}")));
    }
    let new = sha256(&on.second);
    let tried = bench.start_and_judge(Ok(())).ok()?;
    let kept = bench.start().ok()?;
    let is = tried.sha256 == new && tried.on_trial && kept.sha256 == new && !kept.on_trial;
    Some(match is {
        true => Outcome::held("taken, tried, found well and kept"),
        false => Outcome::broke("the device took it, and did not keep it"),
    })
}

fn unsigned(on: &Workbench) -> Option<Outcome> {
    on.refuses_at_first(&Offer::of(&on.second, &[]))
}

fn unreviewed(on: &Workbench) -> Option<Outcome> {
    let release = on.team.release(&on.second, SECOND, REVIEWERS - 1)?;
    on.refuses_at_first(&Offer::of(&on.second, &release))
}

fn strangers(on: &Workbench) -> Option<Outcome> {
    let release = on.strangers.release(&on.second, SECOND, REVIEWERS)?;
    on.refuses_at_first(&Offer::of(&on.second, &release))
}

fn other_file(on: &Workbench) -> Option<Outcome> {
    let release = on.team.release(&on.third, SECOND, REVIEWERS)?;
    on.refuses_at_first(&Offer::of(&on.second, &release))
}

/// A keyring that follows the pinned one by its number, and that its root never signed.
fn other_keyring(on: &Workbench) -> Option<Outcome> {
    let release = on.strangers.release(&on.second, SECOND, REVIEWERS)?;
    let statement = [on.strangers.keyring(2)?, release].concat();
    on.refuses_at_first(&Offer::of(&on.second, &statement))
}

fn turned_bit(on: &Workbench) -> Option<Outcome> {
    let release = on.team.release(&on.second, SECOND, REVIEWERS)?;
    let sent = turned(&on.second);
    on.refuses_at_first(&Offer { sent: &sent, ..Offer::of(&on.second, &release) })
}

fn other_board(on: &Workbench) -> Option<Outcome> {
    let kind = Kind { platform: on.kind.platform + 1, ..on.kind };
    elsewhere(on, kind)
}

fn other_product(on: &Workbench) -> Option<Outcome> {
    let kind = Kind { product: on.kind.product + 1, ..on.kind };
    elsewhere(on, kind)
}

/// An image for something else, with a release that says it is for this.
fn elsewhere(on: &Workbench, kind: Kind) -> Option<Outcome> {
    let file = kind.image(2, SIZE);
    let release = on.team.release(&file, SECOND, REVIEWERS)?;
    on.refuses_at_first(&Offer::of(&file, &release))
}

fn older_counter(on: &Workbench) -> Option<Outcome> {
    let says = Says { counter: SECOND.counter - 1, ..THIRD };
    let release = on.team.release(&on.third, says, REVIEWERS)?;
    Some(on.refuses(on.updated()?, &Offer::of(&on.third, &release), &on.second))
}

fn older_statement(on: &Workbench) -> Option<Outcome> {
    let says = Says { number: SECOND.number - 1, ..THIRD };
    let release = on.team.release(&on.third, says, REVIEWERS)?;
    Some(on.refuses(on.updated()?, &Offer::of(&on.third, &release), &on.second))
}

fn ended(on: &Workbench) -> Option<Outcome> {
    let release = on.team.sign(&on.team.ended(&on.second, SECOND), REVIEWERS)?;
    on.refuses_at_first(&Offer::of(&on.second, &release))
}

fn too_long(on: &Workbench) -> Option<Outcome> {
    let file = on.kind.image(2, 4 * ROOM as usize);
    let release = on.team.release(&file, SECOND, REVIEWERS)?;
    on.refuses_at_first(&Offer::of(&file, &release))
}

/// The power fails before each write of an update, and of what is written when it was found well.
fn power_cut(on: &Workbench) -> Option<Outcome> {
    let release = on.team.release(&on.second, SECOND, REVIEWERS)?;
    let (old, new) = (sha256(&on.first), sha256(&on.second));
    for writes in 0..MOST_WRITES {
        let firmware = on.firmware()?;
        let mut bench = on.open(&firmware)?;
        bench.start().ok()?;
        firmware.flash().fill_up_after(Some(writes));
        let taken = bench.offer(&on.second, &on.second, &release).is_ok();
        let done = taken && bench.start_and_judge(Ok(())).is_ok();
        firmware.flash().fill_up_after(None);
        let Some(started) = on.open(&firmware).and_then(|mut bench| bench.start().ok()) else {
            return Some(Outcome::broke("after a cut the device runs nothing any more"));
        };
        if started.sha256 != old && started.sha256 != new {
            return Some(Outcome::broke("after a cut the device runs something else"));
        }
        if done {
            return Some(Outcome::held(
                "cut before each write of an update, it always came up on a whole image",
            ));
        }
    }
    Some(Outcome::broke("the update came to no end"))
}

fn resumed(on: &Workbench) -> Option<Outcome> {
    let firmware = on.firmware()?;
    let release = on.team.release(&on.second, SECOND, REVIEWERS)?;
    let mut bench = on.open(&firmware)?;
    bench.start().ok()?;
    let begun = bench.begin(&on.second, &release).and_then(|from| bench.send(&on.second, from, 12));
    if let Err(why) = begun {
        return Some(Outcome::broke(format!("the device refused what is sound: {why}")));
    }
    drop(bench);
    let mut bench = on.open(&firmware)?;
    bench.start().ok()?;
    let stored = bench.begin(&on.second, &release).unwrap_or(0);
    let taken = bench.offer(&on.second, &on.second, &release).is_ok();
    let runs = bench.start().is_ok_and(|started| started.sha256 == sha256(&on.second));
    Some(match (stored, taken && runs) {
        (0, _) => Outcome::broke("a transfer that was cut begins anew"),
        (_, true) => {
            Outcome::held("a transfer that was cut goes on where it was, and ends on the new image")
        }
        (_, false) => Outcome::broke("a transfer that was cut never comes to its end"),
    })
}

/// A device that took the second image, and says that it is not well.
fn rejected(on: &Workbench) -> Option<(Bench, Vec<u8>)> {
    let mut bench = on.bench()?;
    let release = on.team.release(&on.second, SECOND, REVIEWERS)?;
    bench.offer(&on.second, &on.second, &release).ok()?;
    bench.start_and_judge(Err("it is not well")).ok()?;
    Some((bench, release))
}

fn unwell(on: &Workbench) -> Option<Outcome> {
    let (mut bench, _) = rejected(on)?;
    let old = sha256(&on.first);
    Some(match bench.start() {
        Ok(started) if started.sha256 == old => {
            Outcome::held("the firmware from before runs again")
        }
        _ => Outcome::broke("firmware that is not well is started again"),
    })
}

/// Firmware that never comes to say anything: it hangs, or the power fails each time.
fn never_well(on: &Workbench) -> Option<Outcome> {
    let mut bench = on.bench()?;
    let release = on.team.release(&on.second, SECOND, REVIEWERS)?;
    bench.offer(&on.second, &on.second, &release).ok()?;
    for _ in 0..MOST_STARTS {
        if bench.start().ok()?.sha256 == sha256(&on.first) {
            return Some(Outcome::held("after a few starts the firmware from before runs again"));
        }
    }
    Some(Outcome::broke("firmware that never says it is well is started for ever"))
}

fn once_rejected(on: &Workbench) -> Option<Outcome> {
    let (mut bench, release) = rejected(on)?;
    bench.start().ok()?;
    Some(on.refuses(bench, &Offer::of(&on.second, &release), &on.first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{SystemTime, UNIX_EPOCH};

    fn workbench() -> Workbench {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
        Workbench::new(Kind { platform: 3, product: 12 }, now).unwrap()
    }

    #[test]
    fn a_device_with_a_keyring_stands_every_trial() {
        let trials = workbench().try_all();
        assert_eq!(trials.len(), TRIALS.len());
        for (name, outcome) in trials {
            assert!(matches!(outcome, Outcome::Held { .. }), "{name}: {outcome:?}");
        }
    }

    #[test]
    fn a_device_without_a_keyring_is_found_out() {
        let trials = workbench().unpinned().try_all();
        for name in
            ["unsigned", "unreviewed", "strangers", "other-keyring", "ended", "older-counter"]
        {
            assert!(matches!(trials[name], Outcome::Broke { .. }), "{name}: {:?}", trials[name]);
        }
    }
}
