//! What a node does with updates: the twin has a scratch product with a keyring, a virtual device with the same keyring
//! pinned, and somebody at a desk who tries to get out what must not go out.
//!
//! It is one story, since a release needs a device that ran it, and an older one something newer before it. Where it breaks
//! off, what would have come is not tried, and says why.

use super::Trials;
use super::desk::{Desk, Said};
use super::image::{Kind, turned};
use super::running::Running;
use super::team::{REVIEWERS, Says, Team};
use pintle_attack::target::Person;
use pintle_attack::{Outcome, Target};
use pintle_device::{Folder, Notice, VirtualFirmware};
use std::time::Duration;

/// A number for the scratch product.
const PRODUCT: u16 = 29_017;
/// Bytes of content of an image.
const SIZE: usize = 20_000;
/// Until the cloud says what a device said.
const PATIENCE: Duration = Duration::from_secs(20);

/// All trials, in the order of the story.
pub const TRIALS: [&str; 11] = [
    "damaged",
    "other-board",
    "other-product",
    "unsigned",
    "unreviewed",
    "strangers",
    "never-run",
    "counted",
    "sound",
    "older-counter",
    "unwell",
];

/// What is tried on.
pub struct Scene<'a> {
    /// The twin.
    pub target: &'a Target,
    /// Somebody who may make a product there, without a second factor.
    pub person: &'a Person,
    /// A device of theirs that does not run.
    pub device: Folder,
    /// The time, in seconds since 1970.
    pub now: u64,
}

struct Story {
    desk: Desk,
    team: Team,
    strangers: Team,
    kind: Kind,
    told: Trials,
}

const SECOND: Says = Says { version: 2, counter: 5, number: 5 };
const THIRD: Says = Says { version: 3, counter: 4, number: 6 };
const FOURTH: Says = Says { version: 4, counter: 5, number: 7 };

/// Tells the story.
#[must_use]
pub fn try_all(scene: Scene<'_>) -> Trials {
    let mut trials = Trials::new();
    if let Err(why) = tell(scene, &mut trials) {
        for name in TRIALS {
            trials.entry(name.to_owned()).or_insert_with(|| Outcome::untried(why.as_str()));
        }
    }
    trials
}

fn tell(scene: Scene<'_>, trials: &mut Trials) -> Result<(), String> {
    let none = "no random bytes for keys";
    let kind = Kind { platform: scene.device.config().platform_id, product: PRODUCT };
    let team = Team::new(kind.product, kind.platform, scene.now).ok_or(none)?;
    let strangers = Team::new(kind.product, kind.platform, scene.now).ok_or(none)?;
    let keyring = team.keyring(1).ok_or(none)?;
    let id = scene.device.id().to_string();
    let mut desk = Desk::open(scene.target, scene.person, kind, &id)?;
    desk.put_keyring(&keyring)?;

    let first = kind.image(1, SIZE);
    let says = Says { version: 1, counter: 1, number: 1 };
    let release = team.release(&first, says, REVIEWERS).ok_or(none)?;
    let firmware = VirtualFirmware::new(first).signed(keyring, release);
    let device = Running::start(scene.device, firmware)?;
    device.until("connected", |notice| matches!(notice, Notice::Connected { .. }))?;

    let mut story = Story { desk, team, strangers, kind, told: Trials::new() };
    let ended =
        story.refusals().and_then(|()| story.good(&device)).and_then(|()| story.bad(&device));
    trials.append(&mut story.told);
    ended
}

impl Story {
    fn is(&mut self, name: &str, outcome: Outcome) {
        self.told.insert(name.to_owned(), outcome);
    }

    /// Each of these has to be refused.
    fn refused(&mut self, name: &str, asked: &[(&str, Said)]) {
        let taken = asked.iter().find(|(_, said)| !said.refused());
        let outcome = match taken {
            None => Outcome::held("refused, and nothing was sent"),
            Some((what, said)) if said.done() => Outcome::broke(format!("the node took {what}")),
            Some((what, said)) => Outcome::untried(format!("{what}: {}", said.words())),
        };
        self.is(name, outcome);
    }

    /// What is refused whatever came before it.
    fn refusals(&mut self) -> Result<(), String> {
        const NONE: &str = "a signature could not be made";
        let second = self.kind.image(2, SIZE);
        let good = self.team.release(&second, SECOND, REVIEWERS).ok_or(NONE)?;
        let bad = turned(&second);
        let asked = [
            ("an upload", self.desk.upload(&bad, Some(&good))?),
            ("a flash", self.desk.flash(&bad)?),
        ];
        self.refused("damaged", &asked);

        let elsewhere = [
            ("other-board", Kind { platform: self.kind.platform + 1, ..self.kind }),
            ("other-product", Kind { product: self.kind.product + 1, ..self.kind }),
        ];
        for (name, kind) in elsewhere {
            let file = kind.image(2, SIZE);
            let asked = [
                ("an upload", self.desk.upload(&file, None)?),
                ("a flash", self.desk.flash(&file)?),
            ];
            self.refused(name, &asked);
        }

        let unsigned = self.desk.flash(&second)?;
        self.refused("unsigned", &[("a flash", unsigned)]);

        // Taken in, since more may sign it later; and no further.
        let few = self.team.release(&second, SECOND, REVIEWERS - 1).ok_or(NONE)?;
        let taken = self.desk.upload(&second, Some(&few))?;
        if !taken.done() {
            return Err(format!(
                "the twin takes no firmware that more have to sign: {}",
                taken.words()
            ));
        }
        let asked = [("a release", self.desk.release(2)?), ("a flash", self.desk.flash(&second)?)];
        self.refused("unreviewed", &asked);

        let theirs = self.strangers.release(&second, SECOND, REVIEWERS).ok_or(NONE)?;
        // Whether it is kept is all the same, as long as nothing comes of it.
        self.desk.restate(2, &theirs)?;
        let asked = [("a release", self.desk.release(2)?), ("a flash", self.desk.flash(&second)?)];
        self.refused("strangers", &asked);

        let taken = self.desk.restate(2, &good)?;
        if !taken.done() {
            return Err(format!("the twin refused what is signed by all: {}", taken.words()));
        }
        let early = self.desk.release(2)?;
        self.refused("never-run", &[("a release", early)]);
        Ok(())
    }

    /// A sound update, and when it counts.
    fn good(&mut self, device: &Running) -> Result<(), String> {
        let second = self.kind.image(2, SIZE);
        let sent = self.desk.flash(&second)?;
        if !sent.done() {
            self.is(
                "sound",
                Outcome::broke(format!("the node refused what is sound: {}", sent.words())),
            );
            return Err("no sound update went out".to_owned());
        }
        device.until("tried the update", |notice| {
            matches!(notice, Notice::Starting { on_trial: true, .. })
        })?;
        // It is there, and has not yet said that it is well.
        let early = self.desk.version()? == Some(2);
        self.is(
            "counted",
            match early {
                false => Outcome::held("not counted while the new image had not reported in"),
                true => Outcome::broke("counted before the new image reported in"),
            },
        );
        device.say(Ok(()));
        device.until("confirmed the update", |notice| matches!(notice, Notice::Confirmed))?;
        if !self.desk.says_version(2, PATIENCE)? {
            self.is(
                "sound",
                Outcome::broke("the device runs the update, and the node does not say so"),
            );
            return Err("the node did not hear of a sound update".to_owned());
        }
        let released = self.desk.release(2)?;
        let outcome = match released.done() {
            true => Outcome::held("sent, tried, confirmed, counted and released"),
            false => Outcome::broke(format!(
                "the node releases nothing that is sound: {}",
                released.words()
            )),
        };
        self.is("sound", outcome);
        if released.done() { Ok(()) } else { Err("no sound update was released".to_owned()) }
    }

    /// What must not come after it.
    fn bad(&mut self, device: &Running) -> Result<(), String> {
        const NONE: &str = "a signature could not be made";
        let third = self.kind.image(3, SIZE);
        let older = self.team.release(&third, THIRD, REVIEWERS).ok_or(NONE)?;
        let uploaded = self.desk.upload(&third, Some(&older))?;
        let flashed = self.desk.flash(&third)?;
        let why = flashed.body.to_string();
        let outcome = match (flashed.done(), uploaded.done() && !why.contains("counter")) {
            (true, _) => Outcome::broke("the node sent what is older by its security counter"),
            (false, true) => Outcome::untried(format!("refused, but not for its counter: {why}")),
            (false, false) => Outcome::held("refused, and nothing was sent"),
        };
        self.is("older-counter", outcome);

        let fourth = self.kind.image(4, SIZE);
        let good = self.team.release(&fourth, FOURTH, REVIEWERS).ok_or(NONE)?;
        let taken = self.desk.upload(&fourth, Some(&good))?;
        let sent = if taken.done() { self.desk.flash(&fourth)? } else { taken };
        if !sent.done() {
            return Err(format!("the twin refused what is sound: {}", sent.words()));
        }
        device.say(Err("it is not well".to_owned()));
        device.until("fell back", |notice| matches!(notice, Notice::FellBack(_)))?;
        device.until("connected", |notice| matches!(notice, Notice::Connected { .. }))?;
        let back = self.desk.says_version(2, PATIENCE)?;
        let released = self.desk.release(4)?;
        self.is(
            "unwell",
            match (back, released.refused()) {
                (false, _) => Outcome::broke("the device fell back, and the node does not say so"),
                (true, false) => Outcome::broke("the node releases what no device found well"),
                (true, true) => Outcome::held(
                    "the device fell back, the node says so, and releases it to nobody",
                ),
            },
        );
        Ok(())
    }
}
