//! A few seeds, twice the same one, and planted bugs. The fixed set of CI is run by `cargo xtask test`.

use pintle_cloud::door::Flaw;
use pintle_simulation::oracle::Promise;
use pintle_simulation::plan::Plan;
use pintle_simulation::{Options, Outcome, run, run_plan};
use std::time::Duration;

/// Within how many seeds a planted bug has to be found.
const WITHIN: u64 = 20;

/// The promises that a cloud with this flaw is seen to break, in the order of the seeds.
fn broken_with(flaw: Flaw) -> impl Iterator<Item = Promise> {
    let options = Options { flaw: Some(flaw), ..Options::default() };
    (0..WITHIN).filter_map(move |seed| run(seed, options).failure).map(|(broken, _)| broken.promise)
}

/// A seed with its faults of the first minutes alone.
fn brief(seed: u64) -> Outcome {
    let plan = Plan::of(seed).calm_after(Duration::from_secs(300));
    run_plan(seed, plan, Options::default())
}

#[test]
fn a_seed_run_twice_leaves_the_same_trace() {
    for seed in 1..5 {
        let [once, again] = [(); 2].map(|()| brief(seed));
        assert_eq!((once.hash, once.lines, once.tally), (again.hash, again.lines, again.tally));
        assert!(once.lines > 1_000);
    }
}

#[test]
fn two_seeds_leave_different_traces() {
    let [one, other] = [1, 2].map(|seed| brief(seed).hash);
    assert_ne!(one, other);
}

#[test]
fn p2_p3_p4_hold_for_a_fleet_through_faults_attacks_and_kills() {
    for seed in 10..16 {
        let outcome = brief(seed);
        assert!(outcome.failure.is_none(), "seed {seed}: {:#?}", outcome.failure);
        assert!(outcome.tally.events_acknowledged > 0);
    }
}

#[test]
fn p4_a_planted_nonce_reuse_after_a_crash_is_found() {
    assert!(broken_with(Flaw::NonceReuseAfterCrash).any(|broken| broken == Promise::NoNonceTwice));
}

#[test]
fn p3_a_planted_replay_after_a_crash_is_found() {
    assert!(broken_with(Flaw::ReplayAcceptedAfterCrash).any(|broken| broken == Promise::NoReplay));
}

#[test]
fn a_planted_acknowledgement_before_it_was_durable_is_found() {
    let mut broken = broken_with(Flaw::AcknowledgedBeforeDurable);
    assert!(broken.any(|broken| broken == Promise::Acknowledged));
}
