//! The journal through crashes at any instant, refusals and lies: what was reported durable is there again,
//! in order and once, and what was not is missing from the end only.

use super::simulated::{Dice, SimulatedDisk};
use super::{Entry, Frame, Journal, Origin, Recovered, Scribe, replay};
use crate::device::SessionKey;
use std::collections::{BTreeMap, BTreeSet};

const ORIGIN: Origin = Origin { partition: 0, incarnation: [1; 32] };
const SEEDS: u64 = 400;

/// What a shard remembers, as far as the journal is concerned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Memory {
    /// Highest record heard, and numbers reserved, of each session.
    sessions: BTreeMap<u64, (u64, u32)>,
    rows: BTreeSet<u64>,
}

impl Memory {
    fn hear(&mut self, entry: &Entry<'_>) {
        match *entry {
            Entry::Opened { session, sealed } => {
                self.sessions.insert(session.0, unsealed(sealed));
            }
            Entry::Heard { session, highest, .. } => {
                self.sessions.entry(session.0).and_modify(|state| state.0 = highest);
            }
            Entry::Reserved { session, records_until, .. } => {
                self.sessions.entry(session.0).and_modify(|state| state.1 = records_until);
            }
            Entry::Closed { session } => drop(self.sessions.remove(&session.0)),
            Entry::Kept { row, .. } => drop(self.rows.insert(row)),
            Entry::Taken { row } => drop(self.rows.remove(&row)),
            Entry::Held { .. } | Entry::Started | Entry::Stopped => {}
        }
    }
}

fn sealed((highest, reserved): (u64, u32)) -> Vec<u8> {
    let padding = [0xAB; 100];
    [&highest.to_be_bytes()[..], &reserved.to_be_bytes(), &padding].concat()
}

fn unsealed(bytes: &[u8]) -> (u64, u32) {
    let highest = u64::from_be_bytes(bytes[..8].try_into().unwrap());
    (highest, u32::from_be_bytes(bytes[8..12].try_into().unwrap()))
}

/// A shard that says random things to its journal, and knows what it may find after a crash.
struct Shard {
    disk: SimulatedDisk,
    journal: Journal,
    scribe: Scribe<SimulatedDisk>,
    dice: Dice,
    memory: Memory,
    /// What was remembered after each frame, the first durable one first.
    history: Vec<(u64, Memory)>,
    next: u64,
    /// How far the walk is that says the log again.
    walk: Option<Vec<u64>>,
}

impl Shard {
    fn start(disk: &SimulatedDisk, seed: u64) -> (Self, Recovered) {
        let mut memory = Memory::default();
        let mut rebuild = |_: i64, entry: Entry<'_>| memory.hear(&entry);
        let recovered = replay(&mut disk.clone(), &ORIGIN, &mut rebuild).unwrap();
        let scribe = Scribe::resume(disk.clone(), ORIGIN, &recovered).with_segment_limit(2000);
        let history = vec![(recovered.last_frame, memory.clone())];
        let journal = Journal::resume(&recovered);
        let next = recovered.last_frame * 1000;
        let (disk, dice) = (disk.clone(), Dice(seed));
        let shard = Self { disk, journal, scribe, dice, memory, history, next, walk: None };
        (shard, recovered)
    }

    /// The node after this one; what it read back must be what this one, or one before it, remembered.
    fn restart(mut self, durable: u64) -> Self {
        let (next, recovered) = Self::start(&self.disk, self.dice.roll());
        let frame = recovered.last_frame;
        assert!(frame >= durable, "frame {durable} was durable, {frame} is the last");
        assert_eq!(Some(&next.memory), self.remembered(frame), "frame {frame}");
        assert!(!recovered.lost && !recovered.clean);
        self.history.retain(|(number, _)| *number <= frame);
        Self { history: self.history, ..next }
    }

    fn say(&mut self, entry: &Entry<'_>) {
        self.memory.hear(entry);
        self.journal.append(entry).unwrap();
    }

    fn say_something(&mut self) {
        self.next += 1;
        let session = SessionKey(self.dice.roll() % 12);
        let Some((highest, reserved)) = self.memory.sessions.get(&session.0).copied() else {
            let state = sealed((self.next, 64));
            return self.say(&Entry::Opened { session, sealed: &state });
        };
        match self.dice.below(8) {
            0 => self.say(&Entry::Closed { session }),
            1 => self.say(&Entry::Kept { row: self.next, sealed: &[1; 40] }),
            2 => {
                let row = self.memory.rows.first().copied().unwrap_or(0);
                self.say(&Entry::Taken { row });
            }
            3 => self.say(&Entry::Reserved {
                session,
                records_until: reserved + 64,
                messages_until: 0,
            }),
            _ => self.say(&Entry::Heard { session, highest: highest + 1, seen: 1, event: None }),
        }
    }

    /// Some of the walk that says everything again; it begins now and then.
    fn walk_on(&mut self) {
        if self.walk.is_none() && self.dice.below(6) == 0 {
            self.journal.begin_rewrite();
            self.walk = Some((0..12).collect());
        }
        let Some(mut left) = self.walk.take() else { return };
        for session in left.split_off(left.len().saturating_sub(5)) {
            let Some(state) = self.memory.sessions.get(&session) else { continue };
            let state = sealed(*state);
            self.say(&Entry::Opened { session: SessionKey(session), sealed: &state });
        }
        if left.is_empty() {
            for row in self.memory.rows.clone() {
                self.say(&Entry::Kept { row, sealed: &[1; 40] });
            }
            self.journal.rewritten();
        } else {
            self.walk = Some(left);
        }
    }

    fn take_frame(&mut self) -> Option<Frame> {
        for _ in 0..=self.dice.below(9) {
            self.say_something();
        }
        self.walk_on();
        let frame = self.journal.take_frame(0)?;
        self.history.push((frame.number(), self.memory.clone()));
        Some(frame)
    }

    /// Writes until the power fails; the number of the last frame reported durable, or 0.
    fn live(&mut self, frames: usize) -> u64 {
        let mut durable = 0;
        for _ in 0..frames {
            let Some(frame) = self.take_frame() else { break };
            if !(0..4).any(|_| self.scribe.write(&frame).is_ok()) {
                break;
            }
            durable = frame.number();
            self.journal.durable(frame);
            self.scribe.tidy();
            if self.dice.below(10) == 0 {
                self.disk.fail_syncs(1 + self.dice.below(3));
            }
        }
        durable
    }

    /// What was remembered when a frame was taken.
    fn remembered(&self, frame: u64) -> Option<&Memory> {
        self.history.iter().find(|(number, _)| *number == frame).map(|(_, memory)| memory)
    }
}

#[test]
fn p3_p4_what_was_durable_is_remembered_after_a_crash_at_any_instant() {
    for seed in 0..SEEDS {
        let disk = SimulatedDisk::new();
        let mut dice = Dice(seed);
        let (mut shard, _) = Shard::start(&disk, seed);
        let mut durable = 0;
        for _ in 0..8 {
            disk.cut_power_after(dice.below(80));
            durable = durable.max(shard.live(40));
            // Either the machine went down, or the node alone was killed before its last sync.
            match dice.below(2) {
                0 => disk.crash(dice.roll()),
                _ => disk.cut_power_after(usize::MAX),
            }
            shard = shard.restart(durable);
        }
    }
}

#[test]
fn a_disk_that_lies_is_found_out_or_the_log_is_only_shorter() {
    let mut found_out = 0;
    for seed in 0..SEEDS {
        let disk = SimulatedDisk::new();
        disk.set_lying(true);
        let (mut shard, _) = Shard::start(&disk, seed);
        shard.live(30);
        disk.crash(seed);
        let (next, recovered) = Shard::start(&disk, seed);
        if recovered.lost {
            found_out += 1;
        } else {
            assert_eq!(Some(&next.memory), shard.remembered(recovered.last_frame), "seed {seed}");
        }
    }
    assert!(found_out > SEEDS / 10, "{found_out}");
}

#[test]
fn a_full_disk_holds_the_journal_up_and_loses_nothing() {
    for seed in 0..SEEDS {
        let disk = SimulatedDisk::new();
        let (mut shard, _) = Shard::start(&disk, seed);
        disk.limit(Dice(seed).below(6000));
        let durable = shard.live(60);
        assert!(shard.journal.is_busy() || durable == 60, "seed {seed}");
        disk.crash(seed);
        let mut next = shard.restart(durable);
        assert!(next.live(5) >= durable + 5, "seed {seed}");
    }
}

#[test]
fn a_frame_held_up_by_a_full_disk_is_written_when_there_is_space() {
    let disk = SimulatedDisk::new();
    let (mut shard, _) = Shard::start(&disk, 1);
    shard.live(3);
    disk.limit(disk.bytes() + 10);
    let frame = shard.take_frame().unwrap();
    (0..5).for_each(|_| assert!(shard.scribe.write(&frame).is_err()));
    shard.journal.failed();
    assert!(shard.journal.is_stalled());
    disk.unlimit();
    shard.scribe.write(&frame).unwrap();
    shard.journal.durable(frame);
    disk.crash(2);
    let (next, recovered) = Shard::start(&disk, 1);
    assert_eq!(next.memory, shard.memory);
    assert!(!recovered.lost);
}
