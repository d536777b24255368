//! What a fleet says when it ends: what it did, what became of it, and what it cost by itself.

use super::cost::Cost;
use super::device::Device;
use super::engine::Engine;
use super::histogram::Latency;
use super::network::Traffic;
use super::outages::Outage;
use super::plan::Plan;
use super::tally::{Events, Sessions, Stage, Tally, Updates};
use serde::Serialize;
use std::time::Duration;

/// The result of a run.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// How many devices there were.
    pub devices: u32,
    /// The seed of their keys.
    pub seed: u64,
    /// The node's address.
    pub target: String,
    /// How long it took until all were in, in seconds.
    pub connecting_seconds: f64,
    /// Handshakes done in that time, by the second.
    pub handshakes_per_second: f64,
    /// How long events and faults went on after that, in seconds.
    pub running_seconds: f64,
    /// Events asked for by the second.
    pub offered_per_second: f64,
    /// Events acknowledged in that time, by the second; those sent, where none is acknowledged.
    pub events_per_second: f64,
    /// The most devices that were connected at a time.
    pub most_connected: u32,
    /// Devices that were connected at the end.
    pub connected_at_end: u32,
    /// Devices that were not.
    pub devices_lost: u32,
    /// What became of sessions.
    pub sessions: Sessions,
    /// Why the first handshake that failed did.
    pub first_failure: Option<String>,
    /// What became of events.
    pub events: Events,
    /// From an event to its acknowledgement.
    pub event_latency: Latency,
    /// What became of updates.
    pub updates: Updates,
    /// Pings sent.
    pub pings: u64,
    /// From a ping to its answer.
    pub ping_latency: Latency,
    /// From the first hello until everything was said.
    pub join_latency: Latency,
    /// Messages repeated.
    pub retransmissions: u64,
    /// Questions and orders of the node.
    pub asked_by_node: u64,
    /// Datagrams, and the weather; over TCP, frames.
    pub traffic: Traffic,
    /// When the node was gone, and how long its devices took to come back.
    pub outages: Vec<Outage>,
    /// What the fleet cost.
    pub cost: FleetCost,
}

/// What the fleet itself took of the machine.
#[derive(Clone, Copy, Debug, Serialize)]
#[non_exhaustive]
pub struct FleetCost {
    /// Processor time in all, in seconds.
    pub cpu_seconds: f64,
    /// Processor time while connecting, in microseconds for each device that came in.
    pub cpu_us_per_handshake: f64,
    /// Processor time while running, as a share of one core.
    pub running_cpu_share: f64,
    /// Processor time while running, in microseconds for each datagram sent or received.
    pub cpu_us_per_datagram: f64,
    /// Resident memory at its largest that was looked at, in bytes.
    pub resident_bytes: u64,
    /// Resident memory that was added while connecting, in bytes for each device that is in.
    pub resident_bytes_per_device: f64,
    /// The state of one device, in bytes, of that.
    pub state_bytes_per_device: usize,
}

/// The state of things when a part of the run began.
#[derive(Clone, Copy)]
struct Mark {
    at: Duration,
    cost: Cost,
    traffic: Traffic,
}

/// The marks of a run.
pub(super) struct Marks {
    start: Mark,
    running: Option<Mark>,
    settling: Option<Mark>,
    end: Option<Mark>,
    handshakes: u64,
}

impl Marks {
    pub(super) fn at_start() -> Self {
        let start = Mark { at: Duration::ZERO, cost: Cost::now(), traffic: Traffic::default() };
        Self { start, running: None, settling: None, end: None, handshakes: 0 }
    }

    /// The next part begins, after so many handshakes.
    pub(super) fn stage(&mut self, next: Stage, at: Duration, traffic: Traffic, handshakes: u64) {
        if self.running.is_none() {
            self.handshakes = handshakes;
        }
        let mark = Some(Mark { at, cost: Cost::now(), traffic });
        match next {
            Stage::Connecting => {}
            Stage::Running => self.running = mark,
            Stage::Settling => self.settling = mark,
        }
    }

    pub(super) fn end(&mut self, at: Duration) {
        self.end = Some(Mark { at, cost: Cost::now(), traffic: Traffic::default() });
    }
}

fn share(of: f64, by: f64) -> f64 {
    if by > 0.0 { (of / by * 1000.0).round() / 1000.0 } else { 0.0 }
}

impl Engine<'_> {
    pub(super) fn report(&self) -> Report {
        let marks = &self.marks;
        let state = size_of::<Device>();
        let mut report = report(self.plan, &self.tally, marks, self.network.traffic, state);
        report.updates.seconds = self.updating.lasted().as_secs_f64();
        report
    }
}

/// What a run came to. `state` is the size of what is kept of a device, in bytes.
pub(super) fn report(
    plan: &Plan,
    tally: &Tally,
    marks: &Marks,
    traffic: Traffic,
    state: usize,
) -> Report {
    let end = marks.end.unwrap_or(marks.start);
    let settling = marks.settling.unwrap_or(end);
    let running = marks.running.unwrap_or(settling);
    let seconds = |time: Duration| (time.as_secs_f64() * 1000.0).round() / 1000.0;
    let ran = settling.at.saturating_sub(running.at);
    let heard = if plan.confirmable { tally.events.acknowledged } else { tally.events.sent };
    Report {
        devices: plan.devices,
        seed: plan.seed,
        target: plan.target.to_string(),
        connecting_seconds: seconds(running.at),
        handshakes_per_second: share(marks.handshakes as f64, running.at.as_secs_f64()),
        running_seconds: seconds(ran),
        offered_per_second: plan.rate,
        events_per_second: share(heard as f64, ran.as_secs_f64()),
        most_connected: tally.arrived,
        connected_at_end: tally.connected,
        devices_lost: plan.devices - tally.connected,
        sessions: tally.sessions,
        first_failure: tally.first_failure.clone(),
        events: tally.events,
        event_latency: tally.event_latency.summary(),
        updates: tally.updates,
        pings: tally.pings,
        ping_latency: tally.ping_latency.summary(),
        join_latency: tally.join_latency.summary(),
        retransmissions: tally.retransmissions,
        asked_by_node: tally.asked,
        traffic,
        outages: tally.outages.all(),
        cost: cost(tally, marks, &[marks.start, running, settling, end], state),
    }
}

fn cost(
    tally: &Tally,
    marks: &Marks,
    [start, running, settling, end]: &[Mark; 4],
    state: usize,
) -> FleetCost {
    let cpu = |from: &Mark, to: &Mark| to.cost.cpu().saturating_sub(from.cost.cpu()).as_secs_f64();
    let datagrams = |traffic: &Traffic| traffic.sent + traffic.received;
    let moved = datagrams(&settling.traffic).saturating_sub(datagrams(&running.traffic));
    let ran = settling.at.saturating_sub(running.at).as_secs_f64();
    let added = running.cost.resident.saturating_sub(start.cost.resident);
    FleetCost {
        cpu_seconds: cpu(start, end),
        cpu_us_per_handshake: share(cpu(start, running) * 1e6, marks.handshakes as f64),
        running_cpu_share: share(cpu(running, settling), ran),
        cpu_us_per_datagram: share(cpu(running, settling) * 1e6, moved as f64),
        resident_bytes: [start, running, settling, end]
            .map(|mark| mark.cost.resident)
            .into_iter()
            .max()
            .unwrap_or(0),
        resident_bytes_per_device: share(added as f64, f64::from(tally.arrived)),
        state_bytes_per_device: state,
    }
}
