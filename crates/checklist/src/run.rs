//! A run: every room looks, every check judges what was seen, and a [`Report`] says what came of it.

use crate::access::graph::Graph;
use crate::bundle::Bundle;
use crate::profile::Profile;
use crate::report::page::Beside;
use crate::report::{Evidence, Report, Times, json, junit, page, sarif};
use crate::scene::{Room, Scene};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use thiserror::Error;

mod looks;

/// What a run is about, and where its rooms look. What is not given is not looked at, and said to be so.
pub struct Sources {
    /// Which rooms look.
    pub aim: Aim,
    /// When the run began: milliseconds since 1970.
    pub now_ms: u64,
    /// What the product says of itself.
    pub profile: Profile,
    /// The top of the file system that is looked at: `/`, or where another one lies.
    pub root: PathBuf,
    /// Firmware modules and images for microcontrollers.
    pub modules: Vec<PathBuf>,
    /// Folders of source: Cargo or npm projects.
    pub projects: Vec<PathBuf>,
    /// Folders of advisories.
    pub advisories: Vec<PathBuf>,
    /// What is attacked, called and updated.
    pub ground: crate::ground::Ground,
    /// SBOMs that came with something, or that go out with the product.
    pub sboms: Vec<PathBuf>,
    /// VEX documents.
    pub vex: Vec<PathBuf>,
    /// `CARGO_HOME`: where sources of crates and the index of crates.io may be.
    pub cargo_home: Option<PathBuf>,
    /// The lock file and the version of the program that does the checking.
    pub own: Option<(String, String)>,
    /// The node, and what it told before the run.
    pub node: crate::node::Source,
}

/// What a run is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Aim {
    /// A device: its system, programs, dependencies, firmware and updates.
    Device,
    /// A machine: its system, programs and dependencies.
    Host,
    /// A node of the cloud: what is on the wire, its folder, people, keys, firmware and updates.
    Cloud,
    /// All of it.
    Product,
}

/// What has just been done in a run, for whoever waits for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A room begins to look; it is so-manieth of so many.
    Looking(Room, usize, usize),
    /// It has looked, and it took so long.
    Looked(Room, Duration),
}

/// What came of a run.
pub struct Run {
    /// What was found, and what it means.
    pub report: Report,
    /// What was seen, a file for each room.
    pub evidence: Vec<Evidence>,
    /// Who reaches which device, where a node could be asked.
    pub graph: Option<Graph>,
}

/// Why there is no report.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum RunError {
    /// The report cannot be written as JSON.
    #[error("the report cannot be written as JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// The report cannot be written as a page.
    #[error("the report cannot be written as a page: {0}")]
    Page(#[from] askama::Error),
    /// What a room saw cannot be written down.
    #[error("what was seen in the room {room} cannot be written as JSON: {source}")]
    Evidence {
        /// The room.
        room: &'static str,
        /// Why.
        source: serde_json::Error,
    },
}

impl Run {
    /// The files of a report: the page, JSON, SARIF, JUnit, and the evidence.
    ///
    /// # Errors
    /// [`RunError`].
    pub fn bundle(&self, beside: Beside) -> Result<Bundle, RunError> {
        let mut bundle = Bundle::default()
            .with(page::FILE, page::html(&self.report, beside)?)
            .with(json::FILE, self.report.to_json()?)
            .with(sarif::FILE, serde_json::to_vec_pretty(&sarif::log(&self.report))?)
            .with(junit::FILE, junit::document(&self.report));
        for file in &self.evidence {
            bundle = bundle.with(file.path.clone(), file.content.clone());
        }
        Ok(bundle)
    }
}

impl Sources {
    /// A run about this, at this time, that is given nothing to look at yet.
    #[must_use]
    pub fn new(aim: Aim, now_ms: u64, root: PathBuf) -> Self {
        Self {
            aim,
            now_ms,
            profile: Profile::default(),
            root,
            modules: Vec::new(),
            projects: Vec::new(),
            advisories: Vec::new(),
            ground: crate::ground::Ground::default(),
            sboms: Vec::new(),
            vex: Vec::new(),
            cargo_home: None,
            own: None,
            node: crate::node::Source::default(),
        }
    }
}

impl Aim {
    /// The rooms that look, in the order in which they do.
    #[must_use]
    pub const fn rooms(self) -> &'static [Room] {
        match self {
            Self::Device => {
                &[Room::System, Room::Application, Room::Dependency, Room::Review, Room::Update]
            }
            Self::Host => &[Room::System, Room::Application, Room::Dependency],
            Self::Cloud => &[
                Room::Communication,
                Room::Node,
                Room::Access,
                Room::Key,
                Room::Penetration,
                Room::Review,
                Room::Update,
            ],
            Self::Product => &Room::ALL,
        }
    }

    /// In lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Device => "device",
            Self::Host => "host",
            Self::Cloud => "cloud",
            Self::Product => "product",
        }
    }
}

/// Looks and judges. What a room cannot see is part of what comes of it, and no error.
///
/// # Errors
/// [`RunError`], where evidence cannot be written down.
pub fn run(sources: Sources, progress: &mut dyn FnMut(Step)) -> Result<Run, RunError> {
    let began = Instant::now();
    let (now_ms, aim) = (sources.now_ms, sources.aim);
    let (scene, took) = look(sources, progress);
    let evidence = evidence(&scene)?;
    let times = Times::new(now_ms, began.elapsed(), took);
    let graph = looks::graph(&scene);
    Ok(Run { report: Report::of(&scene, aim, &evidence, times), evidence, graph })
}

fn look(
    sources: Sources,
    progress: &mut dyn FnMut(Step),
) -> (Scene, BTreeMap<&'static str, Duration>) {
    let mut scene = looks::nothing_yet(&sources);
    let rooms = sources.aim.rooms();
    let mut took = BTreeMap::new();
    for (index, &room) in rooms.iter().enumerate() {
        progress(Step::Looking(room, index + 1, rooms.len()));
        let began = Instant::now();
        looks::look(room, &sources, &mut scene);
        progress(Step::Looked(room, began.elapsed()));
        took.insert(room.name(), began.elapsed());
    }
    (scene, took)
}

fn evidence(scene: &Scene) -> Result<Vec<Evidence>, RunError> {
    let of = |room: Room| {
        let bytes = scene
            .evidence(room)
            .map_err(|source| RunError::Evidence { room: room.name(), source })?;
        Ok(Evidence::new(room, bytes))
    };
    Room::ALL.into_iter().map(of).collect()
}
