//! What a seed has in store: how many devices and shards, the weather by phases, and the incidents.

use crate::keys::MOST_DEVICES;
use crate::lot::Lot;
use std::time::Duration;

/// What the network does to datagrams, each in a thousand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Weather {
    /// Lost.
    pub loss: u32,
    /// Delivered twice.
    pub doubled: u32,
    /// Held up for up to [`Weather::HELD_UP`], and so overtaken.
    pub late: u32,
    /// A bit turned, or the end cut off.
    pub spoiled: u32,
}

impl Weather {
    /// A good day.
    pub const CALM: Self = Self { loss: 0, doubled: 0, late: 0, spoiled: 0 };

    /// How long the network may hold a datagram up. A message is repeated for 42 s and remembered for 64 s.
    pub const HELD_UP: Duration = Duration::from_secs(15);

    /// Whether nothing is lost, spoiled or held up.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        *self == Self::CALM
    }
}

/// Something that happens to the cloud or to everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Incident {
    /// `kill -9`, and a start after so many seconds.
    Kill {
        /// Seconds without a cloud.
        down: u16,
        /// How many shards it starts with.
        shards: u8,
    },
    /// A stop in peace, and a start after so many seconds.
    Stop {
        /// Seconds without a cloud.
        down: u16,
        /// How many shards it starts with.
        shards: u8,
    },
    /// Somebody copies the cloud's folder.
    Backup,
    /// The cloud is killed, and the copy put back.
    Restore {
        /// Whether the node takes the copy for its own, as after the snapshot of a whole machine. A restored backup
        /// and a cloned folder it tells from its own.
        unnoticed: bool,
        /// How many shards it starts with.
        shards: u8,
    },
    /// The cloud's wall clock is set, by so many seconds.
    Clock(i32),
    /// Every device gets another address.
    Rebind,
    /// So many datagrams of noise, hellos and forgeries within a second.
    Flood(u16),
    /// The disk misbehaves.
    Disk(Trouble),
}

/// What a disk may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// So many syncs fail.
    FailingSyncs(u8),
    /// It is full for so many seconds.
    Full(u8),
    /// It is read-only for so many seconds.
    ReadOnly(u8),
    /// It answers nothing for so many seconds.
    Stalled(u8),
}

/// A seed's plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many devices there are.
    pub devices: usize,
    /// How many shards the cloud begins with.
    pub shards: u8,
    /// When the weather changes, and to what. The last is calm.
    pub phases: Vec<(Duration, Weather)>,
    /// What happens when.
    pub incidents: Vec<(Duration, Incident)>,
    /// The wait between two events of one device, on average.
    pub publish_each: Duration,
    /// The wait between two questions or events to devices, on average.
    pub ask_each: Duration,
    /// The wait between two attacks, on average.
    pub attack_each: Duration,
    /// The wait between two new addresses of one device, on average.
    pub rebind_each: Duration,
    /// When every fault has ended.
    pub calm_from: Duration,
    /// When the simulation ends.
    pub end: Duration,
}

/// How long everybody has to come back after the last fault.
pub const RECOVERY: Duration = Duration::from_secs(600);

/// How long the last events may take.
pub const LAST_WORDS: Duration = Duration::from_secs(60);

/// Between two starts of the cloud at least: the shortest life of a node.
const SHORTEST: Duration = Duration::from_millis(200);

impl Plan {
    /// The plan of a seed.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        let mut lot = Lot::of(seed, "plan");
        let devices = if lot.chance(50) { MOST_DEVICES } else { 3 + lot.below(6) };
        let shards = 1 + lot.below(3) as u8;
        let phases = phases(&mut lot);
        let calm_from = phases.last().map_or(Duration::ZERO, |(at, _)| *at);
        let seconds = Duration::from_secs;
        Self {
            devices,
            shards,
            incidents: incidents(&mut lot, calm_from),
            publish_each: lot.pick(&[seconds(10), seconds(30), seconds(90)], seconds(30)),
            ask_each: lot.pick(&[seconds(5), seconds(20), seconds(60)], seconds(20)),
            attack_each: lot.pick(&[seconds(1), seconds(4), seconds(20)], seconds(4)),
            rebind_each: lot.pick(&[seconds(60), seconds(600), seconds(3600)], seconds(600)),
            phases,
            calm_from,
            end: calm_from + RECOVERY + LAST_WORDS,
        }
    }

    /// The same plan, calm from an earlier time on.
    #[must_use]
    pub fn calm_after(mut self, calm_from: Duration) -> Self {
        self.phases.retain(|(at, _)| *at < calm_from);
        self.phases.push((calm_from, Weather::CALM));
        self.incidents.retain(|(at, _)| *at < calm_from);
        self.calm_from = calm_from;
        self.end = calm_from + RECOVERY + LAST_WORDS;
        self
    }
}

fn phases(lot: &mut Lot) -> Vec<(Duration, Weather)> {
    let mut at = Duration::ZERO;
    let mut phases = Vec::new();
    for _ in 0..2 + lot.below(5) {
        let weather = weather(lot);
        phases.push((at, weather));
        let longest = if weather.loss >= 400 { 180 } else { 1500 };
        at += lot.between(Duration::from_secs(60), Duration::from_secs(longest));
    }
    phases.push((at, Weather::CALM));
    phases
}

fn weather(lot: &mut Lot) -> Weather {
    let mut degree = || lot.pick(&[0, 0, 10, 10, 100, 400], 0);
    let (loss, doubled, late, spoiled) = (degree(), degree(), degree(), degree());
    if lot.chance(300) { Weather::CALM } else { Weather { loss, doubled, late, spoiled } }
}

fn incidents(lot: &mut Lot, until: Duration) -> Vec<(Duration, Incident)> {
    let mut at = Duration::ZERO;
    let mut incidents = Vec::new();
    loop {
        // Now and then the next blow falls before the last is recovered from.
        let wait = if lot.chance(250) { Duration::from_secs(5) } else { Duration::from_secs(400) };
        at += SHORTEST + lot.about(wait);
        if at >= until {
            return incidents;
        }
        incidents.push((at, incident(lot)));
    }
}

fn incident(lot: &mut Lot) -> Incident {
    let down = lot.pick(&[0, 0, 0, 1, 5, 40, 200], 0);
    let shards = 1 + lot.below(3) as u8;
    match lot.below(15) {
        0..=4 => Incident::Kill { down, shards },
        5 | 6 => Incident::Stop { down, shards },
        7 => Incident::Clock(lot.pick(&[-86_400, -3600, -60, 60, 3600, 86_400], 60)),
        8 => Incident::Rebind,
        9 | 10 => Incident::Disk(match lot.below(4) {
            0 => Trouble::FailingSyncs(1 + lot.below(3) as u8),
            1 => Trouble::Full(lot.pick(&[1, 10, 60], 1)),
            2 => Trouble::ReadOnly(lot.pick(&[1, 10], 1)),
            _ => Trouble::Stalled(lot.pick(&[2, 2, 10], 2)),
        }),
        11 | 12 => Incident::Backup,
        13 => Incident::Restore { unnoticed: lot.chance(500), shards },
        _ => Incident::Flood(50 + lot.below(150) as u16),
    }
}
