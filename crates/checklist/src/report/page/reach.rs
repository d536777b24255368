//! The permission graph as a drawing: accounts on the left, devices on the right, a line for each way.

use crate::access::graph::{Graph, Place, Way, Who};

/// From one name to the next.
const STEP: usize = 34;

/// The first of them.
const TOP: usize = 24;

/// Names that are drawn on each side; a larger graph is told as a list alone.
const DRAWN: usize = 40;

/// What the page shows of a graph.
pub(super) struct Reach {
    /// The drawing's height; `None` where there are too many to draw.
    pub(super) height: Option<usize>,
    pub(super) who: Vec<Reaching>,
    pub(super) places: Vec<(usize, Place)>,
    pub(super) lines: Vec<(usize, usize)>,
}

/// Somebody, and all that they reach.
pub(super) struct Reaching {
    pub(super) y: usize,
    pub(super) who: Who,
    pub(super) ways: Vec<Way>,
}

impl Reach {
    pub(super) fn of(graph: &Graph) -> Self {
        let most = graph.who.len().max(graph.places.len());
        let places = graph.places.iter().enumerate();
        Self {
            height: (most <= DRAWN).then(|| height(most)),
            who: graph.who.iter().enumerate().map(|one| reaching(one, graph)).collect(),
            places: places.map(|(index, place)| (height(index), place.clone())).collect(),
            lines: graph.ways.iter().filter_map(|way| line(way, graph)).collect(),
        }
    }
}

impl Reaching {
    /// What they are, in a few words.
    pub(super) fn kind(&self) -> String {
        let factor = if self.who.second_factor { "with" } else { "without" };
        format!("{}, {factor} a second factor", self.who.kind.name())
    }
}

/// What a way allows: `see, command, update`.
pub(super) fn may(way: &Way) -> String {
    let words: Vec<&str> = way.may.iter().map(|power| power.name()).collect();
    words.join(", ")
}

fn reaching((index, who): (usize, &Who), graph: &Graph) -> Reaching {
    let ways = graph.ways.iter().filter(|way| way.who == who.handle).cloned().collect();
    Reaching { y: height(index), who: who.clone(), ways }
}

fn line(way: &Way, graph: &Graph) -> Option<(usize, usize)> {
    let from = graph.who.iter().position(|who| who.handle == way.who)?;
    let to = graph.places.iter().position(|place| place.name == way.place)?;
    Some((height(from), height(to)))
}

const fn height(index: usize) -> usize {
    TOP + index * STEP
}
