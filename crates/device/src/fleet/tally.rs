//! What a fleet counts while it runs.

use super::histogram::Histogram;
use super::outages::Outages;
use super::plan::Plan;
use std::time::Duration;

/// What became of events.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Events {
    /// Published.
    pub sent: u64,
    /// Acknowledged.
    pub acknowledged: u64,
    /// Answered with a refusal.
    pub refused: u64,
    /// Never acknowledged: repeated as often as allowed, or the session ended first.
    pub given_up: u64,
    /// Not published when they should have been, because too much was on its way.
    pub held_back: u64,
}

/// What became of handshakes and sessions.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Sessions {
    /// Handshakes begun.
    pub begun: u64,
    /// Handshakes done.
    pub done: u64,
    /// Handshakes that failed.
    pub failed: u64,
    /// Sessions forgotten on purpose (churn).
    pub forgotten: u64,
    /// Sessions lost: ended by the node, or given up because it stayed silent.
    pub lost: u64,
    /// Of those, ended by the node.
    pub ended_by_node: u64,
    /// Changes of the source port on purpose (NAT).
    pub rebound: u64,
    /// Resumed from a new port because a ping was not answered.
    pub resumed: u64,
}

/// What became of updates.
#[derive(Clone, Copy, Debug, Default, serde::Serialize)]
#[non_exhaustive]
pub struct Updates {
    /// Transfers begun.
    pub begun: u64,
    /// Of those, such that went on where an earlier one broke off.
    pub resumed: u64,
    /// Files that are all there.
    pub taken: u64,
    /// Transfers broken off by the node.
    pub cancelled: u64,
    /// Transfers that devices refused, at their start or end.
    pub refused: u64,
    /// Devices that started into the new image.
    pub installed: u64,
    /// Devices that fell back to what they ran before.
    pub fell_back: u64,
    /// Chunks that came.
    pub chunks: u64,
    /// Of those in files that are all there, such that came again.
    pub again: u64,
    /// Bytes of files that are all there.
    pub bytes: u64,
    /// From the first start to the last finish, in seconds.
    pub seconds: f64,
}

/// The counts of a run.
pub(super) struct Tally {
    pub(super) events: Events,
    pub(super) sessions: Sessions,
    pub(super) updates: Updates,
    pub(super) retransmissions: u64,
    pub(super) pings: u64,
    pub(super) asked: u64,
    /// Devices that are connected now.
    pub(super) connected: u32,
    /// Devices that were connected at least once.
    pub(super) arrived: u32,
    pub(super) event_latency: Histogram,
    pub(super) ping_latency: Histogram,
    /// From the first hello until everything was said.
    pub(super) join_latency: Histogram,
    pub(super) first_failure: Option<String>,
    pub(super) outages: Outages,
}

impl Tally {
    pub(super) fn new() -> Self {
        Self {
            events: Events::default(),
            sessions: Sessions::default(),
            updates: Updates::default(),
            retransmissions: 0,
            pings: 0,
            asked: 0,
            connected: 0,
            arrived: 0,
            event_latency: Histogram::default(),
            ping_latency: Histogram::default(),
            join_latency: Histogram::default(),
            first_failure: None,
            outages: Outages::default(),
        }
    }
}

/// Which part of its run a fleet is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The devices come in.
    Connecting,
    /// All are in; events and faults go on for the planned time.
    Running,
    /// Nothing new is begun; what is on its way is waited for.
    Settling,
}

/// How far a fleet has come, to be shown.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Progress {
    /// The part of the run.
    pub stage: Stage,
    /// How long that has lasted.
    pub elapsed: Duration,
    /// How long it may last.
    pub limit: Duration,
    /// Devices connected now.
    pub connected: u32,
    /// Devices in all.
    pub devices: u32,
    /// What became of events.
    pub events: Events,
    /// What became of sessions.
    pub sessions: Sessions,
    /// Repetitions.
    pub retransmissions: u64,
    /// 99 of 100 events were acknowledged within this time, in microseconds.
    pub event_p99_us: f64,
    /// 99 of 100 pings were answered within this time, in microseconds.
    pub ping_p99_us: f64,
}

impl Tally {
    pub(super) fn progress(
        &self,
        stage: Stage,
        (elapsed, limit): (Duration, Duration),
        plan: &Plan,
    ) -> Progress {
        Progress {
            stage,
            elapsed,
            limit,
            connected: self.connected,
            devices: plan.devices,
            events: self.events,
            sessions: self.sessions,
            retransmissions: self.retransmissions,
            event_p99_us: self.event_latency.summary().p99_us,
            ping_p99_us: self.ping_latency.summary().p99_us,
        }
    }
}
