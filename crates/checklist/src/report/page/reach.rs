//! The permission graph as a drawing: holders on the left, places on the right, a line for each way.

use crate::report::graph::{Graph, Holder, Place};

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
    pub(super) holders: Vec<Reaching>,
    pub(super) places: Vec<(usize, Place)>,
    pub(super) lines: Vec<Line>,
}

/// Somebody, and all that they reach.
pub(super) struct Reaching {
    pub(super) y: usize,
    pub(super) holder: Holder,
    pub(super) reaches: Vec<(String, Place)>,
}

/// A way, between two heights.
pub(super) struct Line {
    pub(super) from: usize,
    pub(super) to: usize,
}

impl Reach {
    pub(super) fn of(graph: &Graph) -> Self {
        let most = graph.holders.len().max(graph.places.len());
        let line = |(from, to)| Line { from: height(from), to: height(to) };
        Self {
            height: (most <= DRAWN).then(|| height(most)),
            holders: graph.holders.iter().enumerate().map(|one| reaching(one, graph)).collect(),
            places: graph
                .places
                .iter()
                .enumerate()
                .map(|(index, place)| (height(index), place.clone()))
                .collect(),
            lines: graph.ways.iter().map(|way| line((way.from, way.to))).collect(),
        }
    }
}

fn reaching((index, holder): (usize, &Holder), graph: &Graph) -> Reaching {
    let ways = graph.ways.iter().filter(|way| way.from == index);
    let reaches =
        ways.filter_map(|way| Some((way.by.clone(), graph.places.get(way.to)?.clone()))).collect();
    Reaching { y: height(index), holder: holder.clone(), reaches }
}

const fn height(index: usize) -> usize {
    TOP + index * STEP
}
