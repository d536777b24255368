//! A sample of what `cargo xtask powercuts` does by the million; and that it finds what it is there to find.

use pintle_firmware::slots::Flaw;
use pintle_powercuts::explore::{Options, Tally, explore};

/// Cuts of the sample lie this far apart: which ones, the history's seed says.
const APART: u64 = 97;

#[test]
fn p8_a_device_boots_a_valid_image_wherever_the_power_fails() {
    let mut tally = Tally::default();
    for seed in 0..24 {
        let explored = explore(seed, Options { flaw: None, stride: APART });
        tally.add(&explored.unwrap_or_else(|failure| panic!("{failure:#?}")));
    }
    println!("{} cuts: {tally:?}", tally.all_cuts());
    assert!(tally.all_cuts() > 10_000, "{tally:?}");
}

#[test]
fn every_planted_bug_is_found() {
    for flaw in Flaw::ALL {
        let options = Options { flaw: Some(flaw), stride: 37 };
        // From where the two that hide best show soon.
        let found = (36..90).find_map(|seed| explore(seed, options).err());
        let found = found.unwrap_or_else(|| panic!("{flaw:?} is not found"));
        println!("{flaw:?}: {}, but: {}", found.violation.promise, found.violation.seen);
    }
}
