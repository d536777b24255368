//! The cloud's process and its disk: frames that are written, kills, stops, starts, and a consumer of events.

use super::steps::event_in;
use super::{Job, Simulation, broken};
use crate::oracle::Violation;
use crate::plan::{Incident, Trouble};
use crate::trace::Line;
use pintle_cloud::door::{SimulatedNode, SimulationError, Writing};
use std::collections::BTreeSet;
use std::time::Duration;

/// How long the journal waits before it writes a frame again.
const RETRY: Duration = Duration::from_secs(1);

/// How long a start waits for a disk that refuses it.
const START_AGAIN: Duration = Duration::from_secs(5);

/// Seconds without a cloud that cost no device its session: a message is given up after a minute.
const SHORT: u16 = 5;

/// How many rows the consumer takes at once.
const ROWS: usize = 64;

impl Simulation {
    /// A frame is on its way to the disk.
    pub(super) fn begin_writing(&mut self, frame: Writing) {
        self.frames += 1;
        self.writing.insert(self.frames, (frame, false));
        let micros = Duration::from_micros;
        let takes = match self.disk.below(20) {
            0 => self.disk.between(micros(30_000), micros(2_000_000)),
            1..=3 => self.disk.between(micros(3_000), micros(30_000)),
            _ => self.disk.between(micros(100), micros(3_000)),
        };
        self.queue.push(self.now + takes, Job::Write(self.frames));
    }

    /// The frame is written and synced.
    pub(super) fn write(&mut self, number: u64) -> Result<(), Violation> {
        if self.now < self.disk_stalls_until {
            self.queue.push(self.disk_stalls_until, Job::Write(number));
            return Ok(());
        }
        let Some((frame, is_there)) = self.writing.get_mut(&number) else { return Ok(()) };
        let Some(node) = self.cloud.node.as_mut() else { return Ok(()) };
        match node.write(frame) {
            Ok(()) => {
                *is_there = true;
                let after = self.disk.between(Duration::ZERO, Duration::from_millis(2));
                self.queue.push(self.now + after, Job::Durable(number));
            }
            Err(error) => {
                node.refused(frame, error);
                self.queue.push(self.now + RETRY, Job::Write(number));
            }
        }
        self.with_node(|_| ()).map(drop)
    }

    /// The shard hears that it was.
    pub(super) fn durable(&mut self, number: u64) -> Result<(), Violation> {
        let Some((frame, _)) = self.writing.remove(&number) else { return Ok(()) };
        self.with_node(|node| node.durable(frame)).map(drop)
    }

    pub(super) fn strike(&mut self, incident: Incident) -> Result<(), Violation> {
        self.note(Line::Incident(incident));
        match incident {
            Incident::Kill { down, shards } => self.kill(down, shards),
            Incident::Stop { down, shards } => self.stop(down, shards),
            Incident::Backup => self.cloud.back_up(),
            Incident::Restore { unnoticed, shards } => self.restore(unnoticed, shards),
            Incident::Clock(seconds) => self.cloud.set_clock(seconds),
            Incident::Rebind => {
                self.oracle.sessions.excuse_the_awaited(self.now);
                (0..self.devices.len()).for_each(|number| self.move_device(number));
            }
            Incident::Flood(many) => self.queue.push(self.now, Job::Flood(many)),
            Incident::Disk(trouble) => self.trouble_disk(trouble),
        }
        Ok(())
    }

    /// `kill -9` and a power cut: memory is gone, and of what was not synced the disk keeps what it likes.
    fn kill(&mut self, down: u16, shards: u8) {
        if self.cloud.node.is_none() {
            return;
        }
        self.tally.kills += 1;
        if down <= SHORT {
            self.count_the_held();
        }
        for (frame, is_there) in std::mem::take(&mut self.writing).into_values() {
            if !is_there {
                self.cut_short(&frame);
            }
        }
        self.cloud.kill();
        let seed = self.disk.any();
        self.cloud.ground.disk.crash(seed);
        self.disk_stalls_until = Duration::ZERO;
        self.start_after(down, shards);
    }

    fn restore(&mut self, unnoticed: bool, shards: u8) {
        if self.cloud.node.is_none() {
            return;
        }
        self.kill(1, shards);
        self.oracle.sessions.excuse_the_awaited(self.now);
        self.oracle.messages.roll_back();
        self.cloud.restore(unnoticed);
    }

    /// A frame that was on its way may be on the disk, whole or torn, or not at all.
    fn cut_short(&mut self, frame: &Writing) {
        let fate = self.disk.below(3);
        let disk = self.cloud.ground.disk.clone();
        let Some(node) = self.cloud.node.as_mut().filter(|_| fate > 0) else { return };
        if fate == 1 {
            disk.set_lying(true);
        }
        // Whatever comes of it: nobody is left to hear it.
        let _ = node.write(frame);
        if fate == 1 && self.cloud.ground.flaw.is_none() {
            disk.set_lying(false);
        }
    }

    /// Who should go on without a handshake.
    fn count_the_held(&mut self) {
        let calm = self.network.weather.is_calm();
        for device in &self.devices {
            let well = device.is_connected() && device.silent_until <= self.now;
            if calm && well && !self.oracle.sessions.is_excused(device.number, self.now) {
                self.oracle.sessions.held(device.number, self.now);
            }
        }
    }

    fn stop(&mut self, down: u16, shards: u8) {
        let Some(node) = self.cloud.node_at(self.now) else { return };
        let frames = std::mem::take(&mut self.writing).into_values();
        let (there, rest): (Vec<_>, Vec<_>) = frames.partition(|(_, is_there)| *is_there);
        there.into_iter().for_each(|(frame, _)| node.durable(frame));
        let ended = node.stop(rest.into_iter().map(|(frame, _)| frame).collect());
        self.tally.stops += 1;
        if let Ok(ended) = ended {
            let line = Line::Cloud { does: "stops", shards, sessions: ended.sessions };
            self.cloud.ground.stops = ended.stops;
            self.note(line);
        }
        self.cloud.kill();
        self.start_after(down, shards);
    }

    fn start_after(&mut self, down: u16, shards: u8) {
        self.oracle.sessions.trouble_for_all(self.now);
        let at = self.now + Duration::from_millis(50) + Duration::from_secs(down.into());
        self.queue.push(at, Job::Start(shards));
    }

    pub(super) fn start(&mut self, shards: u8) -> Result<(), Violation> {
        if self.cloud.node.is_some() {
            return Ok(());
        }
        self.oracle.sessions.trouble_for_all(self.now);
        match self.cloud.start(self.now, shards) {
            Ok(sessions) => self.note(Line::Cloud { does: "starts", shards, sessions }),
            Err(SimulationError::Journal(_)) => {
                self.queue.push(self.now + START_AGAIN, Job::Start(shards));
                return Ok(());
            }
            Err(error) => return Err(broken(error.to_string())),
        }
        self.with_node(|_| ())?;
        let rows = self.cloud.node.as_ref().map(|node| node.rows(usize::MAX)).unwrap_or_default();
        let waiting: BTreeSet<_> =
            rows.iter().filter_map(|row| event_in(&row.event.data)).collect();
        self.oracle.messages.all_are_kept(&waiting)
    }

    /// The durable consumer takes what waits for it.
    pub(super) fn consume(&mut self) -> Result<(), Violation> {
        self.again(Duration::from_secs(5), Job::Consume);
        let rows = self.cloud.node.as_ref().map(|node| node.rows(ROWS)).unwrap_or_default();
        for row in rows {
            let event = event_in(&row.event.data);
            let (device, number) = event.ok_or_else(|| broken("an unreadable row"))?;
            self.note(Line::Row { device, number });
            self.oracle.messages.taken(device, number, row.number)?;
            self.with_node(|node| node.taken(row.number))?;
        }
        Ok(())
    }

    fn trouble_disk(&mut self, trouble: Trouble) {
        let disk = &self.cloud.ground.disk;
        let seconds = match trouble {
            Trouble::FailingSyncs(count) => {
                disk.fail_syncs(count.into());
                2 * count
            }
            Trouble::Full(seconds) => {
                disk.limit(disk.bytes() + 200);
                seconds
            }
            Trouble::ReadOnly(seconds) => {
                disk.set_read_only(true);
                seconds
            }
            Trouble::Stalled(seconds) => {
                self.disk_stalls_until = self.now + Duration::from_secs(seconds.into());
                seconds
            }
        };
        let until = self.now + Duration::from_secs(seconds.into());
        self.oracle.sessions.excuse_the_awaited(self.now);
        self.oracle.sessions.trouble_for_all(until);
        self.queue.push(until, Job::DiskRecovers);
    }

    pub(super) fn disk_recovers(&mut self) {
        self.cloud.ground.disk.unlimit();
        self.cloud.ground.disk.set_read_only(false);
    }
}

/// Whether a node counts a device as online.
pub(super) fn is_online(node: Option<&SimulatedNode>, device: usize) -> bool {
    node.is_some_and(|node| node.presence(crate::device::id_of(device)).online)
}
