//! Looking: the trials on a virtual device, and those on the twin.

use super::cloud::{self, Scene};
use super::device::Workbench;
use super::image::Kind;
use super::{Trials, Update};
use crate::ground::Ground;
use crate::look::Look;
use crate::survey::Survey;
use pintle_attack::Target;
use pintle_attack::target::Person;
use pintle_device::Folder;

/// The board and product of the trials without a cloud.
const KIND: Kind = Kind { platform: 3, product: 29_018 };

/// Where the node is tried.
pub struct Bench<'a> {
    /// The twin.
    pub target: &'a Target,
    /// Somebody who may make a product there, without a second factor; they have one afterwards.
    pub person: &'a Person,
    /// A device of theirs that does not run, pinned at the twin.
    pub device: Folder,
}

/// Looks, in a run.
#[must_use]
pub fn of(ground: &Ground, survey: Result<&Survey, String>, now_ms: u64) -> Look<Update> {
    let bench = ground.twin.as_ref().map_err(Clone::clone).and_then(|twin| {
        let device = Folder::open(&twin.updated).map_err(|why| why.to_string())?;
        Ok(Bench { target: &twin.target, person: &twin.person, device })
    });
    look(bench, survey, now_ms)
}

/// Looks. `now_ms` is the time in milliseconds since 1970.
#[must_use]
pub fn look(
    bench: Result<Bench<'_>, String>,
    survey: Result<&Survey, String>,
    now_ms: u64,
) -> Look<Update> {
    let now = now_ms / 1000;
    let found = Update {
        device: device(now),
        cloud: match bench {
            Ok(bench) => on_twin(bench, now),
            Err(why) => Look::unseen(why),
        },
        fleet: match survey {
            Ok(survey) => Look::seen(["the node's survey of its devices"], survey.shares()),
            Err(why) => Look::unseen(why),
        },
    };
    Look::seen(["updates of virtual devices, and how the target's own stand"], found)
}

fn device(now: u64) -> Look<Trials> {
    match Workbench::new(KIND, now) {
        Some(workbench) => {
            Look::seen(["updates handed to a virtual device without a cloud"], workbench.try_all())
        }
        None => Look::unseen("the system gave no random bytes for keys"),
    }
}

fn on_twin(bench: Bench<'_>, now: u64) -> Look<Trials> {
    let Bench { target, person, device } = bench;
    let trials = cloud::try_all(Scene { target, person, device, now });
    Look::seen(["updates of a scratch product on the twin, with a virtual device"], trials)
}
