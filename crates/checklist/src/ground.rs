//! Where a run tries things: the target as a stranger reaches it, and its twin for all that must leave no trace there.

use crate::look::Look;
use crate::penetration::Attempts;
use pintle_attack::target::Person;
use pintle_attack::{Case, Outcome, Selection, Target, cases};
use std::any::Any;
use std::cell::OnceCell;
use std::path::PathBuf;

/// The same random choices in every run: an unchanged target gives an unchanged report.
const SEED: u64 = 7;

/// What a run tries things on. What is not there says why, and nothing is tried on it.
pub struct Ground {
    /// Where the target's API and its port for devices are, and which authority clients are given; nothing else is used.
    pub target: Result<Target, String>,
    /// The twin.
    pub twin: Result<Twin, String>,
    /// Where full runs of the attacks keep their record.
    pub record: Option<PathBuf>,
    /// The program that the node runs.
    pub program: Result<PathBuf, String>,
    /// The folder that the profile lies in.
    pub profile_folder: PathBuf,
    /// What came of the attacks; they are run once, by whoever asks first.
    attempts: OnceCell<Look<Attempts>>,
}

/// A node of the target's program and configuration, with folder, keys, ports, people and devices of its own.
pub struct Twin {
    /// As an attacker sees it.
    pub target: Target,
    /// Somebody there who may make products, and has no second factor.
    pub person: Person,
    /// The folder of a device of theirs, to live behind a tap.
    pub heard: PathBuf,
    /// The folder of a device of theirs, to be updated.
    pub updated: PathBuf,
    /// An empty folder.
    pub scratch: PathBuf,
    /// Whatever has to stay while there is a twin.
    pub held: Box<dyn Any + Send>,
}

impl Default for Ground {
    fn default() -> Self {
        const NONE: &str = "there is no data folder of a node: name one with --data";
        Self {
            target: Err(NONE.to_owned()),
            twin: Err(NONE.to_owned()),
            record: None,
            program: Err(NONE.to_owned()),
            profile_folder: PathBuf::new(),
            attempts: OnceCell::new(),
        }
    }
}

impl Ground {
    /// What comes of the quick attacks on the twin.
    #[must_use]
    pub fn attempts(&self) -> &Look<Attempts> {
        self.attempts.get_or_init(|| match &self.twin {
            Ok(twin) => attack(&twin.target),
            Err(why) => Look::unseen(why.as_str()),
        })
    }

    /// With what came of them already.
    #[must_use]
    pub fn attempted(mut self, attempts: Look<Attempts>) -> Self {
        self.attempts = OnceCell::from(attempts);
        self
    }
}

fn attack(target: &Target) -> Look<Attempts> {
    let selection = Selection { full: false, seed: SEED };
    // A service that the target does not have is not attacked, and that is nothing left out.
    let is_there = |case: &&Case| target.tcp.is_some() || !case.id.starts_with("tcp-");
    let chosen: Vec<&Case> = cases().filter(|case| selection.has(case)).filter(is_there).collect();
    let nobody = |_: &Case, _: Option<&Outcome>| {};
    let ran = format!("the quick selection of `pintle attack` on a twin, seed {SEED}");
    Look::seen([ran], Attempts(selection.run(target, chosen, nobody)))
}
