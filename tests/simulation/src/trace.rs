//! What happened, line by line: hashed always, kept for the last few lines, written out when asked for.

use crate::plan::Incident;
use pintle_device::Loss;
use std::collections::VecDeque;
use std::fmt;
use std::time::Duration;

/// How many lines are kept for a failure.
const KEPT: usize = 60;

/// What became of a datagram when it was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// On its way.
    Sent,
    /// Lost.
    Lost,
    /// On its way twice.
    Doubled,
    /// On its way with a bit turned or its end cut off.
    Spoiled,
    /// On its way, slowly.
    Late,
}

/// One line.
#[derive(Clone, Copy, Debug, PartialEq)]
#[expect(missing_docs, reason = "each is one short sentence in `Display`")]
pub enum Line {
    FromDevice { device: usize, port: u16, kind: u8, fate: Fate },
    FromCloud { port: u16, kind: u8, fate: Fate },
    AtCloud { port: u16, kind: u8, shard: usize },
    AtDevice { device: usize, kind: u8 },
    Attack { what: &'static str, port: u16 },
    Connected { device: usize, resumed: bool },
    Disconnected { device: usize, loss: Loss },
    Publish { device: usize, number: u64 },
    Published { device: usize, number: u64 },
    Unpublished { device: usize, number: u64 },
    Bus { device: usize, number: u64 },
    Row { device: usize, number: u64 },
    Call { device: usize, number: u64 },
    Event { device: usize, number: u64 },
    Moved { device: usize, port: u16 },
    Device { device: usize, does: &'static str },
    Cloud { does: &'static str, shards: u8, sessions: usize },
    Incident(Incident),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::FromDevice { device, port, kind, fate } => {
                write!(f, "device {device} :{port} -> cloud   type {kind}, {fate:?}")
            }
            Self::FromCloud { port, kind, fate } => {
                write!(f, "cloud -> :{port}   type {kind}, {fate:?}")
            }
            Self::AtCloud { port, kind, shard } => {
                write!(f, "cloud hears :{port} on shard {shard}, type {kind}")
            }
            Self::AtDevice { device, kind } => write!(f, "device {device} hears type {kind}"),
            Self::Attack { what, port } => write!(f, "attacker {what} :{port}"),
            Self::Connected { device, resumed: true } => {
                write!(f, "device {device} goes on in its session")
            }
            Self::Connected { device, resumed: false } => {
                write!(f, "device {device} is connected")
            }
            Self::Disconnected { device, loss } => write!(f, "device {device}: {loss}"),
            Self::Publish { device, number } => write!(f, "device {device} publishes {number}"),
            Self::Published { device, number } => {
                write!(f, "device {device}: {number} acknowledged")
            }
            Self::Unpublished { device, number } => write!(f, "device {device}: {number} given up"),
            Self::Bus { device, number } => write!(f, "the bus hears {device}'s {number}"),
            Self::Row { device, number } => write!(f, "the outbox hands out {device}'s {number}"),
            Self::Call { device, number } => write!(f, "device {device} is called with {number}"),
            Self::Event { device, number } => write!(f, "device {device} takes event {number}"),
            Self::Moved { device, port } => write!(f, "device {device} is now at :{port}"),
            Self::Device { device, does } => write!(f, "device {device} {does}"),
            Self::Cloud { does, shards, sessions } => {
                write!(f, "the cloud {does}, {shards} shards, {sessions} sessions")
            }
            Self::Incident(incident) => write!(f, "incident: {incident:?}"),
        }
    }
}

/// The trace of one run.
pub struct Trace {
    hash: u64,
    lines: u64,
    recent: VecDeque<(Duration, Line)>,
    print: bool,
}

impl Trace {
    /// An empty trace; `print` writes each line to standard output.
    #[must_use]
    pub fn new(print: bool) -> Self {
        Self { hash: 0xcbf2_9ce4_8422_2325, lines: 0, recent: VecDeque::new(), print }
    }

    /// Adds a line.
    pub fn note(&mut self, now: Duration, line: Line) {
        self.lines += 1;
        self.mix(now.as_nanos() as u64);
        self.mix_line(&line);
        if self.print {
            println!("{}", shown(now, &line));
        }
        self.recent.push_back((now, line));
        if self.recent.len() > KEPT {
            self.recent.pop_front();
        }
    }

    /// What all lines so far come to.
    #[must_use]
    pub const fn hash(&self) -> u64 {
        self.hash
    }

    /// How many lines there were.
    #[must_use]
    pub const fn lines(&self) -> u64 {
        self.lines
    }

    /// The last lines, oldest first.
    #[must_use]
    pub fn recent(&self) -> Vec<String> {
        self.recent.iter().map(|(at, line)| shown(*at, line)).collect()
    }

    const fn mix(&mut self, value: u64) {
        self.hash = (self.hash ^ value).wrapping_mul(0x0100_0000_01b3).rotate_left(29);
    }

    fn mix_line(&mut self, line: &Line) {
        let (a, b, c, d) = match *line {
            Line::FromDevice { device, port, kind, fate } => {
                (1, device as u64, u64::from(port) << 8 | u64::from(kind), fate as u64)
            }
            Line::FromCloud { port, kind, fate } => (2, port.into(), kind.into(), fate as u64),
            Line::AtCloud { port, kind, shard } => (3, port.into(), kind.into(), shard as u64),
            Line::AtDevice { device, kind } => (4, device as u64, kind.into(), 0),
            Line::Attack { what, port } => (5, sum(what), port.into(), 0),
            Line::Connected { device, resumed } => (6, device as u64, resumed.into(), 0),
            Line::Disconnected { device, loss } => (7, device as u64, sum(&loss.to_string()), 0),
            Line::Publish { device, number } => (8, device as u64, number, 0),
            Line::Published { device, number } => (9, device as u64, number, 0),
            Line::Unpublished { device, number } => (10, device as u64, number, 0),
            Line::Bus { device, number } => (11, device as u64, number, 0),
            Line::Row { device, number } => (12, device as u64, number, 0),
            Line::Call { device, number } => (13, device as u64, number, 0),
            Line::Event { device, number } => (14, device as u64, number, 0),
            Line::Moved { device, port } => (15, device as u64, port.into(), 0),
            Line::Device { device, does } => (16, device as u64, sum(does), 0),
            Line::Cloud { does, shards, sessions } => {
                (17, sum(does), shards.into(), sessions as u64)
            }
            Line::Incident(incident) => (18, sum(&format!("{incident:?}")), 0, 0),
        };
        [a, b, c, d].into_iter().for_each(|value| self.mix(value));
    }
}

fn sum(text: &str) -> u64 {
    text.bytes().fold(0, |sum, byte| (sum ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

fn shown(at: Duration, line: &Line) -> String {
    let (seconds, micros) = (at.as_secs(), at.subsec_micros());
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{hours}:{minutes:02}:{seconds:02}.{micros:06}  {line}")
}
