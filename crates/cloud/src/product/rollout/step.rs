//! What is to be done next: one pass over the devices of the stages that are open, then a decision. Pure.
//!
//! The devices come in pages, so a pass holds counts, the changes seen and the next few candidates, however many
//! devices there are. Actions are to be written down in their order; an offer is acted on only once it is written.

use super::bar::Tally;
use super::fact::{Facts, Kind, Member, State, Times};
use super::judge::judge;
use super::plan::Plan;
use crate::product::ProductId;
use pintle_protocol::DeviceId;

/// Where a rollout as a whole stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its devices are being drawn: nothing is offered yet.
    Drawing,
    /// It goes on by itself.
    Running,
    /// Nothing is offered until a person resumes it.
    Halted {
        /// Why.
        why: String,
    },
    /// It was halted, and another one of the product was started since.
    Replaced {
        /// Why it was halted.
        why: String,
    },
    /// Its last stage has met its bar and was waited for.
    Done,
}

impl Phase {
    /// Its name, which does not change.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Drawing => "drawing",
            Self::Running => "running",
            Self::Halted { .. } => "halted",
            Self::Replaced { .. } => "replaced",
            Self::Done => "done",
        }
    }

    /// Why it was halted, where it was.
    pub fn why(&self) -> Option<&str> {
        match self {
            Self::Halted { why } | Self::Replaced { why } => Some(why),
            Self::Drawing | Self::Running | Self::Done => None,
        }
    }
}

/// A rollout as a whole. It is in the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// Its number, counted from 1.
    pub number: u64,
    /// The product.
    pub product: ProductId,
    /// The version that is rolled out.
    pub version: u16,
    /// SHA-256 of the image's file.
    pub sha256: [u8; 32],
    /// SHA-256 of the module in it, which some devices name instead.
    pub module_sha256: [u8; 32],
    /// What was asked for.
    pub plan: Plan,
    /// How many devices each stage reaches, those before it included.
    pub reach: Vec<u32>,
    /// Where it stands.
    pub phase: Phase,
    /// The newest stage that is open, counted from 0.
    pub stage: usize,
    /// When that stage was opened, in milliseconds since 1970.
    pub opened_ms: i64,
    /// Since when that stage has met its bar, in milliseconds since 1970.
    pub met_ms: Option<i64>,
    /// When it was started, in milliseconds since 1970.
    pub started_ms: i64,
}

impl Rollout {
    /// How many devices the open stages have.
    pub fn open(&self) -> u32 {
        self.reach.get(self.stage).copied().unwrap_or(0)
    }

    /// In which stage the device of this rank is.
    pub fn stage_of(&self, rank: u32) -> usize {
        self.reach.partition_point(|reach| *reach <= rank)
    }

    /// The moments for a judgement.
    pub fn times(&self, now: i64) -> Times {
        Times { now, patience: self.plan.patience_ms }
    }

    /// Whether the open stage has been open for longer than an offline device is waited for.
    pub fn is_past_patience(&self, now: i64) -> bool {
        now.saturating_sub(self.opened_ms) > self.plan.patience_ms
    }
}

/// Something to be written down, and then done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// A device is seen to be another thing than before.
    Note(DeviceId, Kind),
    /// A device fell back: it is never to be offered this image again.
    FellBack(DeviceId, String),
    /// No more offers, until a person resumes it; transfers that are under way are cancelled.
    Halt(String),
    /// The open stage has met its bar: the wait begins.
    Met,
    /// It meets its bar no longer: the wait begins anew when it does.
    Unmet,
    /// The next stage is open, counted from 0.
    Open(usize),
    /// That was the last one.
    Finish,
    /// Offer the image to this device.
    Offer(DeviceId),
}

/// One look at the devices of the open stages.
pub struct Pass<'a> {
    rollout: &'a Rollout,
    now: i64,
    tallies: Vec<Tally>,
    candidates: Vec<DeviceId>,
    changes: Vec<Action>,
}

impl<'a> Pass<'a> {
    /// Begins to look; `now` in milliseconds since 1970.
    pub fn new(rollout: &'a Rollout, now: i64) -> Self {
        let tallies = vec![Tally::default(); rollout.stage + 1];
        Self { rollout, now, tallies, candidates: Vec::new(), changes: Vec::new() }
    }

    /// Looks at one device, in the order of the ranks; each once, and all of the open stages.
    pub fn look(&mut self, member: &Member, facts: &Facts) -> State {
        let state = judge(member, facts, self.rollout.times(self.now));
        let away = self.rollout.is_past_patience(self.now);
        if let Some(tally) = self.tallies.get_mut(self.rollout.stage_of(member.rank)) {
            tally.count(member, &state, away);
        }
        self.note(member, &state);
        let ready = member.offered.is_none_or(|offer| offer.again_ms <= self.now);
        if state.kind == Kind::Waiting && ready && self.candidates.len() < self.at_once() {
            self.candidates.push(member.device);
        }
        state
    }

    /// The changes seen so far, to be written down before the pass ends: so that it does not hold them all.
    pub fn take_changes(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.changes)
    }

    /// How the devices of each open stage stand.
    pub fn tallies(&self) -> &[Tally] {
        &self.tallies
    }

    /// What is to be done.
    pub fn end(mut self) -> Vec<Action> {
        let mut actions = self.take_changes();
        if self.rollout.phase == Phase::Running {
            let decision = self.decide();
            let stays = matches!(decision, None | Some(Action::Met | Action::Unmet));
            actions.extend(decision);
            if stays {
                actions.extend(self.offers());
            }
        }
        actions
    }

    fn note(&mut self, member: &Member, state: &State) {
        let ended = member.ended.as_ref().map(|(kind, _)| *kind);
        if state.kind == Kind::FellBack && ended != Some(Kind::FellBack) {
            let why = state.why.clone().unwrap_or_default();
            self.changes.push(Action::FellBack(member.device, why));
        } else if state.kind != member.last {
            self.changes.push(Action::Note(member.device, state.kind));
        }
    }

    fn decide(&self) -> Option<Action> {
        let Rollout { plan, stage, met_ms, .. } = self.rollout;
        let lost = self.tallies.iter().zip(1..).find(|(tally, _)| tally.is_lost(plan.success));
        if let Some((tally, number)) = lost {
            return Some(Action::Halt(why_lost(number, tally, plan.success)));
        }
        let current = self.tallies.get(*stage)?;
        match (current.is_met(plan.success), met_ms) {
            (true, _) if current.all() == 0 => {
                Some(self.next()).filter(|next| *next != Action::Finish || self.is_all_settled())
            }
            (true, None) => Some(Action::Met),
            (true, Some(met)) if self.now.saturating_sub(*met) >= plan.wait_ms => {
                Some(self.next()).filter(|next| *next != Action::Finish || self.is_all_settled())
            }
            (false, Some(_)) => Some(Action::Unmet),
            (true, Some(_)) | (false, None) => None,
        }
    }

    /// Whether nobody is left who can be reached and is not there: a rollout whose bar is met goes on for the others.
    fn is_all_settled(&self) -> bool {
        let open = [Kind::Waiting, Kind::Sending, Kind::Sent, Kind::Returning];
        self.tallies.iter().all(|tally| open.into_iter().all(|kind| tally.of(kind) == 0))
    }

    fn next(&self) -> Action {
        let next = self.rollout.stage + 1;
        if next < self.rollout.reach.len() { Action::Open(next) } else { Action::Finish }
    }

    fn offers(&self) -> impl Iterator<Item = Action> {
        let under_way: u32 = self.tallies.iter().map(Tally::under_way).sum();
        let free = self.at_once().saturating_sub(under_way as usize);
        self.candidates.iter().take(free).map(|device| Action::Offer(*device))
    }

    fn at_once(&self) -> usize {
        self.rollout.plan.at_once.get() as usize
    }
}

fn why_lost(number: usize, tally: &Tally, success: u8) -> String {
    format!(
        "stage {number} can no longer have {success} of 100 devices updated: of {}, {}",
        tally.base(),
        tally.failures()
    )
}
