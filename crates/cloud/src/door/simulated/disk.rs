//! The journals of a simulated node: read back when it starts, and written when the simulation says so.

use super::super::restoring::Restoring;
use super::super::seals::Seals;
use super::super::shard::Shard;
use super::ground::{Flaw, Ground};
use super::{SimulatedNode, SimulationError};
use crate::journal::simulated::SimulatedDisk;
use crate::journal::{self, Disk, Entry, Frame, JournalError, Origin, Rebuild, Report, Scribe};
use crate::node_key::Label;
use crate::store::clean_stop::CleanStop;
use pintle_dtls::crypto::{AwsLc, Crypto};

/// The nonce prefix of a node that draws none.
const NO_PREFIX: [u8; 4] = [0xff; 4];

/// A frame on its way to the disk.
pub struct Writing {
    shard: usize,
    index: usize,
    frame: Frame,
}

/// How a node ended.
pub struct Ended {
    /// How many sessions its journals hold.
    pub sessions: usize,
    /// What the store is to keep, for [`Ground::stops`].
    pub stops: Vec<CleanStop>,
}

impl SimulatedNode {
    /// Reads a shard's journals, its own and those it takes over.
    pub(super) fn take_up(
        &mut self,
        shard: &mut Shard,
        ground: &Ground,
    ) -> Result<Vec<Scribe<SimulatedDisk>>, SimulationError> {
        let (number, shards) = (shard.number() as u8, self.layout.shards());
        let found =
            journal::partitions(&ground.disk.clone().list().map_err(SimulationError::disk)?);
        let last = found.into_iter().rfind(|partition| partition % shards == number);
        let mut scribes = Vec::new();
        for (index, partition) in
            (number..=last.unwrap_or(number)).step_by(shards.into()).enumerate()
        {
            scribes.push(self.take_up_one(shard, ground, index, partition)?);
        }
        ground.tell_subscriptions(shard);
        Ok(scribes)
    }

    fn take_up_one(
        &mut self,
        shard: &mut Shard,
        ground: &Ground,
        index: usize,
        partition: u8,
    ) -> Result<Scribe<SimulatedDisk>, SimulationError> {
        let mut disk = ground.disk.clone();
        let origin = Origin { partition, incarnation: ground.incarnation };
        let mut start = NO_PREFIX;
        if ground.flaw != Some(Flaw::NonceReuseAfterCrash) {
            AwsLc.fill_random(&mut start)?;
        }
        shard.add_partition(index);
        let mut told = Told { restoring: Restoring::new(shard, start), flaw: ground.flaw };
        let recovered = journal::replay(&mut disk, &origin, &mut told)?;
        let mark = CleanStop { partition, frame: recovered.last_frame };
        let clean = recovered.clean && ground.stops.contains(&mark);
        let clean = clean || ground.flaw == Some(Flaw::ReplayAcceptedAfterCrash);
        self.restored += told.restoring.finish(index, &recovered, clean);
        let mut scribe = Scribe::resume(disk, origin, &recovered);
        while let Some(frame) = shard.take_frame(index) {
            scribe.write(&frame)?;
            shard.reported(index, Report::Durable(frame));
        }
        Ok(scribe)
    }

    /// The frames that are ready for the disk; each journal has one on its way at a time.
    pub fn take_frames(&mut self) -> Vec<Writing> {
        let mut all = Vec::new();
        for (number, (shard, scribes)) in self.shards.iter_mut().zip(&self.scribes).enumerate() {
            for index in 0..scribes.len() {
                let frame = shard.take_frame(index);
                all.extend(frame.map(|frame| Writing { shard: number, index, frame }));
            }
        }
        all
    }

    /// Writes a frame and syncs it.
    ///
    /// # Errors
    /// What the disk says; the shard hears of it, and the frame is to be written again.
    pub fn write(&mut self, writing: &Writing) -> Result<(), JournalError> {
        let scribes = self.scribes.get_mut(writing.shard);
        let Some(scribe) = scribes.and_then(|of| of.get_mut(writing.index)) else { return Ok(()) };
        scribe.write(&writing.frame)
    }

    /// The disk refused a frame.
    pub fn refused(&mut self, writing: &Writing, error: JournalError) {
        if let Some(shard) = self.shards.get_mut(writing.shard) {
            shard.reported(writing.index, Report::Refused(error));
        }
        self.pass_on();
    }

    /// The shard hears that a frame is durable.
    pub fn durable(&mut self, writing: Writing) {
        if let Some(shard) = self.shards.get_mut(writing.shard) {
            shard.reported(writing.index, Report::Durable(writing.frame));
        }
        let scribes = self.scribes.get_mut(writing.shard);
        if let Some(scribe) = scribes.and_then(|of| of.get_mut(writing.index)) {
            scribe.tidy();
        }
        self.pass_on();
    }

    /// Ends the node in peace: what is on its way is written first, then the last words.
    ///
    /// # Errors
    /// What the disk says; the end is then a crash.
    pub fn stop(&mut self, on_their_way: Vec<Writing>) -> Result<Ended, JournalError> {
        // What still waits may ask for more to be written: nothing may follow the last words.
        self.settle(on_their_way)?;
        let mut ended = Ended { sessions: 0, stops: Vec::new() };
        for shard in &mut self.shards {
            let words = shard.write_last_words();
            ended.sessions += words.sessions;
            ended.stops.extend(words.stops);
        }
        let last = self.take_frames();
        self.settle(last)?;
        Ok(ended)
    }

    fn settle(&mut self, mut writing: Vec<Writing>) -> Result<(), JournalError> {
        loop {
            for frame in writing {
                self.write(&frame)?;
                self.durable(frame);
            }
            writing = self.take_frames();
            if writing.is_empty() {
                return Ok(());
            }
        }
    }
}

/// What seals the journals of a node on this ground.
pub(super) fn seals(ground: &Ground) -> Result<Seals, SimulationError> {
    Ok(Seals {
        sessions: ground.node_key.sealer(Label::SESSION)?,
        rows: ground.node_key.sealer(Label::OUTBOX)?,
        incarnation: ground.incarnation,
    })
}

/// Tells a shard what its journal says, but for what a flaw leaves out.
struct Told<'a> {
    restoring: Restoring<'a>,
    flaw: Option<Flaw>,
}

impl Rebuild for Told<'_> {
    fn entry(&mut self, wall_ms: i64, entry: Entry<'_>) {
        let told = match (self.flaw, entry) {
            (Some(Flaw::NonceReuseAfterCrash), Entry::Reserved { .. }) => return,
            // Both what the record layer and what the exchange would know it by.
            (Some(Flaw::ReplayAcceptedAfterCrash), Entry::Heard { session, .. }) => {
                Entry::Heard { session, highest: 0, seen: 0, event: None }
            }
            _ => entry,
        };
        self.restoring.entry(wall_ms, told);
    }
}
