//! Rings and bars: counts as pieces of a hundred.

use crate::report::{Counts, ItemCounts};

/// What is left free between two pieces of a ring.
const GAP: f64 = 1.6;

/// One of the nine rings.
pub(super) struct Ring {
    pub(super) number: u8,
    pub(super) title: String,
    /// What came of it, for a reader who sees no colours.
    pub(super) words: String,
    /// In the middle.
    pub(super) big: String,
    pub(super) all: usize,
    pub(super) arcs: Vec<Piece>,
}

/// A piece of a ring or a bar: so many hundredths, after so many.
pub(super) struct Piece {
    pub(super) kind: &'static str,
    pub(super) length: String,
    pub(super) offset: String,
}

impl Ring {
    pub(super) fn of(item: &ItemCounts) -> Self {
        let counts = &item.counts;
        let all = counts.all();
        let arc = |piece: Piece| Piece { offset: format!("-{}", piece.offset), ..piece };
        Self {
            number: item.number,
            title: item.title.clone(),
            words: words(counts),
            big: if all == 0 { "none".into() } else { counts.holds.to_string() },
            all,
            arcs: pieces(counts, GAP).into_iter().map(arc).collect(),
        }
    }
}

/// What was tried, worst last; what was not is left free.
pub(super) fn pieces(counts: &Counts, gap: f64) -> Vec<Piece> {
    let parts = [
        ("holds", counts.holds),
        ("accepted", counts.accepted),
        ("low", counts.low),
        ("medium", counts.medium),
        ("high", counts.high),
        ("critical", counts.critical),
    ];
    let parts: Vec<_> = parts.into_iter().filter(|(_, count)| *count > 0).collect();
    // A ring of one piece is closed.
    let gap = if parts.len() == 1 && counts.untried == 0 { 0.0 } else { gap };
    let mut before = 0;
    let piece = |(kind, count): (&'static str, usize)| {
        let offset = hundredths(before, counts.all());
        before = count.saturating_add(before);
        let length = (hundredths(count, counts.all()) - gap).max(0.6);
        Piece { kind, length: format!("{length:.2}"), offset: format!("{offset:.2}") }
    };
    parts.into_iter().map(piece).collect()
}

fn hundredths(part: usize, all: usize) -> f64 {
    let small = |count: usize| f64::from(u32::try_from(count).unwrap_or(u32::MAX));
    if all == 0 { 0.0 } else { 100.0 * small(part) / small(all) }
}

/// Counts in words: `20 hold, 1 broken, 3 not tried`.
pub(super) fn words(counts: &Counts) -> String {
    let parts = [
        (counts.holds, if counts.holds == 1 { "holds" } else { "hold" }),
        (counts.broken(), "broken"),
        (counts.accepted, "accepted"),
        (counts.untried, "not tried"),
    ];
    let parts = parts.into_iter().filter(|(count, _)| *count > 0);
    let parts: Vec<String> = parts.map(|(count, what)| format!("{count} {what}")).collect();
    if parts.is_empty() { "no checks".into() } else { parts.join(", ") }
}
