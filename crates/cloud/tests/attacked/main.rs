//! The attacks on the doors of devices, against a node of this process: all hold. Then each protection is switched off, one
//! at a time, and the case that is there for it says so.
//!
//! One node serves a whole table: a switch works at once.

mod ground;

use ground::Ground;
use pintle_attack::{Cost, Course, Outcome, case_named, cases};
use pintle_cloud::weakened::Weakness::{self, *};
use pintle_cloud::weakened::weaken;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A switch holds for the whole process, so tests take turns.
static TURN: Mutex<()> = Mutex::new(());

/// For one case. More than enough; a case that needs all of it has failed.
const TIME: Duration = Duration::from_secs(20);
const SENDS: u32 = 20_000;

/// Who shakes hands: which protection, and which case is there for it.
const HANDSHAKES: &[(Weakness, &str)] = &[
    (AnyKey, "dtls-wrong-key"),
    (RefusalTold, "dtls-refusal-silent"),
    (SignatureUnchecked, "dtls-wrong-signature"),
    (SignatureUnchecked, "dtls-borrowed-proof"),
    (ProofOptional, "dtls-no-proof"),
    (ProofOptional, "dtls-states"),
    (FinishedUnchecked, "dtls-wrong-finished"),
    (AnySuite, "dtls-other-suites"),
    (AnyVersion, "dtls-other-versions"),
    (ExtensionsTwice, "dtls-odd-extensions"),
    (CookieForAnyone, "dtls-cookie-elsewhere"),
    (NoCookie, "dtls-amplification"),
    (ProbesUnlimited, "dtls-probes"),
    (RandomsRepeat, "dtls-randoms"),
    (PlacesShown, "dtls-guessable-ids"),
    (AnyId, "coap-anothers-id"),
];

/// What is heard in a session over UDP.
const SESSIONS: &[(Weakness, &str)] = &[
    (ReplaysHeard, "dtls-replay"),
    (ReplaysHeard, "dtls-reorder"),
    (TagsUnchecked, "dtls-forged-records"),
    (AnyEpoch, "dtls-epochs"),
    (ConnectionIdOptional, "dtls-no-connection-id"),
    (NoncesRepeat, "dtls-nonces"),
    (LateRecordsMove, "dtls-late-record"),
    (UnprovenTrusted, "dtls-unproven-address"),
    (ClearAlertsHeard, "dtls-clear-alerts"),
    (ForgeriesEnd, "dtls-forgeries"),
    (SessionsPileUp, "dtls-second-session"),
    (HelloOptional, "coap-before-hello"),
    (RepeatsActedOn, "coap-repeated-id"),
];

/// The TCP service.
#[cfg(feature = "tcp")]
const OVER_TCP: &[(Weakness, &str)] = &[
    (TcpAnyKey, "tcp-anothers-id"),
    (TcpAnyNonce, "tcp-recorded-block"),
    (TcpPaddingTold, "tcp-padding-oracle"),
    (TcpAnomaliesSurvived, "tcp-frame-lengths"),
    (TcpAnomaliesSurvived, "tcp-bit-flips"),
    (TcpAnyMessageId, "tcp-message-ids"),
    (TcpSessionsPileUp, "tcp-second-session"),
    (TcpCallersUnbounded, "tcp-crowd"),
];

fn turn() -> MutexGuard<'static, ()> {
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn run(ground: &Ground, id: &str) -> Outcome {
    let case = case_named(id).unwrap_or_else(|| panic!("there is a case {id}"));
    (case.run)(&ground.target, &mut Course::new(TIME, SENDS, 7))
}

/// Each case of a table breaks without its protection, and with it holds.
fn assert_each_is_noticed(table: &[(Weakness, &str)]) {
    let _turn = turn();
    let ground = Ground::new();
    let mut wrong = Vec::new();
    for (weakness, id) in table {
        weaken(Some(*weakness));
        let without = run(&ground, id);
        weaken(None);
        if !matches!(without, Outcome::Broke { .. }) {
            wrong.push(format!("{id} does not notice {weakness:?}: {without:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn every_attack_of_a_short_run_holds_against_a_sound_node() {
    let _turn = turn();
    let ground = Ground::new();
    let of_devices =
        |id: &str| ["dtls-", "coap-", "tcp-"].iter().any(|start| id.starts_with(start));
    let quick = cases().filter(|case| of_devices(case.id) && case.cost == Cost::Quick);
    let mut wrong = Vec::new();
    for case in quick {
        let outcome = run(&ground, case.id);
        if !matches!(outcome, Outcome::Held { .. }) {
            wrong.push(format!("{}: {outcome:?}", case.id));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn an_attack_notices_each_protection_of_a_handshake_that_is_switched_off() {
    assert_each_is_noticed(HANDSHAKES);
}

#[test]
fn an_attack_notices_each_protection_of_a_session_that_is_switched_off() {
    assert_each_is_noticed(SESSIONS);
}

#[cfg(feature = "tcp")]
#[test]
fn an_attack_notices_each_protection_of_the_tcp_service_that_is_switched_off() {
    assert_each_is_noticed(OVER_TCP);
}
