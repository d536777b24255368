//! One simulation from its beginning to its end.

mod apply;
mod fleet;
mod node;
mod steps;

use crate::attacker::Attacker;
use crate::cloud::Cloud;
use crate::device::Device;
use crate::keys::keys;
use crate::lot::Lot;
use crate::network::Network;
use crate::oracle::{Oracle, Promise, Violation};
use crate::plan::{Incident, Plan, Weather};
use crate::queue::Queue;
use crate::trace::{Line, Trace};
use pintle_cloud::door::{Asked, Flaw, Stored, Writing};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// How often in a row something may be due at once before it is taken for an endless loop.
const PATIENCE: u32 = 10_000;

/// How a run is watched.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Writes every line of the trace to standard output.
    pub print: bool,
    /// A mistake for the cloud to make.
    pub flaw: Option<Flaw>,
}

/// How a run ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// What the trace comes to: the same for each run of a seed.
    pub hash: u64,
    /// How many lines the trace has.
    pub lines: u64,
    /// The virtual time it lasted.
    pub lasted: Duration,
    /// How much happened.
    pub tally: Tally,
    /// The promise that was broken, and the last lines before.
    pub failure: Option<(Violation, Vec<String>)>,
}

/// How much happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each counts what it says")]
pub struct Tally {
    pub events_acknowledged: u64,
    pub handshakes: u64,
    pub kills: u64,
    pub stops: u64,
    pub attacks: u64,
    /// Devices that had a session when the cloud was killed.
    pub held: u64,
    /// And those of them that shook hands before they were connected again.
    pub shaken: u64,
}

impl Tally {
    /// Adds another run's.
    pub const fn add(&mut self, other: &Self) {
        self.events_acknowledged += other.events_acknowledged;
        self.handshakes += other.handshakes;
        self.kills += other.kills;
        self.stops += other.stops;
        self.attacks += other.attacks;
        self.held += other.held;
        self.shaken += other.shaken;
    }
}

/// What is to happen at a time.
enum Job {
    ToCloud { from: SocketAddr, device: Option<usize>, datagram: Vec<u8> },
    ToDevice { to: SocketAddr, datagram: Vec<u8>, addressee: Option<usize> },
    Stored(u64, Stored),
    Write(u64),
    Durable(u64),
    Consume,
    DiskRecovers,
    Weather(Weather),
    Incident(Incident),
    Start(u8),
    Device(usize),
    Rebind(usize),
    Ask,
    Attack,
    Flood(u16),
    Homecoming,
    LastWords,
    End,
}

/// A simulation under way.
struct Simulation {
    now: Duration,
    plan: Plan,
    queue: Queue<Job>,
    network: Network,
    attacker: Attacker,
    cloud: Cloud,
    devices: Vec<Device>,
    /// Devices that are leaving, and when they come back.
    leaving: Vec<(usize, Duration)>,
    oracle: Oracle,
    trace: Trace,
    fleet: Lot,
    disk: Lot,
    /// Frames on their way to the disk, by number, and whether they are there.
    writing: BTreeMap<u64, (Writing, bool)>,
    frames: u64,
    disk_stalls_until: Duration,
    asked: Vec<Asked>,
    next_number: u64,
    last_words: Vec<u64>,
    tally: Tally,
    over: bool,
}

/// Runs a seed.
#[must_use]
pub fn run(seed: u64, options: Options) -> Outcome {
    run_plan(seed, Plan::of(seed), options)
}

/// Runs a seed with a plan of its own.
#[must_use]
pub fn run_plan(seed: u64, plan: Plan, options: Options) -> Outcome {
    match Simulation::new(seed, plan, options) {
        Ok(mut simulation) => {
            let failure = simulation.live().err();
            simulation.outcome(seed, failure)
        }
        Err(violation) => Outcome {
            seed,
            hash: 0,
            lines: 0,
            lasted: Duration::ZERO,
            tally: Tally::default(),
            failure: Some((violation, Vec::new())),
        },
    }
}

impl Simulation {
    fn new(seed: u64, plan: Plan, options: Options) -> Result<Self, Violation> {
        let keys = keys().map_err(broken)?;
        let mut network = Network::new(seed);
        let mut fleet = Lot::of(seed, "fleet");
        let ramp = Duration::from_secs(20);
        let configs = keys.devices.iter().take(plan.devices).enumerate();
        let devices: Vec<Device> = configs
            .map(|(number, (config, _))| {
                let address = network.move_device(number, None);
                let wakes = fleet.between(Duration::ZERO, ramp);
                Device::new(number, config.clone(), address, wakes)
            })
            .collect();
        let cloud = Cloud::new(seed, keys, plan.devices, options.flaw);
        let mut simulation = Self {
            now: Duration::ZERO,
            queue: Queue::default(),
            network,
            attacker: Attacker::new(seed),
            cloud,
            devices,
            leaving: Vec::new(),
            oracle: Oracle::default(),
            trace: Trace::new(options.print),
            fleet,
            disk: Lot::of(seed, "disk"),
            writing: BTreeMap::new(),
            frames: 0,
            disk_stalls_until: Duration::ZERO,
            asked: Vec::new(),
            next_number: 0,
            last_words: Vec::new(),
            tally: Tally::default(),
            over: false,
            plan,
        };
        simulation.schedule();
        Ok(simulation)
    }

    fn schedule(&mut self) {
        self.queue.push(Duration::ZERO, Job::Start(self.plan.shards));
        for (at, weather) in &self.plan.phases {
            self.queue.push(*at, Job::Weather(*weather));
        }
        for (at, incident) in &self.plan.incidents {
            self.queue.push(*at, Job::Incident(*incident));
        }
        for device in 0..self.devices.len() {
            let (first, moves) =
                (self.fleet.about(self.plan.publish_each), self.fleet.about(self.plan.rebind_each));
            self.queue.push(first, Job::Device(device));
            self.queue.push(moves, Job::Rebind(device));
        }
        self.queue.push(self.plan.ask_each, Job::Ask);
        self.queue.push(self.plan.attack_each, Job::Attack);
        self.queue.push(Duration::from_secs(2), Job::Consume);
        self.queue.push(self.plan.calm_from, Job::Homecoming);
        self.queue.push(self.plan.end.saturating_sub(crate::plan::LAST_WORDS), Job::LastWords);
        self.queue.push(self.plan.end, Job::End);
    }

    fn live(&mut self) -> Result<(), Violation> {
        let mut in_a_row = 0;
        while !self.over {
            let next = self.next();
            in_a_row = if next > self.now { 0 } else { in_a_row + 1 };
            if in_a_row > PATIENCE {
                return Err(broken("something is due again and again and nothing comes of it"));
            }
            self.now = next.max(self.now);
            while let Some(job) = self.queue.due(self.now) {
                self.act(job)?;
            }
            self.wake_devices()?;
            if self.cloud.next().is_some_and(|at| at <= self.now) {
                self.with_node(|node| node.handle_timeout())?;
            }
        }
        Ok(())
    }

    /// When the next thing is due.
    fn next(&self) -> Duration {
        let devices = self.devices.iter().filter_map(Device::next).min();
        let all = [self.queue.next(), devices, self.cloud.next()];
        all.into_iter().flatten().min().unwrap_or(self.plan.end)
    }

    fn wake_devices(&mut self) -> Result<(), Violation> {
        for number in 0..self.devices.len() {
            let now = self.now;
            let Some(device) = self.devices.get_mut(number) else { continue };
            if device.next().is_some_and(|at| at <= now) {
                device.handle_timeout(now).map_err(|error| broken(error.to_string()))?;
                self.attend(number)?;
            }
        }
        Ok(())
    }

    fn outcome(mut self, seed: u64, failure: Option<Violation>) -> Outcome {
        self.tally.events_acknowledged = self.oracle.messages.acknowledgements();
        self.tally.handshakes =
            self.devices.iter().map(|device| u64::from(device.sessions())).sum();
        (self.tally.held, self.tally.shaken) =
            (self.oracle.sessions.held, self.oracle.sessions.shaken);
        Outcome {
            seed,
            hash: self.trace.hash(),
            lines: self.trace.lines(),
            lasted: self.now,
            tally: self.tally,
            failure: failure.map(|violation| (violation, self.trace.recent())),
        }
    }

    fn note(&mut self, line: Line) {
        self.trace.note(self.now, line);
    }
}

/// The simulation itself cannot go on.
fn broken(why: impl Into<String>) -> Violation {
    Violation::of(Promise::Recovery, why)
}
