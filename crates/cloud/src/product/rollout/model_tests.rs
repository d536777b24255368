//! Whole histories of a rollout over devices that behave as they please, with kills between any two writes.

use super::fact::{Facts, Kind, Member, Offered, Progress, State};
use super::judge::judge;
use super::plan::{Plan, Size};
use super::step::{Action, Pass, Phase, Rollout};
use crate::product::ProductId;
use pintle_protocol::DeviceId;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::num::NonZeroU32;

/// What becomes of a device that takes the image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// It runs it.
    Good,
    /// It runs it once, says so, and then falls back.
    Wavers,
    /// It falls back before it says a word.
    FallsBack,
    /// It does not take it.
    Refuses,
}

/// A device as it really is, and what the store has of its reports.
#[derive(Clone, Debug)]
struct Device {
    fate: Fate,
    online: bool,
    runs_new: bool,
    /// Has the image, and has not yet started anew.
    has_it: bool,
    boots: u32,
    greetings: u64,
    described_in: u64,
    described_new: bool,
    took: Option<(u64, i64)>,
    rejected: Option<String>,
}

#[derive(Clone, Debug)]
enum Event {
    /// The engine looks; where it is killed, it is after so many of its writes.
    Look(Option<usize>),
    Pass(i64),
    /// A transfer comes to its end, one way or another.
    Transfer(usize),
    Breaks(usize),
    Hello(usize),
    Describe(usize),
    Line(usize, bool),
    Kill,
    Halt,
    Resume,
}

struct World {
    rollout: Rollout,
    members: Vec<Member>,
    devices: Vec<Device>,
    /// What only the node's memory knows.
    sending: BTreeSet<usize>,
    now: i64,
}

impl World {
    fn new(fates: &[Fate], plan: &Plan) -> Self {
        let count = u32::try_from(fates.len()).unwrap();
        let device = |fate: &Fate| Device {
            fate: *fate,
            online: true,
            runs_new: false,
            has_it: false,
            boots: 0,
            greetings: 1,
            described_in: 1,
            described_new: false,
            took: None,
            rejected: None,
        };
        let id = |rank: u32| DeviceId::from_bytes([u8::try_from(rank).unwrap(); 12]);
        let rollout = Rollout {
            number: 1,
            product: ProductId(9),
            version: 2,
            sha256: [7; 32],
            module_sha256: [8; 32],
            plan: plan.clone(),
            reach: plan.reach(count),
            phase: Phase::Running,
            stage: 0,
            opened_ms: 0,
            met_ms: None,
            started_ms: 0,
        };
        Self {
            rollout,
            members: (0..count).map(|rank| Member::new(id(rank), rank)).collect(),
            devices: fates.iter().map(device).collect(),
            sending: BTreeSet::new(),
            now: 1,
        }
    }

    fn facts(&self, rank: usize) -> Facts {
        let device = &self.devices[rank];
        Facts {
            online: device.online,
            sending: self.sending.contains(&rank).then_some(Progress { stored: 1, of: 2 }),
            greetings: device.greetings,
            greeted_ms: self.now,
            described_in: device.described_in,
            runs_image: device.described_new,
            took: device.took,
            rejected: device.rejected.clone(),
            ..Facts::default()
        }
    }

    fn state(&self, rank: usize) -> State {
        judge(&self.members[rank], &self.facts(rank), self.rollout.times(self.now))
    }

    fn rank(&self, id: DeviceId) -> usize {
        self.members.iter().position(|member| member.device == id).unwrap()
    }

    /// A look of the engine: writes in order, and only then acts. Where it is killed, the rest is never done.
    fn look(&mut self, killed_after: Option<usize>) {
        let rollout = self.rollout.clone();
        let open = rollout.open() as usize;
        let mut pass = Pass::new(&rollout, self.now);
        for rank in 0..open {
            pass.look(&self.members[rank], &self.facts(rank));
        }
        let actions = pass.end();
        let offers = actions.iter().filter(|action| matches!(action, Action::Offer(_))).count();
        assert!(offers == 0 || rollout.phase == Phase::Running, "{:?} offers", rollout.phase);
        let count = killed_after.unwrap_or(usize::MAX);
        for action in actions.into_iter().take(count) {
            self.write(action, open);
        }
        if killed_after.is_some() || self.rollout.phase != Phase::Running {
            self.sending.clear();
        }
    }

    fn write(&mut self, action: Action, open: usize) {
        match action {
            Action::Note(device, kind) => {
                let rank = self.rank(device);
                self.members[rank].last = kind;
            }
            Action::FellBack(device, why) => {
                let rank = self.rank(device);
                self.members[rank].last = Kind::FellBack;
                self.members[rank].ended = Some((Kind::FellBack, why.clone()));
                self.devices[rank].rejected = Some(why);
            }
            Action::Halt(why) => self.rollout.phase = Phase::Halted { why },
            Action::Met => self.rollout.met_ms = Some(self.now),
            Action::Unmet => self.rollout.met_ms = None,
            Action::Open(stage) => {
                assert_eq!(stage, self.rollout.stage + 1);
                (self.rollout.stage, self.rollout.met_ms) = (stage, None);
                self.rollout.opened_ms = self.now;
            }
            Action::Finish => self.rollout.phase = Phase::Done,
            Action::Offer(device) => {
                let rank = self.rank(device);
                assert!(rank < open, "a device of a closed stage is offered the image");
                assert_eq!(self.devices[rank].rejected, None, "it fell back from it");
                let member = &mut self.members[rank];
                let tries = member.offered.map_or(0, |offer| offer.tries) + 1;
                let greeting = self.devices[rank].greetings;
                let first_ms = member.offered.map_or(self.now, |offer| offer.first_ms);
                member.offered = Some(Offered { first_ms, greeting, tries, again_ms: self.now });
                member.last = Kind::Sending;
                self.sending.insert(rank);
            }
        }
    }

    fn happen(&mut self, event: &Event) {
        match *event {
            Event::Look(killed_after) => self.look(killed_after),
            Event::Pass(ms) => self.now += ms,
            Event::Transfer(nth) => {
                if let Some(rank) = self.nth_sending(nth) {
                    self.transfer_ends(rank);
                }
            }
            Event::Breaks(nth) => {
                if let Some(rank) = self.nth_sending(nth) {
                    self.sending.remove(&rank);
                    self.members[rank].trouble = Some("it broke off".into());
                }
            }
            Event::Hello(nth) => self.hello(nth % self.devices.len()),
            Event::Describe(nth) => {
                let nth = nth % self.devices.len();
                let device = &mut self.devices[nth];
                if device.online {
                    device.described_in = device.greetings;
                    device.described_new = device.runs_new;
                }
            }
            Event::Line(nth, online) => {
                let nth = nth % self.devices.len();
                self.devices[nth].online = online;
                if !online {
                    self.sending.remove(&nth);
                }
            }
            Event::Kill => self.sending.clear(),
            Event::Halt if self.rollout.phase == Phase::Running => {
                self.rollout.phase = Phase::Halted { why: "a person".into() };
            }
            Event::Resume if matches!(self.rollout.phase, Phase::Halted { .. }) => {
                (self.rollout.phase, self.rollout.met_ms) = (Phase::Running, None);
                for member in self.members.iter_mut().filter(|one| one.last.is_failure()) {
                    member.forgiven = Some(member.last);
                }
            }
            Event::Halt | Event::Resume => {}
        }
    }

    fn nth_sending(&self, nth: usize) -> Option<usize> {
        self.sending.iter().nth(nth % self.sending.len().max(1)).copied()
    }

    fn transfer_ends(&mut self, rank: usize) {
        self.sending.remove(&rank);
        let device = &mut self.devices[rank];
        if device.fate == Fate::Refuses {
            self.members[rank].ended = Some((Kind::Refused, "it does not want it".into()));
            return;
        }
        (device.took, device.has_it) = (Some((device.greetings, self.now)), true);
    }

    /// It starts anew, with what it then runs.
    fn hello(&mut self, nth: usize) {
        let device = &mut self.devices[nth];
        if !device.online {
            return;
        }
        self.sending.remove(&nth);
        if std::mem::take(&mut device.has_it) {
            device.boots = 0;
            device.runs_new = device.fate != Fate::FallsBack;
        } else {
            device.boots += 1;
            device.runs_new &= device.fate != Fate::Wavers;
        }
        device.greetings += 1;
    }

    /// Lets everybody do what they do, until nothing changes any more.
    fn settle(&mut self) {
        for _ in 0..400 {
            for nth in 0..self.devices.len() {
                self.happen(&Event::Line(nth, true));
                let (old, waits) = (self.devices[nth].clone(), self.sending.contains(&nth));
                // Only those that have something to say start anew.
                let wavers = old.runs_new && old.fate == Fate::Wavers;
                if old.has_it || (wavers && !waits) || (old.greetings > old.described_in && !waits)
                {
                    self.happen(&Event::Hello(nth));
                    self.happen(&Event::Describe(nth));
                }
            }
            self.happen(&Event::Look(None));
            while !self.sending.is_empty() {
                self.happen(&Event::Transfer(0));
            }
            self.happen(&Event::Pass(1));
        }
    }

    /// What must hold at every moment.
    fn check(&self) {
        let states: Vec<State> = (0..self.members.len()).map(|rank| self.state(rank)).collect();
        for (rank, state) in states.iter().enumerate() {
            let device = &self.devices[rank];
            if state.kind == Kind::Updated {
                let before = self.members[rank].offered.map_or(0, |offer| offer.greeting);
                assert!(device.described_new && device.described_in == device.greetings);
                assert!(device.greetings > before, "no Hello since the offer");
                assert!(device.runs_new, "it is counted, and runs another image");
            }
        }
        let open = self.rollout.open() as usize;
        let under_way = states.iter().filter(|state| state.kind.is_under_way()).count();
        assert!(under_way <= self.rollout.plan.at_once.get() as usize, "{under_way} at once");
        assert!(states[open..].iter().all(|state| !state.kind.is_under_way()));
    }
}

fn fate() -> impl Strategy<Value = Fate> {
    prop_oneof![
        12 => Just(Fate::Good), 1 => Just(Fate::Wavers), 2 => Just(Fate::FallsBack), 1 => Just(Fate::Refuses),
    ]
}

fn plan() -> impl Strategy<Value = Plan> {
    (1_u8..50, 50_u8..100, 60_u8..=100, 1_u32..6, 0_i64..5).prop_map(
        |(first, second, success, at_once, wait_ms)| Plan {
            stages: vec![Size::Percent(first), Size::Percent(second), Size::Percent(100)],
            wait_ms,
            success,
            at_once: NonZeroU32::new(at_once).unwrap(),
            patience_ms: 1_000_000,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let nth = any::<usize>;
    prop_oneof![
        8 => Just(Event::Look(None)),
        1 => (0_usize..6).prop_map(|after| Event::Look(Some(after))),
        4 => (0_i64..4).prop_map(Event::Pass),
        6 => nth().prop_map(Event::Transfer),
        1 => nth().prop_map(Event::Breaks),
        6 => nth().prop_map(Event::Hello),
        6 => nth().prop_map(Event::Describe),
        2 => (nth(), any::<bool>()).prop_map(|(nth, online)| Event::Line(nth, online)),
        1 => Just(Event::Kill),
    ]
}

fn history() -> impl Strategy<Value = (Vec<Fate>, Plan, Vec<Event>)> {
    let fates = prop::collection::vec(fate(), 1..30);
    (fates, plan(), prop::collection::vec(event(), 0..150))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn p8_no_device_is_counted_before_its_own_report_and_no_more_are_under_way_than_allowed(
        (fates, plan, events) in history(),
        people in prop::collection::vec((any::<prop::sample::Index>(), any::<bool>()), 0..4),
    ) {
        let mut events = events;
        for (at, halts) in people {
            let at = at.index(events.len() + 1);
            events.insert(at, if halts { Event::Halt } else { Event::Resume });
        }
        let mut world = World::new(&fates, &plan);
        for event in &events {
            world.happen(event);
            world.check();
        }
    }

    #[test]
    fn p8_whenever_it_is_killed_a_rollout_comes_to_the_same_end((fates, plan, events) in history()) {
        // Whether one that wavers is found out within the wait is a matter of time, and not of kills.
        let sure = |fate| if fate == Fate::Wavers { Fate::FallsBack } else { fate };
        let fates: Vec<Fate> = fates.into_iter().map(sure).collect();
        let mut disturbed = World::new(&fates, &plan);
        for event in &events {
            disturbed.happen(event);
        }
        let mut calm = World::new(&fates, &plan);
        for world in [&mut disturbed, &mut calm] {
            world.settle();
            world.check();
        }
        let halted = matches!(calm.rollout.phase, Phase::Halted { .. });
        prop_assert!(halted || calm.rollout.phase == Phase::Done, "{:?}", calm.rollout);
        prop_assert_eq!(disturbed.rollout.phase.name(), calm.rollout.phase.name());
        prop_assert_eq!(disturbed.rollout.stage, calm.rollout.stage);
        for rank in 0..fates.len() {
            let kinds = (disturbed.state(rank).kind, calm.state(rank).kind);
            let runs = disturbed.devices[rank].runs_new;
            prop_assert_eq!(kinds.0 == Kind::Updated, runs, "the truth about {}", rank);
            prop_assert!(kinds.0 == kinds.1 || halted, "{} is {:?}", rank, kinds);
        }
    }
}
