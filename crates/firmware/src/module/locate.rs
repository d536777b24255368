//! Where in a file a module's prefix is.
//!
//! At the start, unless the processor wants its own table there: the prefix then lies behind it, at a place that
//! depends on the processor. No file says which. So places are judged by how much what is there looks like a prefix:
//! the usual ones first, then every fourth byte (a program of the host has it anywhere). The first place where
//! everything fits is taken, else the one where most does.

use super::{Dependency, Function, Module, Prefix};

/// The start; nRF52840; STM32F2; bluz; STM32F1; behind RTL872x's 32-byte header.
const USUAL: [usize; 6] = [0, 0x200, 0x184, 0xc0, 0x10c, 0x20];

/// A prefix is not looked for past this.
const FARTHEST: usize = 16 * 1024;

const STEP: usize = 4;

/// What a prefix scores in which everything fits.
const PERFECT: u8 = 7;

/// What a prefix scores in which all but one thing fits: code hardly ever looks like that.
const CONVINCING: u8 = PERFECT - 1;

/// The place of the prefix, and the prefix.
pub(super) fn find(file: &[u8]) -> Option<(usize, Prefix)> {
    let last = file.len().saturating_sub(Module::MIN_SIZE - Prefix::SIZE).min(FARTHEST);
    let scanned = (STEP..=last).step_by(STEP).filter(|place| !USUAL.contains(place));
    let mut best = None;
    let mut most = 0;
    for place in USUAL.into_iter().chain(scanned) {
        let Some(prefix) = at(file, place) else { continue };
        match score(&prefix, place, file.len()) {
            PERFECT => return Some((place, prefix)),
            score if score > most => (best, most) = (Some((place, prefix)), score),
            _ => {}
        }
    }
    if most >= CONVINCING { best } else { find_cut(file).or(best) }
}

/// In a file that was cut short, or whose addresses were changed: at a usual place, what names a board and a function.
fn find_cut(file: &[u8]) -> Option<(usize, Prefix)> {
    let looks_right = |(_, prefix): &(usize, Prefix)| {
        let named = prefix.platform.is_known() && prefix.function.is_known();
        named && prefix.function != Function::NONE && prefix.start < prefix.end
    };
    USUAL.iter().filter_map(|place| Some((*place, at(file, *place)?))).find(looks_right)
}

fn at(file: &[u8], place: usize) -> Option<Prefix> {
    Prefix::read(file.get(place..)?)
}

/// How much looks right; zero when something cannot be.
fn score(prefix: &Prefix, place: usize, length: usize) -> u8 {
    let impossible = prefix.end <= prefix.start
        || prefix.file_size() > length
        || prefix.file_size() < place + Module::MIN_SIZE
        || prefix.function == Function::NONE
        || prefix.dependencies.iter().any(Dependency::is_malformed);
    if impossible {
        return 0;
    }
    let [first, second] = prefix.dependencies;
    let signs = [
        prefix.platform.is_known(),
        prefix.function.is_known(),
        first.function.is_known(),
        second.function.is_known(),
        prefix.file_size() == length,
        prefix.flags.are_known(),
    ];
    signs.into_iter().fold(1, |sum, sign| sum + u8::from(sign))
}
