//! Attacks over UDP: the handshake, records, connection IDs, messages, floods.
//!
//! The attacker's DTLS is written here, apart from the library that a node uses: `wire` and `crypt` are its bytes, `hello`
//! and `shaking` a handshake by hand, `session` a session by hand, `line` a socket. The other rooms have the cases.
//!
//! Silence is not waited for where it can be helped. A target takes what comes from one address in order; so the answer to
//! something that must be answered, sent after an attack, tells that nothing else came of it.

mod chance;
mod cookies;
mod crypt;
mod ending;
mod floods;
mod hello;
mod identity;
mod line;
mod machine;
mod messages;
mod moves;
mod offers;
mod pieces;
mod records;
mod session;
mod shaking;
mod wire;

use crate::case::Case;

/// Its cases, in the order in which they run.
pub const CASES: &[&Case] = &[
    &identity::WRONG_KEY,
    &identity::REFUSAL_SILENT,
    &identity::NO_KEY,
    &identity::WRONG_SIGNATURE,
    &identity::BORROWED_PROOF,
    &identity::NO_PROOF,
    &identity::WRONG_FINISHED,
    &offers::OTHER_SUITES,
    &offers::OTHER_VERSIONS,
    &offers::ODD_EXTENSIONS,
    &pieces::ODD_POINTS,
    &pieces::FRAGMENTS,
    &machine::STATES,
    &cookies::COOKIE_ELSEWHERE,
    &cookies::AMPLIFICATION,
    &cookies::PROBES,
    &records::REPLAY,
    &records::REORDER,
    &records::FORGED,
    &records::TRUNCATED,
    &records::EPOCHS,
    &records::NO_CONNECTION_ID,
    &moves::LATE_RECORD,
    &moves::UNPROVEN_ADDRESS,
    &moves::FORGED_IDS,
    &moves::GUESSABLE_IDS,
    &chance::NONCES,
    &chance::RANDOMS,
    &ending::CLEAR_ALERTS,
    &ending::FORGERIES,
    &ending::SECOND_SESSION,
    &ending::RENEGOTIATION,
    &messages::BEFORE_HELLO,
    &messages::REPEATED_ID,
    &messages::MALFORMED,
    &floods::HELLOS,
    &floods::HANDSHAKES,
    // Last: a node has a device wait that said another's id.
    &messages::ANOTHERS_ID,
];
