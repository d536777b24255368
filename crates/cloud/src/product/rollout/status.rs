//! How a rollout stands, for a person and for programs.

use super::fact::{Facts, Kind, Member, Progress, State};
use super::judge::judge;
use super::plan::Plan;
use super::step::{Phase, Rollout};
use crate::clock::iso8601;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most devices that are named.
const MOST_NAMED: usize = 10_000;

/// How a rollout stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its number.
    pub rollout: u64,
    /// The product.
    pub product: u16,
    /// The version.
    pub version: u16,
    /// SHA-256 of the image's file, in hex.
    pub sha256: String,
    /// `running`, `halted`, `done`, `replaced` or `drawing`.
    pub phase: String,
    /// Why it was halted.
    pub why: Option<String>,
    /// When it was started.
    pub started_at: String,
    /// What was asked for.
    pub plan: Plan,
    /// Whether a node runs: without one nothing goes on, and nobody is online.
    pub node: bool,
    /// Each stage, in order.
    pub stages: Vec<StageStatus>,
    /// Devices of the open stages, in the order in which the rollout comes to them.
    pub devices: Vec<DeviceStatus>,
    /// How many more there are that would be named here.
    pub more: u64,
}

/// How a stage stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageStatus {
    /// Counted from 1.
    pub stage: usize,
    /// `closed`, `open` or `passed`.
    pub phase: String,
    /// How many devices it has.
    pub devices: u32,
    /// How many of them are in which state.
    pub states: BTreeMap<Kind, u32>,
    /// Since when it has met its bar, while it is open.
    pub met_at: Option<String>,
}

/// How a device stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStatus {
    /// Its id.
    pub device: String,
    /// Its stage, counted from 1.
    pub stage: usize,
    /// How it stands.
    pub state: Kind,
    /// Why, where there is something to say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// How far the transfer is, while there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub progress: Option<Progress>,
}

impl Status {
    pub(super) fn new(rollout: &Rollout, node: bool) -> Self {
        let hex = rollout.sha256.iter().map(|byte| format!("{byte:02x}")).collect();
        let stages = (0..rollout.reach.len()).map(|stage| StageStatus::new(rollout, stage));
        Self {
            rollout: rollout.number,
            product: rollout.product.0,
            version: rollout.version,
            sha256: hex,
            phase: rollout.phase.name().to_owned(),
            why: rollout.phase.why().map(str::to_owned),
            started_at: iso8601(rollout.started_ms),
            plan: rollout.plan.clone(),
            node,
            stages: stages.collect(),
            devices: Vec::new(),
            more: 0,
        }
    }

    pub(super) fn look(
        &mut self,
        rollout: &Rollout,
        member: &Member,
        facts: &Facts,
        now: i64,
        all: bool,
    ) {
        let state = match rollout.phase {
            // Nobody looks any more, and the devices may have had other firmware since.
            Phase::Done | Phase::Replaced { .. } => as_it_ended(member),
            _ => judge(member, facts, rollout.times(now)),
        };
        let stage = rollout.stage_of(member.rank);
        if let Some(status) = self.stages.get_mut(stage) {
            *status.states.entry(state.kind).or_default() += 1;
        }
        if !all && state.kind == Kind::Updated {
            return;
        }
        if self.devices.len() == MOST_NAMED {
            self.more += 1;
            return;
        }
        let State { kind, why, progress } = state;
        let device = member.device.to_string();
        self.devices.push(DeviceStatus { device, stage: stage + 1, state: kind, why, progress });
    }

    /// How many devices are so, in all stages.
    pub fn count(&self, kind: Kind) -> u32 {
        self.stages.iter().map(|stage| stage.of(kind)).sum()
    }
}

impl StageStatus {
    fn new(rollout: &Rollout, stage: usize) -> Self {
        let before = stage.checked_sub(1).and_then(|before| rollout.reach.get(before));
        let reach = rollout.reach.get(stage).copied().unwrap_or(0);
        let devices = reach.saturating_sub(before.copied().unwrap_or(0));
        let is_done = rollout.phase == Phase::Done;
        let phase = match stage.cmp(&rollout.stage) {
            std::cmp::Ordering::Less => "passed",
            std::cmp::Ordering::Equal if is_done => "passed",
            std::cmp::Ordering::Equal => "open",
            std::cmp::Ordering::Greater => "closed",
        };
        let met = rollout.met_ms.filter(|_| phase == "open");
        let (phase, met_at) = (phase.to_owned(), met.map(iso8601));
        Self { stage: stage + 1, phase, devices, states: BTreeMap::new(), met_at }
    }

    /// How many of its devices are so.
    pub fn of(&self, kind: Kind) -> u32 {
        self.states.get(&kind).copied().unwrap_or(0)
    }
}

fn as_it_ended(member: &Member) -> State {
    let ended = member.ended.as_ref().map(|(_, why)| why);
    State::perhaps(member.last, ended.or(member.trouble.as_ref()))
}
