//! A busy node, with things planted in it that nobody but their owner may learn; then a byte copy of its store, its
//! journals, its log and a backup, without the node key, in the hands of somebody who may do with it what he likes.
//!
//! What he finds is a list, and the list is empty (promises P5 and P6). Then each protection is switched off, one at a
//! time, and the list is not empty any more: the search finds what there is to find.

mod busy;
mod device;
mod log;
mod planted;
mod thief;
mod web;

use pintle_cloud::weakened::{Weakness, weaken};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A switch holds for the whole process, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a thief finds where this protection is off.
fn found_without(weakness: Option<Weakness>) -> Vec<String> {
    let _turn = turn();
    weaken(weakness);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let runs_it = matches!(weakness, None | Some(Weakness::KeysUnwrapped | Weakness::KeysKnown));
    let found = runtime.block_on(thief::rob_a_busy_node(runs_it));
    weaken(None);
    found
}

#[track_caller]
fn assert_noticed(weakness: Weakness, what: &str) {
    let found = found_without(Some(weakness));
    assert!(found.iter().any(|line| line.contains(what)), "{what} is not in {found:#?}");
}

#[test]
fn p5_p6_whoever_steals_the_store_of_a_busy_node_can_do_nothing_and_learns_nothing() {
    assert_eq!(found_without(None), Vec::<String>::new());
}

#[test]
fn p5_the_theft_is_noticed_where_nothing_is_sealed() {
    let found = found_without(Some(Weakness::SealsNothing));
    for what in ["session key", "payload", "firmware", "cloud's key"] {
        assert!(found.iter().any(|line| line.contains(what)), "{what} is not in {found:#?}");
    }
}

#[test]
fn p5_the_theft_is_noticed_where_data_keys_are_not_wrapped() {
    assert_noticed(Weakness::KeysUnwrapped, "logged in");
}

#[test]
fn p5_the_theft_is_noticed_where_data_keys_are_known() {
    assert_noticed(Weakness::KeysKnown, "logged in");
}

#[test]
fn p5_the_theft_is_noticed_where_tokens_are_not_hashed() {
    assert_noticed(Weakness::TokensUnhashed, "token");
}

#[test]
fn p5_the_theft_is_noticed_where_a_backup_takes_the_node_key_along() {
    assert_noticed(Weakness::KeyInBackup, "node key");
}

#[test]
fn p6_the_theft_is_noticed_where_names_are_not_hashed() {
    assert_noticed(Weakness::NamesUnhashed, "e-mail");
}

#[test]
fn p6_the_theft_is_noticed_where_reports_are_kept_whole() {
    assert_noticed(Weakness::ReportsWhole, "IMEI");
}

#[test]
fn p6_the_theft_is_noticed_where_addresses_are_logged() {
    assert_noticed(Weakness::AddressesLogged, "address");
}
